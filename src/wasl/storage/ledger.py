"""State and log in one database: every change is committed together with the event that tells of it."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa

from wasl.audit.events import AuditEvent
from wasl.audit.merkle import Frontier, Place, leaf_hash
from wasl.audit.tree import load_frontier
from wasl.errors import InputError, NotFoundError, StaleError, StateError
from wasl.service.ports import Caller, LogEntry, Receipt
from wasl.service.records import Job, Noun
from wasl.storage.database import ChangeMark
from wasl.storage.notified_mark import CHANNEL, NotifiedMark
from wasl.storage.tables import TABLES, jobs, log_checkpoints, log_entries, log_nodes, receipts

__all__ = ["SqlLedger", "SqlReader", "SqlWriter"]

N = TypeVar("N", bound=Noun)

LOG_LOCK = 0x7761736C
"""Key of PostgreSQL's advisory lock under which changes follow each other; SQLite has one writer anyway."""

_COLUMNS = {kind: tuple(table.c[field.name] for field in dataclasses.fields(kind)) for kind, table in TABLES.items()}
_BY_ID = {
    kind: sa.select(*columns).where(TABLES[kind].c.id == sa.bindparam("noun_id")) for kind, columns in _COLUMNS.items()
}
"""Built once: they are asked at every request, and building one takes longer than answering it."""

_ENUMS: dict[type[Noun], dict[str, type[StrEnum]]] = {
    kind: {
        name: hint
        for name, hint in typing.get_type_hints(kind).items()
        if isinstance(hint, type) and issubclass(hint, StrEnum)
    }
    for kind in TABLES
}

_LAST_ENTRY = sa.select(sa.func.max(log_entries.c.index))
_ADD_ENTRY = sa.insert(log_entries)
_ADD_NODES = sa.insert(log_nodes)

FILTERS = ("kind", "actor", "project", "subject")
NODES_PER_QUERY = 200


class SqlReader:
    """A consistent view of the state (see `wasl.service.ports.Reader`)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, kind: type[N], noun_id: str) -> N:
        """The noun with this id, or NotFoundError."""
        found = self.find(kind, noun_id)
        if found is None:
            raise NotFoundError(f"there is no {kind.__name__.lower()} {noun_id!r}.")
        return found

    def find(self, kind: type[N], noun_id: str) -> N | None:
        """The noun with this id, or None."""
        row = self._connection.execute(_BY_ID[kind], {"noun_id": noun_id}).one_or_none()
        return None if row is None else _noun(kind, row)

    def select(
        self, kind: type[N], /, *, after: str = "", limit: int | None = None, descending: bool = False, **where: Any
    ) -> list[N]:
        """Nouns whose attributes equal ``where`` (a tuple: any of them), by id, beginning after an id."""
        table = TABLES[kind]
        query = sa.select(*_COLUMNS[kind]).order_by(table.c.id.desc() if descending else table.c.id)
        for name, value in where.items():
            column = table.c[name]
            query = query.where(column.in_(value) if isinstance(value, tuple) else column == value)
        if after:
            query = query.where(table.c.id < after if descending else table.c.id > after)
        if limit is not None:
            query = query.limit(limit)
        return [_noun(kind, row) for row in self._connection.execute(query)]

    def receipt_subject(self, actor: str, receipt: Receipt) -> str | None:
        """The subject of an earlier request with this key, or None."""
        row = self._connection.execute(
            sa.select(receipts.c.fingerprint, receipts.c.subject).where(
                receipts.c.actor == actor, receipts.c.key == receipt.key
            )
        ).one_or_none()
        if row is None:
            return None
        if row.fingerprint != receipt.fingerprint:
            raise InputError("this Idempotency-Key was used for another request.", remedy="Take a new key per request.")
        return str(row.subject)

    def log_size(self) -> int:
        """The number of entries."""
        last = self._connection.execute(_LAST_ENTRY).scalar_one()
        return 0 if last is None else int(last) + 1

    def log_entries(
        self, *, first: int, limit: int, after: str = "", before: str = "", **where: str
    ) -> Sequence[LogEntry]:
        """Entries from ``first`` on, in a span of time, whose kind, actor, project or subject equal ``where``."""
        query = sa.select(log_entries.c.index, log_entries.c.data).where(log_entries.c.index >= first)
        if after:
            query = query.where(log_entries.c.at >= after)
        if before:
            query = query.where(log_entries.c.at < before)
        for name, value in where.items():
            if name not in FILTERS:
                raise InputError(f"entries cannot be filtered by {name!r}.")
            query = query.where(log_entries.c[name] == value)
        query = query.order_by(log_entries.c.index).limit(limit)
        return [LogEntry(int(index), bytes(data)) for index, data in self._connection.execute(query)]

    def read_nodes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """The hashes of complete subtrees of the log's tree (`wasl.audit.tree.NodeStore`)."""
        found: dict[Place, bytes] = {}
        for start in range(0, len(places), NODES_PER_QUERY):
            some = places[start : start + NODES_PER_QUERY]
            values = {f"{letter}{i}": place[j] for i, place in enumerate(some) for j, letter in enumerate("lp")}
            for level, position, value in self._connection.execute(_nodes_at(len(some)), values):
                found[int(level), int(position)] = bytes(value)
        return found

    def latest_checkpoint(self) -> str | None:
        """The last signed checkpoint, or None."""
        query = sa.select(log_checkpoints.c.note).order_by(log_checkpoints.c.size.desc()).limit(1)
        return self._connection.execute(query).scalar_one_or_none()

    def checkpoint_at(self) -> str:
        """When the last checkpoint was signed, ISO 8601; empty before the first."""
        query = sa.select(log_checkpoints.c.at).order_by(log_checkpoints.c.size.desc()).limit(1)
        return str(self._connection.execute(query).scalar_one_or_none() or "")

    def checkpoints(self) -> Mapping[int, str]:
        """All signed checkpoints, by the number of entries they speak of."""
        query = sa.select(log_checkpoints.c.size, log_checkpoints.c.note).order_by(log_checkpoints.c.size)
        return {int(row.size): str(row.note) for row in self._connection.execute(query)}


