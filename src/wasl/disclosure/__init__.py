"""Microdata to protected microdata: policy, risk, recoding, suppression, perturbation, utility."""
