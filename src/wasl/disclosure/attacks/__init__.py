"""What an intruder gets out of a release: linkage, singling out, linkability, inference, downcoding, differencing."""
