"""The codes of one dimension as a tree: the total at the root, each code below the one that contains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.errors import InputError

__all__ = ["UNKNOWN", "Hierarchy"]

UNKNOWN = "_U"
"""Code of records whose value is missing, as in SDMX."""


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A tree of codes.

    Attributes:
        name: Of the dimension.
        codes: All codes, every parent before its children; the first is the total.
        parents: Index of each code's parent; -1 for the total.
        depths: Distance of each code to the total.
    """

    name: str
    codes: tuple[str, ...]
    parents: NDArray[np.int32] = field(repr=False)
    depths: NDArray[np.int32] = field(repr=False)

    @classmethod
    def flat(cls, name: str, total: str, codes: Iterable[str]) -> Hierarchy:
        """The total, and the given codes below it."""
        return cls.of_paths(name, total, ((code,) for code in codes))

    @classmethod
    def of_paths(cls, name: str, total: str, paths: Iterable[Sequence[str]]) -> Hierarchy:
        """The tree of paths from coarse to fine; a code repeated on two levels, or equal to the total, is one cell.

        Raises:
            InputError: A code has two parents; names the dimension and the code.
        """
        parent: dict[str, str] = {total: ""}
        for path in paths:
            above = total
            for code in path:
                if code in ("", above):
                    continue
                known = parent.setdefault(code, above)
                if known != above:
                    raise InputError(
                        f"dimension {name!r}: code {code!r} stands below {known!r} and below {above!r}.",
                        remedy="Give every code one parent in the hierarchy file.",
                    )
                above = code
        children: dict[str, list[str]] = {}
        for code, above in parent.items():
            children.setdefault(above, []).append(code)
        order: list[str] = []
        pending = [total]
        while pending:
            code = pending.pop()
            order.append(code)
            pending.extend(reversed(children.get(code, [])))
        index = {code: i for i, code in enumerate(order)}
        if len(order) != len(parent):
            raise InputError(
                f"dimension {name!r}: the hierarchy contains a cycle.", remedy="Correct the hierarchy file."
            )
        parents = np.array([index.get(parent[code], -1) if code != total else -1 for code in order], dtype=np.int32)
        depths = np.zeros(len(order), dtype=np.int32)
        for i in range(1, len(order)):
            depths[i] = depths[parents[i]] + 1
        return cls(name, tuple(order), parents, depths)

    @property
    def total(self) -> str:
        """The code of the total."""
        return self.codes[0]

    @property
    def size(self) -> int:
        """Number of codes, the total included."""
        return len(self.codes)

    def index(self) -> dict[str, int]:
        """The index of each code."""
        return {code: i for i, code in enumerate(self.codes)}

    def is_leaf(self) -> NDArray[np.bool_]:
        """True for codes with nothing below them."""
        leaf = np.ones(self.size, dtype=np.bool_)
        leaf[self.parents[1:]] = False
        return leaf

    def with_unknown(self) -> Hierarchy:
        """The same tree with a code for missing values directly below the total."""
        if UNKNOWN in self.codes:
            return self
        return Hierarchy(
            self.name,
            (*self.codes, UNKNOWN),
            np.append(self.parents, 0).astype(np.int32),
            np.append(self.depths, 1).astype(np.int32),
        )
