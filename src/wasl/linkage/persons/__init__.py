"""Scored pairs to persons: records, merged passes, assignment, clusters and the spine."""
