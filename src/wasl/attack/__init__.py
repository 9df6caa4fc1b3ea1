"""Attacks on encodings, and measurements of their success."""
