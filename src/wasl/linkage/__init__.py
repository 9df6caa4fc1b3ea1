"""Deliveries to scored pairs to persons: plan, candidates, comparison, model, resolution, quality."""
