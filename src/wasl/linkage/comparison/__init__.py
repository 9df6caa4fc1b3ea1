"""Rows of one pass to comparison patterns: layout, levels, large blocks, kernels and the engine that runs them."""
