"""How good a linkage is: estimates without truth, evaluation against truth, review and reports."""