class SqlWriter(SqlReader):
    """A transaction (see `wasl.service.ports.Writer`)."""

    def __init__(self, connection: sa.Connection, caller: Caller) -> None:
        super().__init__(connection)
        self._caller = caller
        self._receipted = caller.receipt is None
        self._frontier: Frontier | None = None  # of the log, once this transaction holds its lock

    def save(self, *nouns: Noun, event: AuditEvent) -> int:
        """Insert nouns of version 0, change the others if their version is still the same, and log the event."""
        for noun in nouns:
            if noun.version:
                self._change(noun)
            else:
                self._insert(noun)
        if not self._receipted:
            self._keep_receipt(nouns[0].id if nouns else event.subject)
        return self._append(event)

    def keep_checkpoint(self, note: str, size: int, *, event: AuditEvent) -> None:
        """Keep a signed checkpoint of the first ``size`` entries, and log that it was made."""
        known = self._connection.execute(
            sa.select(log_checkpoints.c.size).where(log_checkpoints.c.size == size)
        ).first()
        if known is None:
            self._connection.execute(sa.insert(log_checkpoints).values(size=size, note=note, at=event.at))
        self.save(event=event)

    def hold(self, job: Job) -> Job:
        """The job as it stands, this attempt at it being the latest until the transaction ends."""
        held = self._connection.execute(
            sa.update(jobs)
            .where(jobs.c.id == job.id, jobs.c.attempt == job.attempt, jobs.c.status == "running")
            .values(worker=jobs.c.worker)  # touches the row: nobody else takes the lease before this commits
        )
        if held.rowcount != 1:
            raise StateError(f"job {job.id} was taken over by another worker.")
        return self.get(Job, job.id)

    def _insert(self, noun: Noun) -> None:
        values = {**_values(noun), "version": 1}
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(TABLES[type(noun)]).values(values))
        except sa.exc.IntegrityError as error:
            raise StateError(
                f"{type(noun).__name__.lower()} {noun.id!r} exists already, or lacks what it refers to."
            ) from error

    def _change(self, noun: Noun) -> None:
        table = TABLES[type(noun)]
        changed = self._connection.execute(
            sa.update(table)
            .where(table.c.id == noun.id, table.c.version == noun.version)
            .values({**_values(noun), "version": noun.version + 1})
        )
        if changed.rowcount != 1:
            raise StaleError(
                f"{type(noun).__name__.lower()} {noun.id!r} was changed by somebody else meanwhile.",
                remedy="Read it again and decide anew.",
            )

    def _keep_receipt(self, subject: str) -> None:
        receipt = self._caller.receipt
        if receipt is None:
            return
        try:
            with self._connection.begin_nested():
                self._connection.execute(
                    sa.insert(receipts).values(
                        actor=self._caller.actor.name,
                        key=receipt.key,
                        fingerprint=receipt.fingerprint,
                        subject=subject,
                        at=self._caller.stamp,
                    )
                )
        except sa.exc.IntegrityError as error:
            raise StateError("the same request is being served at this moment.", remedy="Repeat it.") from error
        self._receipted = True

    def _append(self, event: AuditEvent) -> int:
        """Number the event, hash it into the tree, and store both."""
        frontier = self._frontier or load_frontier(self, self.log_size())
        size, data = frontier.size, event.canonical_bytes()
        self._frontier, grown = frontier.append(leaf_hash(data))
        entry = {"index": size, "at": event.at, "kind": event.kind, "actor": event.actor, "data": data}
        self._connection.execute(_ADD_ENTRY, {**entry, "project": event.project, "subject": event.subject})
        self._connection.execute(
            _ADD_NODES, [{"level": level, "position": position, "hash": value} for (level, position), value in grown]
        )
        return size


