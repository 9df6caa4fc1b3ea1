"""The Spark engine: the same steps on the same kernels, one bucket of blocks at a time, on many machines.

The workers read and check parts of deliveries (``mapInArrow``) from storage that all machines see. A delivery in memory
is sent with the task, so keep it small. Rows are grouped by a bucket of their block label, so a block is never cut.
Every step runs in ``applyInArrow``: the rows of one bucket come in as an Arrow table. Small sums, or the pairs worth a
look, go out. The sums add up to the very numbers one machine would get, so model and pairs are the same, bit for bit. A
task holds one part or one bucket in memory.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import MissingExtraError
from wasl.linkage.comparison.engine import (
    Emitted,
    PassSums,
    Steps,
    count_patterns,
    emit_pairs,
    survey,
)
from wasl.linkage.comparison.pass_layout import (
    PassLayout,
    Source,
    columns_held,
    columns_of,
    fixed_cells,
    lay_out,
    sources_of,
)
from wasl.linkage.comparison.tasks import Tasks, tasks_of
from wasl.linkage.model.labels import Labels
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.pairs import ScoredPairs, binary_column
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.score import ProgressCallback, score_sources
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.delivery_header import LABEL_BYTES
from wasl.registers.exchange.encoded_rows import EncodedRows, RowsInMemory
from wasl.registers.exchange.spilled_arrays import ArrayStore

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Spark", "score_pairs_on_spark", "spark_session"]

BUCKET_ROWS = 50_000
"""Rows of a bucket, about: what a task holds in memory at once."""
SUMS = "kind string, place long, value long"
PAIRS = "left_source short, left_id binary, right_source short, right_id binary, code long, tables short"
NO_PAIR = -1
"""In place of a source: a row that says how many pairs of hot blocks the bucket compared."""

Step = Callable[[PassLayout, Tasks], pa.Table]


def spark_session(master: str | None = None) -> SparkSession:
    """The running Spark session, or a new one.

    Args:
        master: Where it runs; default ``WASL_SPARK_MASTER``, else ``local[*]``.

    Raises:
        MissingExtraError: PySpark is not installed.
    """
    try:
        from pyspark.sql import SparkSession as Session
    except ImportError as error:
        raise MissingExtraError("spark", "The Spark engine") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        Session.builder.master(master or os.environ.get("WASL_SPARK_MASTER", "local[*]"))
        .appName("wasl")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "100000")
        .getOrCreate()
    )


def score_pairs_on_spark(
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    *,
    session: SparkSession | None = None,
    progress: ProgressCallback | None = None,
    model: MatchModel | None = None,
    labels: Labels | None = None,
    bucket_rows: int = BUCKET_ROWS,
    store: ArrayStore | None = None,
) -> ScoredPairs:
    """Score pairs on Spark; the same pairs and model as :func:`wasl.linkage.score.score_pairs`, bit for bit.

    Args:
        plan: How.
        deliveries: Made under one key, project and profile.
        session: Where; default :func:`spark_session`.
        progress: Called with (passes done, passes).
        model: An earlier model to use as it is.
        labels: Decided pairs of an earlier run.
        bucket_rows: Rows a task holds at once, about.
        store: Where the pairs of a pass wait; in memory if not said.
    """
    sources = sources_of(deliveries)
    engine = Spark(sources, session or spark_session(), bucket_rows)
    threads = os.cpu_count() or 1
    return score_sources(
        plan, sources, engine, threads=threads, progress=progress, model=model, labels=labels, store=store
    )


class Spark:
    """Runs the steps of scoring on Spark; see :class:`wasl.linkage.comparison.engine.Engine`."""

    def __init__(self, sources: Sequence[Source], session: SparkSession, bucket_rows: int = BUCKET_ROWS) -> None:
        self._sources = sources
        self._session = session
        self._bucket_rows = bucket_rows
        self._cached: DataFrame | None = None

    def columns(self, name: str) -> tuple[dict[str, int], tuple[str, ...]]:
        """See `Engine.columns`; the rows are read, checked and put into buckets when first needed."""
        if self._cached is not None:
            self._cached.unpersist()
        rows = [source.delivery.source for source in self._sources]
        widths, tokens = columns_held(rows, name, *columns_of(self._sources))
        wanted = ["block", "row_id", *(f"token_{token}" for token in tokens), *(f"filter_{group}" for group in widths)]
        buckets = max(1, -(-sum(sum(part.sizes_of(name)) for part in rows) // self._bucket_rows))
        numbers = [(number, part) for number, source in enumerate(rows) for part in source.numbers_of(name)]

        def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number, part in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield from _read_part(rows[number], part, number, wanted, buckets).to_batches()

        schema = ", ".join(["source short", "bucket int", *(f"{column} binary" for column in wanted)])
        places = self._session.createDataFrame(numbers or [(0, 0)], "source int, part int").limit(len(numbers))
        spread = places.repartition(max(1, len(numbers))).mapInArrow(read, schema)
        self._cached = spread.repartition(buckets, "bucket").persist()
        return widths, tokens

    def _apply(self, steps: Steps, step: Step, schema: str) -> pa.Table:
        """Run a step on every bucket and gather what comes out."""
        assert self._cached is not None  # noqa: S101 - columns() is the first step of every pass
        sources = len(self._sources)

        def on_bucket(table: pa.Table) -> pa.Table:
            return step(*_lay_out_bucket(table, steps, sources))

        return self._cached.groupBy("bucket").applyInArrow(on_bucket, schema).toArrow()

    def survey(self, steps: Steps) -> PassSums:
        """See :class:`wasl.linkage.comparison.engine.Engine`."""

        def step(layout: PassLayout, tasks: Tasks) -> pa.Table:
            sums = survey(layout, tasks)
            rows = [(name, 0, getattr(sums, name)) for name in SCALARS]
            rows += [("filters", g, value) for g, value in enumerate(sums.filters)]
            rows += [("bits", g, value) for g, value in enumerate(sums.bits)]
            return _sums_table(rows)

        total = _add_up(self._apply(steps, step, SUMS))
        groups = range(len(steps.widths))
        return PassSums(
            **{name: total.get((name, 0), 0) for name in SCALARS},
            filters=tuple(total.get(("filters", g), 0) for g in groups),
            bits=tuple(total.get(("bits", g), 0) for g in groups),
        )

    def count(self, steps: Steps) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        """See :class:`wasl.linkage.comparison.engine.Engine`."""

        def step(layout: PassLayout, tasks: Tasks) -> pa.Table:
            codes, counts, capacity = count_patterns(layout, tasks, steps, 1)
            rows = [("code", k, n) for k, n in zip(codes.view(np.int64).tolist(), counts.tolist(), strict=True)]
            rows += [("capacity", k, int(capacity[k])) for k in np.flatnonzero(capacity).tolist()]
            rows.append(("strata", 0, len(capacity)))
            return _sums_table(rows)

        table = self._apply(steps, step, SUMS)
        total = _add_up(table)
        strata = max((value for kind, value in zip(*_two(table), strict=True) if kind == "strata"), default=0)
        codes = [(place, value) for (kind, place), value in total.items() if kind == "code"]
        capacity = np.zeros(strata)
        for (kind, place), value in total.items():
            if kind == "capacity":
                capacity[place] = value
        places = np.array([place for place, _ in codes], np.int64).view(np.uint64)
        return places, np.array([value for _, value in codes], np.int64), capacity

    def emit(self, steps: Steps, kept: NDArray[np.uint64], known: NDArray[np.uint64]) -> Emitted:
        """See :class:`wasl.linkage.comparison.engine.Engine`."""

        def step(layout: PassLayout, tasks: Tasks) -> pa.Table:
            found = emit_pairs(layout, tasks, steps, kept, known, 1)
            nobody = np.zeros((1, LABEL_BYTES), np.uint8)
            return pa.table(
                {
                    "left_source": pa.array(np.append(found.left_source, np.int16(NO_PAIR))),
                    "left_id": binary_column(np.concatenate([found.left_id, nobody])).cast(pa.binary()),
                    "right_source": pa.array(np.append(found.right_source, np.int16(NO_PAIR))),
                    "right_id": binary_column(np.concatenate([found.right_id, nobody])).cast(pa.binary()),
                    "code": pa.array(np.append(found.codes.view(np.int64), np.int64(found.hot_compared))),
                    "tables": pa.array(np.append(found.tables, np.uint8(0)).astype(np.int16)),
                }
            )

        table = self._apply(steps, step, PAIRS)
        pair = pc.not_equal(table.column("left_source"), NO_PAIR)
        hot_compared = pc.sum(table.filter(pc.invert(pair)).column("code")).as_py() or 0
        table = table.filter(pair)
        return Emitted(
            table.column("left_source").to_numpy().astype(np.int16),
            _cells(table.column("left_id")),
            table.column("right_source").to_numpy().astype(np.int16),
            _cells(table.column("right_id")),
            table.column("code").to_numpy().view(np.uint64),
            table.column("tables").to_numpy().astype(np.uint8),
            hot_compared,
        )


SCALARS = ("rows", "blocks", "pairs", "hot_blocks", "hot_pairs", "hot_shown")


def _read_part(rows: EncodedRows, part: int, source: int, wanted: Sequence[str], buckets: int) -> pa.Table:
    """A part of a delivery, checked where it is read, in types Spark knows, each row with its source and bucket.

    The bucket is made of bytes of the keyed label: uniform, and the same for all rows of a block.
    """
    table = rows.read(part)
    label = fixed_cells(table.column("block"))[:, 8:12].copy().view(">u4").reshape(-1).astype(np.int64)
    missing = pa.nulls(table.num_rows, pa.binary())
    columns = {name: table.column(name).cast(pa.binary()) if name in table.column_names else missing for name in wanted}
    source_column = pa.array(np.full(table.num_rows, source, np.int16))
    return pa.table({"source": source_column, "bucket": pa.array((label % buckets).astype(np.int32)), **columns})


def _cells(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    return fixed_cells(column.cast(pa.binary(LABEL_BYTES)))


def _lay_out_bucket(table: pa.Table, steps: Steps, sources: int) -> tuple[PassLayout, Tasks]:
    """A bucket's rows laid out."""
    fixed = {"row_id": LABEL_BYTES, "block": LABEL_BYTES}
    fixed |= {f"token_{token}": LABEL_BYTES for token in steps.tokens}
    fixed |= {f"filter_{group}": words * 8 for group, words in steps.widths.items()}
    columns = {name: table.column(name).cast(pa.binary(width)) for name, width in fixed.items()}
    typed = pa.table({"pass": pa.array([steps.name] * table.num_rows, pa.string()), **columns})
    parts = [RowsInMemory.of(typed.filter(pc.equal(table.column("source"), number))) for number in range(sources)]
    layout = lay_out(steps.name, parts, steps.widths, steps.tokens, steps.inside)
    return layout, tasks_of(layout, steps.within, steps.block_pairs, steps.strangers)


def _sums_table(rows: Sequence[tuple[str, int, int]]) -> pa.Table:
    kinds, places, values = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        [pa.array(kinds, pa.string()), pa.array(places, pa.int64()), pa.array(values, pa.int64())],
        names=["kind", "place", "value"],
    )


def _two(table: pa.Table) -> tuple[list[str], list[int]]:
    return table.column("kind").to_pylist(), table.column("value").to_pylist()


def _add_up(table: pa.Table) -> dict[tuple[str, int], int]:
    """Sums by kind and place; whole numbers, so their order does not matter."""
    grouped = table.group_by(["kind", "place"]).aggregate([("value", "sum")])
    columns: list[list[Any]] = [grouped.column(name).to_pylist() for name in ("kind", "place", "value_sum")]
    return {(kind, place): value for kind, place, value in zip(*columns, strict=True)}
