"""Only at the data holder: normalization, names, keys, pseudonyms, filters, diffusion, encoding."""
