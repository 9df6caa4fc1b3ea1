"""Disclosure reports as pages and plots."""
