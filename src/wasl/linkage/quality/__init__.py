"""Quality of a linkage: estimates without truth, evaluation against truth, review and reports."""
