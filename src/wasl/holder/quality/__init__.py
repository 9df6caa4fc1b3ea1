"""The data-quality report a holder gets about its own register; it stays on the holder's machine."""
