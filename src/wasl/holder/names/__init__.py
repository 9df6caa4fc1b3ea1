"""Names: from what a clerk typed to a canonical spelling (for comparison) and a skeleton (for blocking)."""
