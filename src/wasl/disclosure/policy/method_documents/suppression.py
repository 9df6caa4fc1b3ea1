"""Documents of suppressions: of cells, records and variables."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Option

from wasl.disclosure.policy.method_documents.base import MethodBase, Share

__all__ = [
    "DropVariables",
    "LocalSuppression",
    "RiskSuppression",
    "SuppressRecords",
]


class LocalSuppression(MethodBase):
    """Local suppression until the policy's k and combinations hold.

    Attributes:
        k: Default: the policy's threshold.
        strata: k must hold inside each category of this variable.
        search: ``sets`` prefers rows that are certain company for each other, ``nearest`` the fewest cells; default:
            ``sets`` up to 8 keys (10 in small files), ``nearest`` beyond.
    """

    kind: Literal["local_suppression"]
    k: int | None = Option(default=None, ge=2)
    strata: str | None = None
    search: Literal["auto", "sets", "nearest"] = "auto"

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return () if self.strata is None else (self.strata,)

    @property
    def changed(self) -> tuple[str, ...]:
        """The named variables whose values the method replaces."""
        return ()


class RiskSuppression(MethodBase):
    """Key values suppressed in rows above a risk, the least important variable first.

    Attributes:
        threshold: The largest risk allowed.
        of: The risk of the row itself, or that of its household (at least one member is re-identified).
        variables: Where to suppress, in this order; default: all keys, the least important first.
    """

    kind: Literal["risk_suppression"]
    threshold: Share
    of: Literal["individual", "household"] = "individual"
    variables: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables

    @property
    def key_names(self) -> tuple[str, ...]:
        """The variables that must be keys."""
        return self.variables


class SuppressRecords(MethodBase):
    """Rows that still violate a threshold removed, up to a share of the file."""

    kind: Literal["suppress_records"]
    max_share: Share


class DropVariables(MethodBase):
    """Variables removed once they have served."""

    kind: Literal["drop"]
    variables: tuple[str, ...] = Option(min_length=1)

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable the method names."""
        return self.variables
