"""Scored pairs: the table of ``pairs.parquet`` and the model and report that travel with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.errors import DeliveryError
from wasl.linkage.layout import PassLayout, Source
from wasl.linkage.model import MatchModel, PassModel
from wasl.linkage.patterns import spell, unpack
from wasl.linkage.plan import LinkagePlan
from wasl.registers.delivery import LABEL_BYTES

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
        pairs: Table of ``PAIRS_SCHEMA``, sorted by pass, registers and row ids.
        model: The fitted models, pass by pass.
        report: Deliveries, counts and times as a JSON value.
    """

    pairs: pa.Table = field(repr=False)
    model: MatchModel
    report: dict[str, Any]

    @classmethod
    def assemble(
        cls,
        plan: LinkagePlan,
        sources: Sequence[Source],
        model: MatchModel,
        tables: Sequence[pa.Table],
        flow: Sequence[dict[str, Any]],
    ) -> Self:
        """Put the passes together."""
        pairs = pa.concat_tables(tables).unify_dictionaries() if tables else PAIRS_SCHEMA.empty_table()
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
                    "duplicate_free": plan.is_duplicate_free(source.register),
                }
                for source in sources
            ],
            "passes": list(flow),
        }
        return cls(pairs, model, report)

    def to_table(self) -> pa.Table:
        """The pairs with model and report in the metadata, as written to ``pairs.parquet``."""
        value = {"model": self.model.to_json(), "report": self.report}
        return self.pairs.replace_schema_metadata({METADATA_KEY: json.dumps(value).encode()})

    @classmethod
    def from_table(cls, table: pa.Table, metadata: dict[bytes, bytes]) -> Self:
        """The scored pairs in a table read back.

        Raises:
            DeliveryError: The table is not one of scored pairs.
        """
        if METADATA_KEY not in metadata or table.column_names != PAIRS_SCHEMA.names:
            raise DeliveryError("not a file of scored pairs.", remedy="`wasl link` without join maps makes one.")
        try:
            value = json.loads(metadata[METADATA_KEY])
            return cls(table.cast(PAIRS_SCHEMA), MatchModel.from_json(value["model"]), value["report"])
        except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DeliveryError("the file of scored pairs is incomplete or of another version.") from error


def row_ids(sources: Sequence[Source], source: NDArray[np.int16], row: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The row ids (rows, 16) of places in the sources' deliveries."""
    ids = np.zeros((len(row), LABEL_BYTES), np.uint8)
    for number, part in enumerate(sources):
        mine = np.flatnonzero(source == number)
        if len(mine) == 0:
            continue
        chosen = part.delivery.rows.column("row_id").take(pa.array(row[mine])).combine_chunks()
        if isinstance(chosen, pa.ChunkedArray):
            chosen = chosen.chunk(0)
        cells = np.frombuffer(chosen.buffers()[1], np.uint8)[chosen.offset * LABEL_BYTES :]
        ids[mine] = cells[: len(mine) * LABEL_BYTES].reshape(-1, LABEL_BYTES)
    return ids


def binary_column(cells: NDArray[np.uint8]) -> pa.Array:
    """(rows, 16) bytes as an Arrow column."""
    data = np.ascontiguousarray(cells)
    return pa.Array.from_buffers(pa.binary(LABEL_BYTES), len(data), [None, pa.py_buffer(data.tobytes())])


def words_of(cells: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two halves of 16-byte ids as big-endian numbers, whose order is the order of the bytes."""
    both = np.ascontiguousarray(cells).view(">u8").reshape(-1, 2)
    return both[:, 0].astype(np.uint64), both[:, 1].astype(np.uint64)


def pairs_table(
    plan: LinkagePlan,
    sources: Sequence[Source],
    layout: PassLayout,
    model: PassModel,
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    codes: NDArray[np.uint64],
) -> pa.Table:
    """Score the pairs a sweep kept and write those above the plan's limit as a table, sorted."""
    unique, place = np.unique(codes, return_inverse=True)
    states, stratum = unpack(unique, model.comparisons)
    weight, probability = model.score(states, stratum)
    good = probability[place] >= plan.resolution.keep
    left, right, place = left[good], right[good], place[good]
    left_ids = row_ids(sources, layout.source[left], layout.row[left])
    right_ids = row_ids(sources, layout.source[right], layout.row[right])
    order = np.lexsort((words_of(right_ids)[0], words_of(left_ids)[0], layout.source[right], layout.source[left]))
    labels = pa.array([source.label for source in sources], pa.string())
    spelled = pa.array(spell(states, model.comparisons), pa.string())
    left, right, place = left[order], right[order], place[order]
    return pa.table(
        [
            pa.DictionaryArray.from_arrays(pa.array(layout.source[left], pa.int32()), labels),
            binary_column(left_ids[order]),
            pa.DictionaryArray.from_arrays(pa.array(layout.source[right], pa.int32()), labels),
            binary_column(right_ids[order]),
            pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(left), np.int32)), pa.array([model.name])),
            pa.array(weight[place]),
            pa.array(probability[place]),
            pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int32)), spelled),
        ],
        schema=PAIRS_SCHEMA,
    )
