"""A synthetic Morocco: persons, registers, errors and the truth."""
