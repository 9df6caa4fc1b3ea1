"""What parties exchange: deliveries, join maps, payloads, their digests, and files written whole."""
