"""The measurements behind `wasl benchmark`: one module per subject, each with ``run``."""
