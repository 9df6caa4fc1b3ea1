"""The scope of an authorization: which registers may be linked with which, by which keys, and what may come out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Self

from pydantic import Field as Option
from pydantic import SerializerFunctionWrapHandler, field_validator, model_serializer

from wasl.compliance.acts import Asked, Output, Part
from wasl.compliance.periods import covers
from wasl.errors import InputError
from wasl.registers.documents import Document

__all__ = ["OUTPUTS", "UNLIMITED", "Output", "Scope", "pair_of"]

PLACES = {
    "register": "registers",
    "interconnection": "interconnections",
    "key": "keys",
    "round": "rounds",
    "variable": "variables",
    "output": "outputs",
    "period": "periods",
    "recipient": "recipients",
    "purpose": "purposes",
}
"""The list of the scope for each kind of excess."""

OUTPUTS: tuple[Output, ...] = ("microdata", "synthetic", "tables")

UNLIMITED = frozenset({"periods", "recipients", "purposes", "retention"})
"""Parts that an older decision does not name: None there means that they are not limited."""


class Scope(Document):
    """The scope of an authorization.

    Attributes:
        registers: Registers whose records may be encoded and linked.
        interconnections: Pairs of registers that may be compared with each other. Comparing a register with itself to
            find duplicates needs no pair.
        keys: Passes by which they may be compared, as the encoding profile names them.
        rounds: Rounds that may be linked; empty: any.
        variables: Variables that releases and tables may have.
        outputs: Kinds of output.
        periods: Periods that the registers' files may describe (``2024``, ``2020/2024``); None: any.
        recipients: Who may receive something: ``public``, ``analysts``, ``holder:REGISTER``; None: anybody.
        purposes: Purposes by name, of which an act states one if there are several; None: any.
        retention: Days after which a register's files may no longer be used, by register; None: no limit.
    """

    registers: tuple[str, ...] = Option(min_length=1)
    interconnections: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    periods: tuple[str, ...] | None = None
    recipients: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    retention: dict[str, int] | None = None

    @field_validator("interconnections")
    @classmethod
    def _in_order(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted({pair_of(*pair) for pair in pairs}))

    @field_validator("registers", "keys", "rounds", "variables", "outputs", "periods", "recipients", "purposes")
    @classmethod
    def _once_each(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if names is None else tuple(sorted(set(names)))

    @model_serializer(mode="wrap")
    def _without_what_is_not_limited(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The digest of an older decision stays what it was: parts that it does not name are not written."""
        value: dict[str, Any] = handler(self)
        return {name: part for name, part in value.items() if part is not None or name not in UNLIMITED}

    @property
    def only_purpose(self) -> str:
        """The purpose that need not be stated, as there is no other; else empty."""
        return self.purposes[0] if self.purposes is not None and len(self.purposes) == 1 else ""

    def without(self, struck: Iterable[str]) -> Self:
        """The scope without what the authority struck out, each as ``kind:name`` (``key:passport``).

        Raises:
            InputError: Something of this name is not in the scope.
        """
        fields: dict[str, Any] = self.model_dump(mode="json")
        for text in struck:
            kind, _, name = text.partition(":")
            key = PLACES.get(kind, "")
            wanted: Any = name.split("+") if kind == "interconnection" else name
            listed = fields.get(key)
            if not isinstance(listed, list) or wanted not in listed:
                raise InputError(f"{text}: not in the scope of the dossier.", remedy=_nameable(kind, listed))
            fields[key] = [one for one in fields[key] if one != wanted]
            if key == "rounds" and not fields[key]:
                raise InputError(f"{text}: without it the scope has no round.", remedy="Draw up the dossier anew.")
            if kind == "register":
                fields["interconnections"] = [pair for pair in fields["interconnections"] if name not in pair]
        return self.model_validate(fields)

    def beyond(self, asked: Asked) -> tuple[str, ...]:
        """The excess of an act over this scope, as ``kind:name``; empty where it stays within.

        Each part that the act states is compared. The project and the days are those of the decision.
        """
        return (*self._beyond_sources(asked), *self._beyond_outputs(asked))

    def _beyond_sources(self, asked: Asked) -> list[str]:
        names = sorted(asked.registers or ())
        excess = [f"{Part.REGISTER}:{name}" for name in names if name not in self.registers]
        pairs = {pair_of(*pair) for pair in (combinations(names, 2) if asked.pairs is None else asked.pairs)}
        excess += [f"interconnection:{a}+{b}" for a, b in sorted(pairs - set(self.interconnections))]
        excess += [f"{Part.KEY}:{key}" for key in sorted((asked.keys or frozenset()) - set(self.keys))]
        if self.rounds:
            excess += [f"{Part.ROUND}:{name or 'none named'}" for name in _beyond(asked.rounds, self.rounds)]
        if self.periods is not None:
            for name, period in sorted(asked.periods or ()):
                if not any(covers(one, period) for one in self.periods):
                    excess.append(f"{Part.PERIOD}:{period or 'none named'} ({name})")
        for name, days in sorted((asked.days_kept or {}).items()):
            most = (self.retention or {}).get(name)
            if most is not None and days > most:
                excess.append(f"{Part.RETENTION}:{name} {days}>{most}")
        return excess

    def _beyond_outputs(self, asked: Asked) -> list[str]:
        excess = [] if asked.output is None or asked.output in self.outputs else [f"{Part.OUTPUT}:{asked.output}"]
        excess += [f"{Part.VARIABLE}:{name}" for name in _beyond(asked.variables, self.variables)]
        if self.recipients is not None and asked.recipient is not None and asked.recipient not in self.recipients:
            excess.append(f"{Part.RECIPIENT}:{asked.recipient}")
        if self.purposes is not None and asked.purpose is not None:
            purpose = asked.purpose or self.only_purpose  # the only one need not be stated
            excess += [] if purpose in self.purposes else [f"{Part.PURPOSE}:{asked.purpose or 'none named'}"]
        return excess


NAMED_AT_MOST = 40
"""Names in a remedy; a scope may have some hundred variables."""


def _nameable(kind: str, listed: list[Any] | None) -> str:
    """The remedy that names the entries of a part of the scope."""
    if kind not in PLACES:
        return f"Write kind:name. Kinds: {', '.join(PLACES)}."
    names = ["+".join(one) if isinstance(one, list) else str(one) for one in listed or ()][:NAMED_AT_MOST]
    if not names:
        return f"The scope of the dossier has no {kind}."
    prefix = f"{kind}:"  # in quotes it stays as it must be written; without them it is a phrase of the language
    return f"After {prefix!r} write one of these: {', '.join(names)}."


def _beyond(names: frozenset[str] | None, allowed: Iterable[str]) -> list[str]:
    return sorted((names or frozenset()) - set(allowed))


def pair_of(a: str, b: str) -> tuple[str, str]:
    """Two registers in alphabetical order."""
    return (a, b) if a <= b else (b, a)
