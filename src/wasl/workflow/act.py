"""What every act takes and gives: run options in, an `Act` with artifacts, an audit event and a report out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeAlias, TypeVar

import pyarrow as pa

from wasl.audit.events import Happening
from wasl.compliance.authorization import Authorization, Decisions
from wasl.errors import InputError
from wasl.locale import Language
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.registers.exchange.spilled_table import SpilledTable

__all__ = ["Act", "Artifact", "Progress", "RunOptions"]

R_co = TypeVar("R_co", covariant=True)
E_co = TypeVar("E_co", bound=Happening, covariant=True)

Artifact: TypeAlias = "pa.Table | bytes"
"""A table, in memory or set aside in parts (``SpilledTable``), or the bytes of a file."""

Progress = Callable[[int, int], None]
"""Called by long work with (done, total); raises when the work is to stop."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of the run of an act, stated by the caller so that the act itself depends on nothing else.

    Attributes:
        threads: Threads of the local engine; 0 means one per processor. No result depends on it.
        seed: Seed of everything random; acts that draw need one.
        progress: Told how far long work is, or None.
        today: The day of the act, for rules on the age of data and for authorizations, or None.
        authorization: The stored decisions of the project, to which the act is held; None where there is none.
        purpose: What for, as the user states it; needed where an authorization has several purposes. None: it was
            compared when the act was asked for.
        language: The language of the pages that people read (``report.html``); tables, JSON and digests are the same.
    """

    threads: int = 0
    seed: int | None = field(default=None, repr=False)
    progress: Progress | None = field(default=None, repr=False)
    today: date | None = None
    authorization: Authorization | Decisions | None = None
    purpose: str | None = ""
    language: Language = "en"

    def require_seed(self) -> int:
        """The seed.

        Raises:
            InputError: None was given.
        """
        if self.seed is None:
            raise InputError("this act draws at random and needs a seed.", remedy="Give RunOptions(seed=...).")
        return self.seed

    def require_today(self) -> date:
        """The day of the act.

        Raises:
            InputError: None was given.
        """
        if self.today is None:
            raise InputError("an authorization holds on certain days only.", remedy="Give RunOptions(today=...).")
        return self.today


@dataclass(frozen=True, slots=True)
class Act(Generic[R_co, E_co]):
    """Result of an act.

    Attributes:
        artifacts: File name to table or bytes; a table is saved as Parquet with its metadata.
        event: The audit event of the act.
        report: What happened, as plain JSON values.
        result: The typed result. Its attributes can be asked of the act itself.
    """

    artifacts: Mapping[str, Artifact] = field(repr=False)
    event: E_co
    report: Mapping[str, Any] = field(repr=False)
    result: R_co = field(repr=False)

    def __getattr__(self, name: str) -> Any:
        """An attribute of the result."""
        if name.startswith("_") or name == "result":
            raise AttributeError(name)
        return getattr(self.result, name)

    def digests(self) -> dict[str, str]:
        """The digest of every artifact: of a table's values, or of the bytes."""
        return {
            name: digest_bytes(artifact) if isinstance(artifact, bytes) else _digest(artifact)
            for name, artifact in self.artifacts.items()
        }


def _digest(table: pa.Table | SpilledTable) -> str:
    return table.digest if isinstance(table, SpilledTable) else digest_table(table)
