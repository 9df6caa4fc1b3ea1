"""Names in addresses and words of answers, with their patterns and examples."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BeforeValidator, Field, WithJsonSchema

from wasl.web.bodies import parse_toml

__all__ = [
    "NO_NUL",
    "Digest",
    "Document",
    "Id",
    "Identifier",
    "Moment",
    "ProjectName",
    "ProjectWord",
    "Reason",
    "RegisterName",
    "RegisterWord",
    "Title",
    "UserName",
    "UserWord",
]


NO_NUL = r"^[^\x00]*$"
"""Texts in an address: a NUL character there is refused before anything else."""

ProjectName = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="the project's short name", examples=["simimo"])
]

RegisterName = Annotated[
    str,
    Path(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="the register's short name", examples=["cnss-employees"]),
]

UserName = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$", description="the user's name", examples=["amina"])
]

Identifier = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-z-]{1,80}$",
        description="an identifier the service gave",
        examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"],
    ),
]

Id = Annotated[str, Field(examples=["0192f0c1d2e3f4a5b6c7d8e9f0a1b2c3"])]

Digest = Annotated[str, Field(examples=[f"sha256:{'e3b0c442' * 8}"])]

Moment = Annotated[str, Field(examples=["2026-11-22T10:00:00.000Z"])]

UserWord = Annotated[str, Field(examples=["amina"])]

ProjectWord = Annotated[str, Field(examples=["simimo"])]

RegisterWord = Annotated[str, Field(examples=["cnss-employees"])]

Title = Annotated[str, Field(examples=["Foreign workers 2025"])]

Reason = Annotated[str, Field(examples=[""])]


def _document(value: Any) -> Any:
    return parse_toml(value) if isinstance(value, str) else value


Document = Annotated[
    dict[str, Any],
    BeforeValidator(_document),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "object", "additionalProperties": True},
                {"type": "string", "description": "the text of the document's TOML file"},
            ]
        }
    ),
    Field(
        description="a document as `wasl schema NAME` describes it: as JSON, or the text of its TOML file",
        examples=[{"name": "morocco"}],
    ),
]
