"""Optimal global recoding: a search over the lattice of generalizations."""
