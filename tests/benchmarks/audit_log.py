"""Measures the log at size: appends, proofs and verification, with the tree's nodes in an SQLite table on disk.

Run: python tests/benchmarks/audit_log.py --entries 1000000
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent, DeliveryReceived
from wasl.audit.export import ExportEntry, export_lines
from wasl.audit.merkle import Frontier, Node, Place, leaf_hash, verify_inclusion
from wasl.audit.notes import NoteSigner
from wasl.audit.tree import consistency_proof, inclusion_proof, load_frontier
from wasl.audit.verification import verify_export


class TableNodes:
    """Nodes in a table with the primary key (level, index)."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute(
            "CREATE TABLE nodes (level INTEGER, place INTEGER, hash BLOB, PRIMARY KEY (level, place)) WITHOUT ROWID"
        )

    def read_nodes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        # One index look-up per place; a row value IN (VALUES ...) would scan the table.
        where = " OR ".join(["level = ? AND place = ?"] * len(places))
        rows = self.connection.execute(
            f"SELECT level, place, hash FROM nodes WHERE {where}",  # noqa: S608
            [part for place in places for part in place],
        )
        return {(level, place): value for level, place, value in rows}

    def write_nodes(self, nodes: Sequence[Node]) -> None:
        self.connection.executemany("INSERT INTO nodes VALUES (?,?,?)", [(*place, value) for place, value in nodes])


def event_bytes(number: int) -> bytes:
    digest = "sha256:" + "ab" * 32
    received = DeliveryReceived(register="r", digest=digest, file=digest, rows=number, repeated=False)
    return AuditEvent(received, "2026-01-01T00:00:00Z", "holder", "p", f"r{number}").canonical_bytes()


def timed(what: str, work: Callable[[int], object], numbers: Sequence[int]) -> None:
    milliseconds = []
    for number in numbers:
        started = time.perf_counter()
        work(number)
        milliseconds.append(1000 * (time.perf_counter() - started))
    ordered = sorted(milliseconds)
    late = ordered[int(0.99 * (len(ordered) - 1))]
    say(f"{what:<44} median {statistics.median(ordered):8.3f} ms   p99 {late:8.3f} ms")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=500)
    options = parser.parse_args()
    size, chance = options.entries, random.Random(1)  # noqa: S311
    signer = NoteSigner("bench/log", bytes(32))
    with tempfile.TemporaryDirectory() as folder:
        store = TableNodes(Path(folder) / "nodes.sqlite")
        frontier, pending = Frontier(), []
        started = time.perf_counter()
        store.connection.execute("BEGIN")
        for number in range(size):
            frontier, grown = frontier.append(leaf_hash(event_bytes(number)))
            pending += grown
            if len(pending) > 50_000:
                store.write_nodes(pending)
                pending = []
        store.write_nodes(pending)
        store.connection.execute("COMMIT")
        say(f"{size:,} entries built in {time.perf_counter() - started:.1f} s")
        note = Checkpoint.of(signer.name, frontier).sign(signer)
        places = [chance.randrange(size) for _ in range(options.samples)]
        timed("inclusion proof", lambda number: inclusion_proof(store, number, size), places)
        timed("consistency proof", lambda number: consistency_proof(store, number, size), places)
        proof = inclusion_proof(store, places[0], size)
        leaf = leaf_hash(event_bytes(places[0]))
        timed("inclusion verified", lambda _: verify_inclusion(proof, leaf, frontier.root), places)

        def append(number: int) -> None:
            _, grown = load_frontier(store, number).append(leaf_hash(event_bytes(number)))
            store.write_nodes(grown)

        def append_and_commit(number: int) -> None:
            store.connection.execute("BEGIN IMMEDIATE")
            append(number)
            store.connection.execute("COMMIT")

        grown_size = size + options.samples
        store.connection.execute("BEGIN")
        timed("append, within a transaction", append, range(size, grown_size))
        store.connection.execute("COMMIT")
        timed("append, committed to disk each", append_and_commit, range(grown_size, grown_size + options.samples))
        timed("checkpoint signed", lambda _: Checkpoint.of(signer.name, frontier).sign(signer), range(options.samples))
    entries = (ExportEntry(event_bytes(number)) for number in range(size))
    started = time.perf_counter()
    result = verify_export(export_lines(note, signer.verifier, entries, size=size, checkpoints=0), signer.verifier)
    seconds = time.perf_counter() - started
    say(f"export written and verified: {result.verified}, {size / seconds:,.0f} entries/s")


if __name__ == "__main__":
    main()
