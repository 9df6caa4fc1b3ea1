"""Alembic's scripts; `wasl migrate` runs them."""
