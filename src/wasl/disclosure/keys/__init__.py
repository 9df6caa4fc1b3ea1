"""Key variables as integer codes, their equivalence classes, frequencies and hierarchies."""
