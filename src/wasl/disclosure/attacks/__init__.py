"""Attacks of an intruder on a release: linkage, singling out, linkability, inference, downcoding, differencing."""
