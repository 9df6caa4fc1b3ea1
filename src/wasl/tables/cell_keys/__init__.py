"""The cell-key method: stable record keys, maximum-entropy transition tables, and their application to counts."""
