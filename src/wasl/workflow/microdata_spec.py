"""The specification of microdata: who is in, which register is trusted for what, and what is made from it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.registers.documents import Document, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json
from wasl.workflow.derived import DerivedSpec

__all__ = ["MicrodataSpec", "VariableSpec", "flag_name", "probability_name"]


def flag_name(register: str) -> str:
    """The name of the variable that says whether a register knows the person."""
    return f"in_{register.replace('-', '_')}"


def probability_name(register: str) -> str:
    """The variable with the link probability of a register's records."""
    return f"probability_{register.replace('-', '_')}"


class VariableSpec(Document):
    """One variable of the microdata.

    Attributes:
        name: Its name, the same in payloads and microdata.
        sources: Registers in order of trust; the first that knows the value gives it. Empty: the payloads' order.
        pick: Which of a person's several records in one register counts: the first or the last, the largest or the
            smallest value. ``sum`` adds the values of all records of the first source; it is for sampling weights.
        by: Variables of the payload that order a person's records for ``first`` and ``last``. Of several, each record
            is placed by the first that it has: registers date their records by different variables. Records without
            any come first. Without ``by`` the order is that of the payload, which is random but fixed.
        optional: Whether it is left out, with a warning, when no payload of its sources has it.
        keep: Whether it stands in the microdata; false for what only serves to derive others.
    """

    name: str
    sources: tuple[str, ...] = ()
    pick: Literal["first", "last", "max", "min", "sum"] = "first"
    by: str | tuple[str, ...] = ()
    optional: bool = False
    keep: bool = True

    @property
    def orders(self) -> tuple[str, ...]:
        """The variables that order a person's records."""
        return tuple(filter(None, (self.by,) if isinstance(self.by, str) else self.by))

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.orders and self.pick not in ("first", "last"):
            raise ValueError(f"{self.name}: 'by' orders records for pick = first or last only")
        return self


class MicrodataSpec(Document):
    """The persons of the microdata and the source of each variable.

    Attributes:
        include: A person is in when a record stands in at least one of these registers; empty: everybody.
        and_include: ... and in at least one of each of these lists, for those in work among refugees, say.
        minimum_registers: ... and in at least this many different registers.
        flags: Registers whose membership becomes a variable ``in_<register>`` (dashes become underscores).
        link_probabilities: Registers whose link probability becomes a variable ``probability_<register>``: how likely
            the register's records are the person's, the least likely of several; missing where there is none. Totals of
            linked variables are corrected with it (``wasl estimate``). It is no variable for a release.
        reference_date: The day ages, stays and ICLS categories refer to.
        variables: The variables that payloads bring.
        derived: The variables made from them.
    """

    name: str
    title: str = ""
    include: tuple[str, ...] = ()
    and_include: tuple[tuple[str, ...], ...] = ()
    minimum_registers: int = Option(default=1, ge=1)
    flags: tuple[str, ...] = ()
    link_probabilities: tuple[str, ...] = ()
    reference_date: dt.date | None = None
    variables: tuple[VariableSpec, ...]
    derived: tuple[DerivedSpec, ...] = ()

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The specification in a TOML file, or a shipped one by name."""
        return load_document(cls, resolve_document("microdata", name_or_path))

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        names = [variable.name for variable in self.variables] + [derived.name for derived in self.derived]
        names += ["person_id", "registers", *(flag_name(name) for name in self.flags)]
        names += [probability_name(name) for name in self.link_probabilities]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"named twice: {', '.join(doubled)}")
        known = {variable.name for variable in self.variables}
        if stray := sorted({d.source for d in self.derived if d.of_a_value} - known):
            raise ValueError(f"sources of derived variables that are not among the variables: {', '.join(stray)}")
        if self.reference_date is None and any(derived.needs_date for derived in self.derived):
            raise ValueError("derived variables need a reference_date")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns the microdata can have beside ``person_id``; optional ones are missing where no payload has them."""
        counted = ("registers", *(flag_name(name) for name in self.flags))
        likely = (probability_name(name) for name in self.link_probabilities)
        brought = (variable.name for variable in self.variables if variable.keep)
        return (*counted, *likely, *brought, *(derived.name for derived in self.derived))

    @property
    def digest(self) -> str:
        """The digest of the specification's meaning."""
        return digest_json(self.model_dump(mode="json"))
