"""Examples of bodies and answers, made of the examples of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["example_of"]


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """A value that fits a JSON schema.

    The schema's own example comes first, then its default, then the first of its choices. Of an object, fields that
    are required or have examples are shown.

    Args:
        schema: The schema.
        schemas: The schemas it may refer to, by name.

    Raises:
        ValueError: A text with a pattern has no example.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return example_of(schema[name][0], schemas)
    return _of_type(schema, schemas)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        needed = schema.get("required", ())
        shown = {
            name: one
            for name, one in schema.get("properties", {}).items()
            if name in needed or "examples" in one or "$ref" in one
        }
        return {name: example_of(one, schemas) for name, one in shown.items()}
    if kind == "array":
        return [example_of(schema["items"], schemas)] if schema.get("items") else []
    if kind == "string":
        if "pattern" in schema or schema.get("minLength", 0):
            raise ValueError("a text with a pattern needs an example")
        return ""
    plain: dict[Any, Any] = {"integer": schema.get("minimum", 1), "number": 0.5, "boolean": False, "null": None}
    return plain.get(kind, {})
