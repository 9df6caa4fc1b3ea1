"""The steps of encoding one pass: grams, filters, diffusion, blocks, tokens and keyed labels."""
