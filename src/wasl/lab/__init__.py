"""Measurements of the project itself: benchmarks, peers, and the self-test of the attacks."""
