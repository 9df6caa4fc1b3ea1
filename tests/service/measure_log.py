"""How long an append and a proof take in a log of a million entries, on SQLite and PostgreSQL.

Example: python tests/service/measure_log.py --entries 1000000 --database sqlite
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import sqlalchemy as sa
from service_support import make_settings, new_database, open_installation, start_postgres

from wasl.audit.events import FileRead
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.tree import consistency_proof, inclusion_proof
from wasl.service.access import Actor
from wasl.service.ports import Caller
from wasl.storage.ledger import SqlLedger
from wasl.storage.tables import log_entries, log_nodes

BATCH = 20_000
CALLER = Caller(Actor("amina", None), datetime(2026, 11, 22, tzinfo=UTC))


def fill(engine: sa.Engine, entries: int) -> None:
    """A log of so many entries, written in bulk."""
    frontier = Frontier()
    for first in range(0, entries, BATCH):
        rows, nodes = [], []
        for index in range(first, min(first + BATCH, entries)):
            event = CALLER.event(FileRead(), project="simimo", subject=f"s{index}")
            data = event.canonical_bytes()
            frontier, grown = frontier.append(leaf_hash(data))
            known = {"at": event.at, "kind": event.kind.value, "actor": event.actor, "project": event.project}
            rows.append({"index": index, "subject": event.subject, "data": data, **known})
            nodes += [{"level": level, "position": position, "hash": value} for (level, position), value in grown]
        with engine.begin() as connection:
            connection.execute(sa.insert(log_entries), rows)
            connection.execute(sa.insert(log_nodes), nodes)


def milliseconds(work: Callable[[], object], times: int) -> dict[str, float]:
    """Median and 95th percentile of a piece of work."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - began))
    return {"median_ms": round(statistics.median(taken), 2), "p95_ms": round(sorted(taken)[times * 95 // 100], 2)}


def append(ledger: SqlLedger) -> None:
    with ledger.writing(CALLER) as transaction:
        transaction.save(event=CALLER.event(FileRead(), subject="one more"))


def append_many(ledger: SqlLedger, count: int) -> None:
    """Appends in one transaction: what an append costs without its share of flushing the disk."""
    with ledger.writing(CALLER) as transaction:
        for _ in range(count):
            transaction.save(event=CALLER.event(FileRead(), subject="one more"))


def prove(ledger: SqlLedger, entries: int, draws: random.Random) -> None:
    with ledger.reading() as state:
        inclusion_proof(state, draws.randrange(entries), entries)


def prove_growth(ledger: SqlLedger, entries: int, draws: random.Random) -> None:
    with ledger.reading() as state:
        consistency_proof(state, draws.randrange(1, entries), entries)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'wasl.db'}"
        return
    server = start_postgres()
    yield new_database(next(server))
    next(server, None)


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    draws = random.Random(1)  # noqa: S311 - chooses entries to prove
    with tempfile.TemporaryDirectory(prefix="wasl-log-") as name, database(arguments.database, Path(name)) as url:
        installation = open_installation(make_settings(Path(name), url))
        fill(installation.engine, arguments.entries)
        ledger = installation.ledger
        many = milliseconds(lambda: append_many(ledger, 100), 10)
        figures = {
            "entries": arguments.entries,
            "append, a transaction of its own": milliseconds(lambda: append(ledger), 200),
            "append, within a transaction": {name: round(value / 100, 3) for name, value in many.items()},
            "inclusion proof": milliseconds(lambda: prove(ledger, arguments.entries, draws), 200),
            "consistency proof": milliseconds(lambda: prove_growth(ledger, arguments.entries, draws), 200),
        }
        installation.close()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
