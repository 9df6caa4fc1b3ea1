"""The acts of wasl, each written once: typed documents and tables in, artifacts, one audit event and a report out."""
