"""Disclosure risk: of re-identification, of special uniques, of attributes, in sample and population."""
