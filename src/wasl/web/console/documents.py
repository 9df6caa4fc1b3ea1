"""Documents that people write on a page: JSON or TOML text, and the thresholds of a policy as fields of a form."""

from __future__ import annotations

import copy
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wasl.errors import SchemaError
from wasl.locale import N_
from wasl.registers.plain_toml import read_toml
from wasl.web.bodies import parse_json, parse_toml
from wasl.web.console.forms import NO_NUMBER, Form, PageFault

__all__ = ["NOUNS", "THRESHOLDS", "Threshold", "read_document", "read_documents", "read_thresholds", "written"]

LONGEST_DOCUMENT = 300_000
BETWEEN = re.compile(r"^-{3,} *$", re.MULTILINE)
"""A line between two documents of one field."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold that the editor shows as a field.

    Attributes:
        name: Its name in the policy.
        label: Key of a message.
        hint: Key of a message: what it means.
        whole: Whether it is a whole number; a share otherwise.
    """

    name: str
    label: str
    hint: str
    whole: bool = False


THRESHOLDS = (
    Threshold("k", N_("k"), N_("Least number of rows that share a combination of keys."), whole=True),
    Threshold("individual_risk", N_("Largest risk of a row"), N_("A probability: 0.2 is one in five.")),
    Threshold("global_risk", N_("Largest share of expected re-identifications"), N_("A share of all rows.")),
    Threshold("household_risk", N_("Largest risk of a household"), N_("A probability.")),
    Threshold("suda_dis", N_("Largest DIS score of a row"), N_("Special uniques (SUDA2).")),
    Threshold("suppressed_cells", N_("Largest share of suppressed cells of a key"), N_("Limits the loss.")),
    Threshold("removed_rows", N_("Largest share of removed rows"), N_("Limits the loss.")),
)


NOUNS = {
    "specification": N_("the specification"),
    "policy": N_("the policy"),
    "description": N_("the description"),
    "menu": N_("the menu"),
}
"""The noun for a document in an error, by the name of its field."""


def read_document(form: Form, name: str, what: str) -> dict[str, Any]:
    """The document in a field, written as JSON or TOML, by the same rules as the body of a request.

    Raises:
        SchemaError: It is neither.
        HttpProblem: It names a field twice, or holds what no database can store.
    """
    return _read(form.text(name, most=LONGEST_DOCUMENT), what)


def read_documents(form: Form, name: str, what: str) -> list[dict[str, Any]]:
    """The documents in a field, with a line of hyphens between them; none where it is empty.

    Raises:
        SchemaError: One of them is neither JSON nor TOML.
    """
    parts = BETWEEN.split(form.text(name, most=LONGEST_DOCUMENT))
    return [_read(part.strip(), what) for part in parts if part.strip()]


def _read(text: str, what: str) -> dict[str, Any]:
    """A document written as JSON or TOML."""
    if not text.startswith("{"):
        return read_toml_field(text, what)
    try:
        json.loads(text)  # says the place of what is no JSON
    except (RecursionError, ValueError) as error:
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "too deep"
        raise SchemaError(f"{what} is not JSON ({place}).", remedy="Correct that place.") from error
    return dict(parse_json(text.encode()))


def read_toml_field(text: str, what: str) -> dict[str, Any]:
    """The document in a text that is TOML, by the same rules as the body of a request.

    Raises:
        SchemaError: It is not, or is deeper or has longer numbers than any document.
        HttpProblem: It holds what no database can store.
    """
    try:
        read_toml(text)
    except (RecursionError, ValueError) as error:
        place = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "too deep"
        raise SchemaError(f"{what} is not TOML ({place}).", remedy="Correct that place.") from error
    return dict(parse_toml(text))


def read_thresholds(form: Form, policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with the thresholds of the form's fields; an empty field drops the threshold.

    Raises:
        PageFault: A field holds no number.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(policy))
    thresholds = dict(changed.get("thresholds", {}))
    for one in THRESHOLDS:
        text = form.text(f"t_{one.name}", most=20).replace(",", ".")
        if not text:
            thresholds.pop(one.name, None)
            continue
        try:
            thresholds[one.name] = int(text) if one.whole else _finite(text)
        except ValueError:
            raise PageFault(422, NO_NUMBER, name=one.name) from None
    changed["thresholds"] = thresholds
    return changed


def _finite(text: str) -> float:
    """A number.

    Raises:
        ValueError: It is none, or infinite.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def written(document: Mapping[str, Any]) -> str:
    """A document as text to edit, without what stands nowhere else but in the service (texts of hierarchies)."""
    plain = {name: value for name, value in document.items() if name != "hierarchy_texts"}
    return json.dumps(plain, ensure_ascii=False, indent=2)
