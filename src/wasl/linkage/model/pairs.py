"""Scored pairs: the table of ``pairs.parquet`` and the model and report that travel with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import DeliveryError
from wasl.linkage.comparison.engine import Emitted
from wasl.linkage.comparison.large_blocks import completeness
from wasl.linkage.comparison.pass_layout import Source
from wasl.linkage.comparison.patterns import spell, unpack
from wasl.linkage.model.checks import scoring_checks
from wasl.linkage.model.match_model import MatchModel, PassModel
from wasl.linkage.plan import LinkagePlan
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.spilled_table import SpilledTable
from wasl.registers.exchange.stored_table import StoredTable, table_parts

__all__ = ["PAIRS_SCHEMA", "ScoredPairs", "pairs_table"]

TEXT = pa.dictionary(pa.int32(), pa.string())
PAIRS_SCHEMA = pa.schema(
    [
        ("left_register", TEXT),
        ("left_row_id", pa.binary(LABEL_BYTES)),
        ("right_register", TEXT),
        ("right_row_id", pa.binary(LABEL_BYTES)),
        ("pass", TEXT),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("pattern", TEXT),
    ]
)
METADATA_KEY = b"wasl.pairs"


@dataclass(frozen=True, slots=True)
class ScoredPairs:
    """Pairs worth a look, with the model they were scored by.

    Attributes:
        pairs: Table of ``PAIRS_SCHEMA``, sorted by pass, registers and row ids; empty if the pairs are stored.
        model: The fitted models, pass by pass.
        report: Deliveries, counts and times as a JSON value.
        stored: The pairs in a file or set aside, read part by part (:meth:`open`, :meth:`parts`).
    """

    pairs: pa.Table = field(repr=False)
    model: MatchModel
    report: dict[str, Any]
    stored: StoredTable | SpilledTable | None = None

    def __len__(self) -> int:
        return int(self.pairs.num_rows if self.stored is None else self.stored.num_rows)

    def parts(self, columns: Sequence[str], first: int = 0, last: int | None = None) -> Iterator[tuple[int, pa.Table]]:
        """Some columns of the pairs part by part, with the place of the part's first pair.

        Args:
            columns: Names.
            first: The first pair wanted.
            last: The pair after the last one wanted; None: all that follow.
        """
        if self.stored is not None:
            return self.stored.parts(columns, first, last)
        return table_parts(self.pairs, columns, first, last)

    def in_memory(self) -> Self:
        """The same, with its pairs in memory."""
        if self.stored is None:
            return self
        parts = [part for _, part in self.parts(PAIRS_SCHEMA.names)] or [PAIRS_SCHEMA.empty_table()]
        return replace(self, pairs=pa.concat_tables(parts).unify_dictionaries(), stored=None)

    @property
    def digest(self) -> str:
        """``digest_table`` of the pairs, wherever they are."""
        return digest_table(self.pairs) if self.stored is None else self.stored.digest

    @classmethod
    def assemble(
        cls,
        plan: LinkagePlan,
        sources: Sequence[Source],
        model: MatchModel,
        tables: Sequence[pa.Table | SpilledTable],
        flow: Sequence[dict[str, Any]],
    ) -> Self:
        """Put the passes together, whose pairs are all in memory or all set aside."""
        aside = [table for table in tables if isinstance(table, SpilledTable)]
        stored = SpilledTable.joined(PAIRS_SCHEMA, aside) if aside else None
        held = pa.concat_tables(tables).unify_dictionaries() if tables and not aside else None
        pairs = PAIRS_SCHEMA.empty_table() if held is None else held
        report = {
            "plan": plan.name,
            "plan_digest": plan.digest,
            "sources": [
                {
                    "label": source.label,
                    "register": source.register,
                    "holder": source.delivery.header.holder,
                    "period": source.delivery.header.period,
                    "records": source.delivery.header.records,
                    "rejects": source.delivery.header.rejects,
                    "leak": source.delivery.header.leak,
                    "profile": source.delivery.header.profile,
                    "project": source.delivery.header.project,
                    "delivery_digest": source.delivery.digest,
                    "duplicate_free": plan.is_duplicate_free(source.register, source.delivery.header.holds_once),
                }
                for source in sources
            ],
            "passes": list(flow),
            "checks": [check.to_json() for check in scoring_checks(model, flow)],
        }
        return cls(pairs, model, report, stored)

    def to_table(self) -> pa.Table | SpilledTable:
        """The pairs with model and report in the metadata, as written to ``pairs.parquet``; set aside as they are."""
        value = {"model": self.model.to_json(), "report": self.report}
        metadata = {METADATA_KEY: json.dumps(value).encode()}
        if isinstance(self.stored, SpilledTable):
            return self.stored.described(metadata)
        return self.in_memory().pairs.replace_schema_metadata(metadata)

    @classmethod
    def from_table(cls, table: pa.Table, metadata: dict[bytes, bytes]) -> Self:
        """The scored pairs in a table read back.

        Raises:
            DeliveryError: The table is not one of scored pairs.
        """
        if METADATA_KEY not in metadata or table.column_names != PAIRS_SCHEMA.names:
            raise DeliveryError("not a file of scored pairs.", remedy="`wasl link` without join maps makes one.")
        try:
            return cls(table.cast(PAIRS_SCHEMA), *_model_and_report(metadata))
        except pa.ArrowException as error:
            raise DeliveryError("the file of scored pairs is incomplete or of another version.") from error

    @classmethod
    def open(cls, path: Path) -> Self:
        """The scored pairs in a file, which stay there and are read part by part.

        Raises:
            DeliveryError: The file is not one of scored pairs.
        """
        stored, metadata = StoredTable.open(path, "file of scored pairs", PAIRS_SCHEMA)
        if METADATA_KEY not in metadata or list(stored.names) != PAIRS_SCHEMA.names:
            raise DeliveryError("not a file of scored pairs.", remedy="`wasl link` without join maps makes one.")
        return cls(PAIRS_SCHEMA.empty_table(), *_model_and_report(metadata), stored)


def _model_and_report(metadata: Mapping[bytes, bytes]) -> tuple[MatchModel, dict[str, Any]]:
    """What travels with the pairs.

    Raises:
        DeliveryError: It is incomplete.
    """
    try:
        value = json.loads(metadata[METADATA_KEY])
        return MatchModel.from_json(value["model"]), value["report"]
    except (ValueError, KeyError, TypeError) as error:
        raise DeliveryError("the file of scored pairs is incomplete or of another version.") from error


def binary_column(cells: NDArray[np.uint8]) -> pa.Array:
    """(rows, 16) bytes as an Arrow column, which keeps them and does not copy them."""
    data = np.ascontiguousarray(cells)
    return pa.Array.from_buffers(pa.binary(LABEL_BYTES), len(data), [None, pa.py_buffer(data)])


def words_of(cells: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two halves of 16-byte ids as big-endian numbers, whose order is the order of the bytes."""
    both = np.ascontiguousarray(cells).view(">u8").reshape(-1, 2)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def _in_order(pairs: Emitted, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The chosen pairs sorted by sources and row ids."""
    left_high, left_low = words_of(pairs.left_id.take(chosen, axis=0))
    right_high, right_low = words_of(pairs.right_id.take(chosen, axis=0))
    sources = pairs.left_source[chosen].astype(np.int32) << 16 | pairs.right_source[chosen]
    order = np.lexsort((right_high, left_high, sources) if (sources != sources[:1]).any() else (right_high, left_high))
    tied = np.ones(max(len(order) - 1, 0), np.bool_)
    for half in (left_high, right_high, sources):
        tied &= half[order][1:] == half[order][:-1]
    if tied.any():  # ids that share a half, hardly ever
        order = np.lexsort((right_low, right_high, left_low, left_high, sources))
    return order


def pairs_table(
    plan: LinkagePlan, sources: Sequence[Source], strata: NDArray[np.int64], model: PassModel, pairs: Emitted
) -> tuple[pa.Table, float]:
    """Score the pairs an engine kept and write those above the plan's limit as a table, sorted.

    Args:
        plan: For the limit.
        sources: For the labels.
        strata: Stratum numbers the model knows, ascending.
        model: The model.
        pairs: Pairs with the codes of their patterns.

    Returns:
        The table, and the estimated share of the matches of hot blocks that were compared.
    """
    unique, place = np.unique(pairs.codes, return_inverse=True)
    states, number = unpack(unique, model.comparisons)
    stratum = np.minimum(np.searchsorted(strata, number), len(strata) - 1)  # one not trained on borrows the next
    weight, probability = model.score(states, stratum)
    least = 0.0 if plan.resolution.keep_all else plan.resolution.keep
    good = np.flatnonzero(probability[place] >= least)
    order = good[_in_order(pairs, good)]
    labels = pa.array([source.label for source in sources], pa.string())
    spelled = pa.array(spell(states, model.comparisons), pa.string()).dictionary_encode()  # strata share patterns
    pattern = spelled.indices.to_numpy()[place[order]].astype(np.int32)
    found = completeness(pairs.tables.astype(np.int64), np.where(pairs.tables > 0, probability[place], 0.0))
    table = pa.table(
        [
            pa.DictionaryArray.from_arrays(pa.array(pairs.left_source[order], pa.int32()), labels),
            binary_column(pairs.left_id.take(order, axis=0)),
            pa.DictionaryArray.from_arrays(pa.array(pairs.right_source[order], pa.int32()), labels),
            binary_column(pairs.right_id.take(order, axis=0)),
            pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(order), np.int32)), pa.array([model.name])),
            pa.array(weight[place[order]]),
            pa.array(probability[place[order]]),
            pa.DictionaryArray.from_arrays(pa.array(pattern), spelled.dictionary),
        ],
        schema=PAIRS_SCHEMA,
    )
    return table, found
