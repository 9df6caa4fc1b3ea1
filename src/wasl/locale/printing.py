"""The rules by which pages are printed: A4, whole rows, headings on every sheet, shades that need no colour."""

from __future__ import annotations

from typing import Final

__all__ = ["PRINTED"]

PRINTED: Final = (
    "@page{size:A4;margin:14mm}"
    "@media print{body{margin:0;padding:0;max-width:none;font-size:10pt;background:none;color:#000}"
    "nav,.page{display:none}"
    "thead{display:table-header-group}tr,figure,svg,li,.warned,.failed{break-inside:avoid}"
    "h1,h2,h3,caption,figcaption{break-after:avoid}p{orphans:3;widows:3}"
    "table{display:table;overflow:visible}section div,.map{overflow:visible}"
    ".confidential,.failed{background:none;color:#000;border:2px solid #000;font-weight:600}"
    ".soft,.source,.note,small{color:#333}.bar,.bar i,rect{print-color-adjust:exact}.bar{border:1px solid #000}}"
)
"""Goes at the end of a page's own style. Folded parts are printed as the reader left them.

Browsers print no backgrounds: white letters on a dark ground are printed as black letters in a frame.
"""
