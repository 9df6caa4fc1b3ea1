"""The rows of a delivery without some of them: those of persons who objected to the use of their data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from wasl.registers.exchange.encoded_rows import EncodedRows, Part

__all__ = ["RemainingRows"]


class RemainingRows:
    """Rows that stay, read part by part; a part keeps its number, and the digest that its file is checked by.

    Args:
        rows: The rows of the delivery.
        without: Row ids to leave out, of any pass.
    """

    def __init__(self, rows: EncodedRows, without: pa.Array) -> None:
        self._rows = rows
        self._masks = [
            pc.invert(pc.is_in(rows.peek(number, ["row_id"]).column("row_id"), value_set=without))
            for number in range(len(rows.parts))
        ]
        self.columns = rows.columns
        self.parts: tuple[Part, ...] = tuple(
            replace(part, rows=int(pc.sum(mask).as_py() or 0))
            for part, mask in zip(rows.parts, self._masks, strict=True)
        )

    @property
    def left_out(self) -> int:
        """Rows that are left out."""
        return sum(part.rows for part in self._rows.parts) - sum(part.rows for part in self.parts)

    def numbers_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return self._rows.numbers_of(name)

    def sizes_of(self, name: str) -> tuple[int, ...]:
        """See :class:`EncodedRows`."""
        return tuple(self.parts[number].rows for number in self.numbers_of(name))

    def held_in(self, name: str) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return self._rows.held_in(name)

    def held_in_part(self, number: int) -> frozenset[str]:
        """See :class:`EncodedRows`."""
        return self._rows.held_in_part(number)

    def read(self, number: int) -> pa.Table:
        """See :class:`EncodedRows`; the part is checked before rows are left out."""
        return self._rows.read(number).filter(self._masks[number])

    def peek(self, number: int, columns: Sequence[str]) -> pa.Table:
        """See :class:`EncodedRows`."""
        return self._rows.peek(number, columns).filter(self._masks[number])

    def table(self) -> pa.Table:
        """See :class:`EncodedRows`."""
        whole = self._rows.table()
        return whole.filter(pa.chunked_array([chunk for mask in self._masks for chunk in mask.chunks], pa.bool_()))
