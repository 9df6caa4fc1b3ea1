"""Protection methods on arrays, one module each, with formula and source."""
