"""The linkage-quality laboratory: simulated kinds of data with their truth, linked and judged in one command."""