class SqlLedger:
    """The database as state and log (see `wasl.service.ports.Ledger`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._announces = engine.dialect.name == "postgresql"
        self._mark: ChangeMark | NotifiedMark = NotifiedMark(engine) if self._announces else ChangeMark(engine)

    def change_mark(self) -> int | None:
        """A number that stays the same until somebody commits, or None (see `wasl.service.ports.Ledger`)."""
        return self._mark.read()

    def close(self) -> None:
        """Give back the connection that watches for changes."""
        self._mark.close()

    @contextmanager
    def reading(self) -> Iterator[SqlReader]:
        """A read-only view, the same from its first to its last query."""
        options: dict[str, Any] = {"wasl_reads": True}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield SqlReader(connection)

    @contextmanager
    def writing(self, caller: Caller) -> Iterator[SqlWriter]:
        """A transaction; commits at the end unless an exception passes through.

        Transactions that change something follow each other, on PostgreSQL as on SQLite: what one has read still holds
        when it commits. Otherwise two administrators could disable each other at the same moment.
        """
        with self.engine.begin() as connection:
            if self._announces:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOG_LOCK)))
            yield SqlWriter(connection, caller)
            if self._announces:
                connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
        self._mark.bump()


def _noun(kind: type[N], row: sa.Row[Any]) -> N:
    values = dict(row._mapping)
    for name, enum in _ENUMS[kind].items():
        values[name] = enum(values[name])
    return kind(**values)


def _values(noun: Noun) -> dict[str, Any]:
    enums = _ENUMS[type(noun)]
    values = {field.name: getattr(noun, field.name) for field in dataclasses.fields(noun)}
    return {name: str(value) if name in enums else value for name, value in values.items()}


@lru_cache(maxsize=NODES_PER_QUERY)
def _nodes_at(count: int) -> sa.Select[Any]:
    """The statement for so many places; built once for each count, as building takes longer than answering."""
    at = [
        sa.and_(log_nodes.c.level == sa.bindparam(f"l{i}"), log_nodes.c.position == sa.bindparam(f"p{i}"))
        for i in range(count)
    ]
    return sa.select(log_nodes.c.level, log_nodes.c.position, log_nodes.c.hash).where(sa.or_(sa.false(), *at))
