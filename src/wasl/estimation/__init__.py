"""Estimates from linked data: calibrated weights, corrected totals, and population size from two or more lists."""
