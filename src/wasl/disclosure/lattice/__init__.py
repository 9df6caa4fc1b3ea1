"""Optimal global recoding: a search over the lattice of generalizations."""

from wasl.disclosure.lattice.search import LatticeResult, Node, search_lattice

__all__ = ["LatticeResult", "Node", "search_lattice"]
