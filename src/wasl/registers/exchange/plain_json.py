"""Reports as plain JSON: numpy numbers become numbers, what is not finite becomes null, one spelling in files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

__all__ = ["json_bytes", "plain_json"]


def plain_json(value: Any) -> Any:
    """The value with only what JSON can hold.

    Mappings get text keys, sequences and arrays become lists, dates become ISO 8601 texts, NaN and infinities become
    None. Anything else that JSON cannot hold becomes its text.
    """
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain_json(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_json(item) for item in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | type(None)) else str(value)


def json_bytes(value: Any) -> bytes:
    """A report as the bytes of a JSON file: UTF-8, indented, with a final newline."""
    return (json.dumps(plain_json(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
