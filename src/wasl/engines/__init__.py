"""Where partitions of work run: local threads, Spark."""
