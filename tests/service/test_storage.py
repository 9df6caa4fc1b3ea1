"""One contract for storage, on SQLite and on PostgreSQL."""

from __future__ import annotations

import inspect
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.events import AuditEvent, ProjectCreated
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.tree import load_frontier
from wasl.errors import InputError, NotFoundError, StaleError, StateError
from wasl.service.access import Actor, Role
from wasl.service.ports import Area, Caller, Receipt
from wasl.service.records import Job, JobKind, JobStatus, Noun, Project
from wasl.storage import schema
from wasl.storage.database import connect, dialect_of
from wasl.storage.files import FileStore
from wasl.storage.ledger import SqlLedger, SqlWriter
from wasl.storage.tables import APPEND_ONLY, METADATA, TABLES
from wasl.web.installation import Installation, new_id

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CALLER = Caller(Actor("amina", Role.ADMIN), NOW)


def project(name: str) -> Project:
    return Project(id=name, created_at=CALLER.stamp, created_by="amina", title=name)


def event(subject: str = "thing") -> AuditEvent:
    return CALLER.event(ProjectCreated(), project=subject, subject=subject)


class TestLedger:
    def test_state_and_event_are_committed_together(self, installation: Installation) -> None:
        ledger = installation.ledger
        with ledger.reading() as state:
            before = state.log_size()
        with ledger.writing(CALLER) as tx:
            tx.save(project("one"), event=event("one"))
        with ledger.reading() as state:
            assert state.get(Project, "one").version == 1
            assert state.log_size() == before + 1

    def test_neither_is_committed_when_the_use_case_fails(self, installation: Installation) -> None:
        ledger = installation.ledger
        with ledger.reading() as state:
            before = state.log_size()

        def fail_after_saving() -> None:
            with ledger.writing(CALLER) as tx:
                tx.save(project("one"), event=event("one"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail_after_saving()
        with ledger.reading() as state:
            assert state.find(Project, "one") is None
            assert state.log_size() == before

    def test_no_mutation_goes_without_an_event(self) -> None:
        for name, method in inspect.getmembers(SqlWriter, inspect.isfunction):
            if name in ("save", "keep_checkpoint"):
                parameter = inspect.signature(method).parameters["event"]
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
                assert parameter.default is inspect.Parameter.empty
        public = {name for name in vars(SqlWriter) if not name.startswith("_")}
        assert public == {"save", "keep_checkpoint", "hold"}

    def test_two_who_change_the_same_thing_do_not_overwrite_each_other(self, installation: Installation) -> None:
        ledger = installation.ledger
        with ledger.writing(CALLER) as tx:
            tx.save(project("one"), event=event())
            seen = tx.get(Project, "one")
        with ledger.writing(CALLER) as tx:
            tx.save(replace(seen, title="first"), event=event())
        with pytest.raises(StaleError), ledger.writing(CALLER) as tx:
            tx.save(replace(seen, title="second"), event=event())
        with ledger.reading() as state:
            assert state.get(Project, "one").title == "first"

    def test_a_thing_is_made_once(self, installation: Installation) -> None:
        with installation.ledger.writing(CALLER) as tx:
            tx.save(project("one"), event=event())
        with pytest.raises(StateError), installation.ledger.writing(CALLER) as tx:
            tx.save(project("one"), event=event())

    def test_a_receipt_remembers_what_a_request_brought_about(self, installation: Installation) -> None:
        caller = replace(CALLER, receipt=Receipt("key", "print"))
        with installation.ledger.writing(caller) as tx:
            tx.save(project("one"), event=event("one"))
        with installation.ledger.reading() as state:
            assert state.receipt_subject("amina", Receipt("key", "print")) == "one"
            assert state.receipt_subject("somebody", Receipt("key", "print")) is None
            with pytest.raises(InputError):
                state.receipt_subject("amina", Receipt("key", "other"))
        with pytest.raises(StateError), installation.ledger.writing(caller) as tx:
            tx.save(project("two"), event=event("two"))

    def test_pages_follow_each_other(self, installation: Installation) -> None:
        with installation.ledger.writing(CALLER) as tx:
            for name in "abcde":
                tx.save(project(f"page-{name}"), event=event())
        with installation.ledger.reading() as state:
            first = state.select(Project, limit=2, title=("page-a", "page-b", "page-c"))
            rest = state.select(Project, after=first[-1].id, title=("page-a", "page-b", "page-c"))
        assert [one.id for one in first + rest] == ["page-a", "page-b", "page-c"]


class TestLog:
    def test_the_stored_tree_is_the_tree_of_the_entries(self, installation: Installation) -> None:
        with installation.ledger.writing(CALLER) as tx:
            for number in range(20):
                tx.save(event=event(f"s{number}"))
        with installation.ledger.reading() as state:
            size = state.log_size()
            entries = state.log_entries(first=0, limit=size)
            expected = Frontier().extend(leaf_hash(entry.data) for entry in entries)
            assert load_frontier(state, size) == expected

    def test_many_at_once_are_numbered_without_a_gap(self, installation: Installation) -> None:
        with installation.ledger.reading() as state:
            before = state.log_size()

        def write(number: int) -> None:
            for turn in range(5):
                with installation.ledger.writing(CALLER) as tx:
                    tx.save(project(f"p{number}-{turn}"), event=event())

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with installation.ledger.reading() as state:
            assert state.log_size() == before + 20
            entries = state.log_entries(first=0, limit=1000)
            assert [entry.index for entry in entries] == list(range(before + 20))
            load_frontier(state, before + 20)

    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
    def test_the_database_itself_refuses_to_change_it(self, installation: Installation, table: str, verb: str) -> None:
        with installation.ledger.writing(CALLER) as tx:
            note = Checkpoint.of(installation.office.signer.name, load_frontier(tx, tx.log_size()))
            tx.keep_checkpoint(note.sign(installation.office.signer), note.size, event=event())
        column = METADATA.tables[table].columns.keys()[-1]
        what = METADATA.tables[table]
        statement = sa.delete(what) if verb == "DELETE" else sa.update(what).values({column: what.c[column]})
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), installation.engine.begin() as connection:
            connection.execute(statement)

    def test_entries_are_chosen_by_what_they_say(self, installation: Installation) -> None:
        with installation.ledger.writing(CALLER) as tx:
            tx.save(event=event("chosen"))
        with installation.ledger.reading() as state:
            assert len(state.log_entries(first=0, limit=10, subject="chosen", kind="ProjectCreated")) == 1
            assert not state.log_entries(first=0, limit=10, subject="chosen", before="2020")
            with pytest.raises(InputError):
                state.log_entries(first=0, limit=10, data="x")


class TestLeases:
    def queue(self, installation: Installation) -> Job:
        job = Job(
            id=new_id(), created_at=CALLER.stamp, created_by="amina", kind=JobKind.SCORE, project="p", subject="s"
        )
        with installation.ledger.writing(CALLER) as tx:
            tx.save(job, event=event())
        return job

    def test_a_job_is_taken_by_one_worker(self, installation: Installation) -> None:
        job = self.queue(installation)
        taken = installation.leases.take("first", now=0.0)
        assert taken is not None
        assert (taken.id, taken.attempt, taken.status) == (job.id, 1, JobStatus.RUNNING)
        assert installation.leases.take("second", now=0.0) is None

    def test_a_dead_workers_job_goes_to_another_which_fences_it_off(self, installation: Installation) -> None:
        self.queue(installation)
        dead = installation.leases.take("dead", now=0.0)
        heir = installation.leases.take("heir", now=installation.leases.lease_seconds + 0.1)
        assert dead is not None
        assert heir is not None
        assert heir.attempt == 2
        with pytest.raises(StateError), installation.ledger.writing(CALLER) as tx:
            tx.hold(dead)
        assert installation.leases.renew(dead, 50, now=1.0) is False
        with installation.ledger.writing(CALLER) as tx:
            assert tx.hold(heir).id == heir.id

    def test_a_renewed_lease_lasts(self, installation: Installation) -> None:
        self.queue(installation)
        taken = installation.leases.take("first", now=0.0)
        assert taken is not None
        assert installation.leases.renew(taken, 10, now=1.5) is True
        assert installation.leases.take("second", now=installation.leases.lease_seconds + 0.1) is None

    def test_a_cancelled_job_is_noticed_at_the_next_renewal(self, installation: Installation) -> None:
        self.queue(installation)
        taken = installation.leases.take("first", now=0.0)
        assert taken is not None
        with installation.ledger.writing(CALLER) as tx:
            tx.save(replace(tx.get(Job, taken.id), cancel_asked=True), event=event())
        assert installation.leases.renew(taken, 10, now=0.5) is False

    def test_a_clock_that_jumps_ahead_doubles_no_result(self, installation: Installation) -> None:
        self.queue(installation)
        first = installation.leases.take("first", now=0.0)
        second = installation.leases.take("second", now=10_000.0)
        assert first is not None
        assert second is not None
        with pytest.raises(StateError), installation.ledger.writing(CALLER) as tx:
            tx.hold(first)


class TestSchema:
    def test_up_down_and_up_again(self, database_url: str) -> None:
        engine = connect(database_url)
        assert schema.current_revision(engine) is None
        assert schema.migrate(engine) == (None, schema.latest_revision())
        assert schema.migrate(engine, "0001") == (schema.latest_revision(), "0001")
        assert schema.migrate(engine, "base") == ("0001", None)
        with engine.connect() as connection:
            assert not set(sa.inspect(connection).get_table_names()) & set(METADATA.tables)
        assert schema.migrate(engine)[1] == schema.latest_revision()
        schema.require_latest(engine)
        engine.dispose()

    def test_migrations_make_the_tables_the_code_expects(self, installation: Installation) -> None:
        with installation.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, METADATA) == []

    def test_every_noun_has_a_table_with_its_attributes(self) -> None:
        import dataclasses

        for noun, table in TABLES.items():
            assert issubclass(noun, Noun)
            assert {field.name for field in dataclasses.fields(noun)} <= set(table.columns.keys())

    def test_a_revision_from_the_future_is_refused(self, database_url: str) -> None:
        engine = connect(database_url)
        schema.migrate(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StateError, match="does not know"):
            schema.migrate(engine)
        engine.dispose()

    def test_tables_that_wasl_did_not_make_are_refused(self, database_url: str) -> None:
        engine = connect(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE projects (id INTEGER)")
        with pytest.raises(StateError, match="did not make"):
            schema.migrate(engine)
        engine.dispose()

    def test_an_old_schema_is_not_served(self, database_url: str) -> None:
        engine = connect(database_url)
        schema.migrate(engine, "0001")
        with pytest.raises(StateError, match="wasl migrate"):
            schema.require_latest(engine)
        engine.dispose()

    @pytest.mark.parametrize("url", ["mysql://x/y", "nonsense"])
    def test_other_databases_are_refused_without_showing_the_url(self, url: str) -> None:
        with pytest.raises(InputError) as caught:
            dialect_of(url)
        assert url not in str(caught.value)


class TestFiles:
    def store(self, tmp_path: Path) -> FileStore:
        return FileStore({area: tmp_path / area.value for area in Area})

    def test_a_file_is_where_its_digest_says(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        with store.receive(Area.LINKAGE) as incoming:
            incoming.write(b"one ")
            incoming.write(b"file")
            stored = incoming.keep()
        assert store.path(Area.LINKAGE, stored.digest).read_bytes() == b"one file"
        with pytest.raises(NotFoundError):
            store.path(Area.SPINE, stored.digest)

    def test_what_is_not_kept_is_gone(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        with store.receive(Area.LINKAGE) as incoming:
            incoming.write(b"half")
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    def test_a_failed_writer_leaves_nothing(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)

        def fail(path: Path) -> None:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="space"):
            store.make(Area.SPINE, fail)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]

    def test_too_many_bytes_are_refused(self, tmp_path: Path) -> None:
        with self.store(tmp_path).receive(Area.LINKAGE, max_bytes=5) as incoming, pytest.raises(InputError):
            incoming.write(b"123456")

    @pytest.mark.parametrize("digest", ["../../etc/passwd", "sha256:../../x", "sha256:" + "g" * 64, ""])
    def test_a_digest_is_never_a_path(self, tmp_path: Path, digest: str) -> None:
        with pytest.raises(NotFoundError):
            self.store(tmp_path).path(Area.LINKAGE, digest)

    def test_sweeping_sets_aside_what_no_record_names(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        kept = store.make(Area.LINKAGE, lambda path: path.write_bytes(b"kept") and None)
        orphan = store.make(Area.LINKAGE, lambda path: path.write_bytes(b"orphan") and None)
        assert store.sweep([kept.digest], older_than_seconds=3600).quarantined == []
        assert store.sweep([kept.digest], older_than_seconds=-1).quarantined == [orphan.digest]
        assert store.path(Area.LINKAGE, kept.digest).read_bytes() == b"kept"
        assert store.sweep([kept.digest, orphan.digest], older_than_seconds=-1).restored == [orphan.digest]
        assert store.path(Area.LINKAGE, orphan.digest).read_bytes() == b"orphan"
        store.sweep([kept.digest], older_than_seconds=-1)
        swept = store.sweep([kept.digest], [orphan.digest, kept.digest], older_than_seconds=-1)
        assert swept.deleted == [orphan.digest], "what is named is kept, whatever is said of it"
        assert store.path(Area.LINKAGE, kept.digest).read_bytes() == b"kept"


def test_the_ledger_reads_without_taking_the_writers_lock(installation: Installation) -> None:
    with installation.ledger.writing(CALLER) as tx:
        tx.save(project("unseen"), event=event())
        with SqlLedger(installation.engine).reading() as state:
            assert state.find(Project, "unseen") is None
