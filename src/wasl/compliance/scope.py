"""The scope of an authorization: which registers may be linked with which, by which keys, and what may come out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import field_validator

from wasl.errors import InputError
from wasl.registers.documents import Document

__all__ = ["Output", "Scope", "pair_of"]

Output = Literal["microdata", "synthetic", "tables"]
"""Kinds of files for other people: protected microdata, synthetic microdata, protected tables."""

PLACES = {
    "register": "registers",
    "interconnection": "interconnections",
    "key": "keys",
    "round": "rounds",
    "variable": "variables",
    "output": "outputs",
}
"""The list of the scope for each kind of excess."""

OUTPUTS: tuple[Output, ...] = ("microdata", "synthetic", "tables")


class Scope(Document):
    """Registers, pairs, passes, variables and outputs that an authorization covers.

    Attributes:
        registers: Registers whose records may be encoded and linked.
        interconnections: Pairs of registers that may be compared with each other. Comparing a register with itself to
            find duplicates needs no pair.
        keys: Passes by which they may be compared, as the encoding profile names them.
        rounds: Rounds that may be linked; empty: any.
        variables: Variables that releases and tables may have.
        outputs: Kinds of output.
    """

    registers: tuple[str, ...] = Option(min_length=1)
    interconnections: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()

    @field_validator("interconnections")
    @classmethod
    def _in_order(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted({pair_of(*pair) for pair in pairs}))

    @field_validator("registers", "keys", "rounds", "variables", "outputs")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(names)))

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
            if key not in fields or wanted not in fields[key]:
                raise InputError(f"{text}: not in the scope of the dossier.", remedy="Write it as dossier.json does.")
            fields[key] = [one for one in fields[key] if one != wanted]
            if kind == "register":
                fields["interconnections"] = [pair for pair in fields["interconnections"] if name not in pair]
        return self.model_validate(fields)

    def beyond_linkage(self, registers: Iterable[str], keys: Iterable[str], round_name: str) -> tuple[str, ...]:
        """The excess of a linkage over this scope, as ``kind:name``; empty where it stays within."""
        names = sorted(set(registers))
        excess = [f"register:{name}" for name in names if name not in self.registers]
        allowed = set(self.interconnections)
        excess += [f"interconnection:{a}+{b}" for a, b in combinations(names, 2) if (a, b) not in allowed]
        excess += [f"key:{key}" for key in sorted(set(keys) - set(self.keys))]
        if self.rounds and round_name not in self.rounds:
            excess.append(f"round:{round_name or 'none named'}")
        return tuple(excess)

    def beyond_release(self, output: Output | None, variables: Iterable[str]) -> tuple[str, ...]:
        """The excess of an output over this scope, as ``kind:name``."""
        excess = [] if output is None or output in self.outputs else [f"output:{output}"]
        excess += [f"variable:{name}" for name in sorted(set(variables) - set(self.variables))]
        return tuple(excess)


def pair_of(a: str, b: str) -> tuple[str, str]:
    """Two registers in alphabetical order."""
    return (a, b) if a <= b else (b, a)
