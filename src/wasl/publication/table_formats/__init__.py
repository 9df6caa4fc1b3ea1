"""Files of a published table for statistical offices: SDMX, PX and JSON-stat."""
