"""The vocabulary: register schemas, field roles, deliveries, join maps, payloads, digests."""
