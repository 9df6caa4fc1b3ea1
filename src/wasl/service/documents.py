"""Documents that arrive over the wire: they may name what ships with wasl, never a file of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import SchemaError
from wasl.publication.description import DatasetDescription
from wasl.registers.documents import config_dir, validate_document
from wasl.service.microdata import MicrodataSpec

__all__ = ["accept_description", "accept_policy", "accept_specification", "require_bare_names"]

BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
NAMING = frozenset({"classification", "file"})
"""Keys whose value names another document."""


def require_bare_names(value: Any, where: str) -> None:
    """Refuse a document that names another one by a path: it would be read from the service's own disk.

    Raises:
        SchemaError: Names the key, not the value.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in NAMING and isinstance(item, str) and (BARE_NAME.fullmatch(item) is None or ".." in item):
                raise SchemaError(f"{where}: {key!r} must be the name of a shipped document, not a path.")
            require_bare_names(item, where)
    elif isinstance(value, list | tuple):
        for item in value:
            require_bare_names(item, where)


def accept_specification(value: Mapping[str, Any]) -> dict[str, Any]:
    """The microdata specification, checked, as plain JSON."""
    return validate_document(MicrodataSpec, dict(value), "the microdata specification").model_dump(mode="json")


def accept_description(value: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset description, checked, as plain JSON."""
    where = "the dataset description"
    require_bare_names(value, where)
    return validate_document(DatasetDescription, dict(value), where).model_dump(mode="json", by_alias=True)


def accept_policy(value: Mapping[str, Any]) -> dict[str, Any]:
    """The disclosure policy, checked, as plain JSON with the texts of its hierarchy files.

    Raises:
        SchemaError: It does not hold together, or names a hierarchy that is neither sent along nor shipped.
    """
    where = "the disclosure policy"
    require_bare_names(value, where)
    policy = validate_document(DisclosurePolicy, dict(value), where)
    texts = dict(policy.hierarchy_texts)
    for variable in policy.variables:
        file = variable.hierarchy.file if variable.hierarchy is not None else None
        if file is not None and file not in texts:
            texts[file] = _shipped_hierarchy(file, where)
    return {**policy.model_dump(mode="json"), "hierarchy_texts": texts}


def _shipped_hierarchy(file: str, where: str) -> str:
    path = config_dir() / "disclosure" / "hierarchies" / file
    if not path.is_file():
        raise SchemaError(
            f"{where}: the hierarchy {file!r} is not shipped with wasl.", remedy="Send its text in 'hierarchy_texts'."
        )
    return path.read_text(encoding="utf-8-sig")
