"""Protected tables: aggregation, primary rules, secondary suppression, cell keys, rounding and the interval audit."""
