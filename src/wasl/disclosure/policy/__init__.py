"""The disclosure policy as a document, the methods it can name, and the release gate."""
