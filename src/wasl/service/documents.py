"""Documents that arrive over the wire: they may name what ships with wasl, never a file of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import SchemaError
from wasl.linkage.plan import LinkagePlan
from wasl.publication.description import DatasetDescription
from wasl.registers.documents import config_dir, load_document, validate_document
from wasl.registers.schema import RegisterSchema
from wasl.tables.menu import MenuSpec
from wasl.workflow.microdata import MicrodataSpec

__all__ = [
    "accept_description",
    "accept_menu",
    "accept_plan",
    "accept_policy",
    "accept_register",
    "accept_specification",
    "require_bare_names",
]

BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
NAMING = frozenset({"classification", "file", "hierarchy", "neighbours"})
"""Keys whose value names another document."""

LARGEST_HIERARCHY = 1 << 20
"""Characters of one hierarchy file; Morocco's communes need a tenth."""


def require_bare_names(value: Any, where: str) -> None:
    """Refuse a document that names another one by a path: it would be read from the service's own disk.

    Raises:
        SchemaError: Names the key, not the value.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            named = key in NAMING and isinstance(item, str) and item != ""  # an empty name is the default: none
            if named and (BARE_NAME.fullmatch(item) is None or ".." in item):
                raise SchemaError(f"{where}: {key!r} must be the name of a shipped document, not a path.")
            require_bare_names(item, where)
    elif isinstance(value, list | tuple):
        for item in value:
            require_bare_names(item, where)


def accept_register(value: Mapping[str, Any]) -> RegisterSchema:
    """The register schema, checked; an id alone means the shipped schema.

    Raises:
        SchemaError: It does not hold together.
    """
    where = "the register schema"
    if set(value) == {"id"}:
        return RegisterSchema.load(_shipped_file("registers", {"name": value["id"]}, where))
    schema = validate_document(RegisterSchema, dict(value), where)
    require_bare_names(value, where)
    return schema


def accept_plan(value: Mapping[str, Any]) -> LinkagePlan:
    """The linkage plan, checked; a name, or a name and a round, mean the shipped plan.

    Raises:
        SchemaError: It does not hold together, or has the name of a shipped plan and other contents.
    """
    where = "the linkage plan"
    if "name" in value and set(value) <= {"name", "round"}:
        shipped = LinkagePlan.load(_shipped_file("linkage", value, where))
        return validate_document(LinkagePlan, {**shipped.model_dump(mode="json"), **value}, where)
    plan = validate_document(LinkagePlan, dict(value), where)
    path = config_dir() / "linkage" / f"{plan.name}.toml"
    if BARE_NAME.fullmatch(plan.name) and path.is_file():
        shipped = LinkagePlan.load(path)
        if plan.model_copy(update={"round": shipped.round}).digest != shipped.digest:
            raise SchemaError(
                f"the linkage plan {plan.name!r} is not the one that ships under this name.",
                remedy="Give it another name, or send only the name to use the shipped plan.",
            )
    return plan


def accept_specification(value: Mapping[str, Any]) -> dict[str, Any]:
    """The microdata specification, checked, as plain JSON; a name alone means the shipped one."""
    where = "the microdata specification"
    if _only_name(value):
        return MicrodataSpec.load(_shipped_file("microdata", value, where)).model_dump(mode="json")
    require_bare_names(value, where)
    return validate_document(MicrodataSpec, dict(value), where).model_dump(mode="json")


def accept_description(value: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset description, checked, as plain JSON; a name alone means the shipped one."""
    where = "the dataset description"
    if _only_name(value):
        return DatasetDescription.load(_shipped_file("publication", value, where)).model_dump(
            mode="json", by_alias=True
        )
    require_bare_names(value, where)
    return validate_document(DatasetDescription, dict(value), where).model_dump(mode="json", by_alias=True)


def accept_policy(value: Mapping[str, Any]) -> dict[str, Any]:
    """The disclosure policy, checked, as plain JSON with the texts of its hierarchies; a name means the shipped one.

    Raises:
        SchemaError: It does not hold together, or names a hierarchy that is neither sent along nor shipped.
    """
    where = "the disclosure policy"
    require_bare_names(value, where)
    policy = (
        DisclosurePolicy.load(_shipped_file("disclosure", value, where))
        if _only_name(value)
        else validate_document(DisclosurePolicy, dict(value), where)
    )
    texts = dict(policy.hierarchy_texts)
    for file in policy.files:
        if file not in texts:
            texts[file] = _shipped_hierarchy(file, where)
    return {**policy.model_dump(mode="json"), "hierarchy_texts": texts}


def accept_menu(value: Mapping[str, Any], hierarchies: Mapping[str, str]) -> tuple[MenuSpec, dict[str, str]]:
    """The menu of tables, checked, and the text of each hierarchy file it names; a name means the shipped menu.

    Args:
        value: The menu.
        hierarchies: Text of hierarchy files that do not ship with wasl, by name.

    Raises:
        SchemaError: It does not hold together, or names a hierarchy that is neither sent along nor shipped.
    """
    where = "the menu of tables"
    require_bare_names(value, where)
    menu = (
        load_document(MenuSpec, _shipped_file("menus", value, where))
        if _only_name(value)
        else validate_document(MenuSpec, dict(value), where)
    )
    texts: dict[str, str] = {}
    for name in sorted({one.hierarchy for one in menu.dimensions if one.hierarchy}):
        shipped = config_dir() / "tables" / "hierarchies" / name
        if name in hierarchies:
            texts[name] = hierarchies[name]
        elif shipped.is_file():
            texts[name] = shipped.read_text(encoding="utf-8-sig")
        else:
            raise SchemaError(
                f"{where}: the hierarchy {name!r} is not shipped with wasl.", remedy="Send its text in 'hierarchies'."
            )
        if len(texts[name]) > LARGEST_HIERARCHY:
            raise SchemaError(f"{where}: the hierarchy {name!r} is longer than {LARGEST_HIERARCHY:,} characters.")
    return menu, texts


def _only_name(value: Mapping[str, Any]) -> bool:
    """Whether a document is nothing but the name of a shipped one."""
    return set(value) == {"name"}


def _shipped_file(kind: str, value: Mapping[str, Any], where: str) -> Path:
    """The file of a shipped document; the service never reads another one that a caller names."""
    name = value["name"]
    if not isinstance(name, str) or BARE_NAME.fullmatch(name) is None or ".." in name:
        raise SchemaError(f"{where}: 'name' must be the name of a shipped document.")
    path = config_dir() / kind / f"{name}.toml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in path.parent.glob("*.toml")))
        raise SchemaError(f"{where}: no document of this name ships with wasl.", remedy=f"Shipped: {names}.")
    return path


def _shipped_hierarchy(file: str, where: str) -> str:
    path = config_dir() / "disclosure" / "hierarchies" / file
    if not path.is_file():
        raise SchemaError(
            f"{where}: the hierarchy {file!r} is not shipped with wasl.", remedy="Send its text in 'hierarchy_texts'."
        )
    return path.read_text(encoding="utf-8-sig")
