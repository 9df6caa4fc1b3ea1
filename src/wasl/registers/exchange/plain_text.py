"""Texts as XML can hold them."""

from __future__ import annotations

import re

__all__ = ["xml_text"]

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not admit (production 2, ``Char``)."""


def xml_text(text: str) -> str:
    """The text with the replacement character for those that XML does not admit."""
    return NOT_XML.sub("\ufffd", text)
