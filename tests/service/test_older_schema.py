"""A database of each earlier revision, with a row in each table: refused in words, then upgraded without a loss."""

from __future__ import annotations

import enum
import typing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import StateError
from wasl.service.records import Noun
from wasl.storage import schema
from wasl.storage.database import connect
from wasl.storage.ledger import SqlLedger
from wasl.storage.tables import METADATA, TABLES

EARLIER = [f"{number:04}" for number in range(1, int(schema.latest_revision()))]
NOUN_OF = {table.name: noun for noun, table in TABLES.items()}
Rows = dict[str, dict[str, Any]]


def enum_of(table: str, column: str) -> type[enum.Enum] | None:
    noun = NOUN_OF.get(table)
    kind = typing.get_type_hints(noun).get(column) if noun else None
    return kind if isinstance(kind, type) and issubclass(kind, enum.Enum) else None


def value_for(column: sa.Column[Any]) -> Any:
    """A value that the present code can read."""
    kinds = enum_of(column.table.name, column.name)
    if kinds is not None:
        return str(next(iter(kinds)).value)
    now = METADATA.tables[column.table.name].columns.get(column.name)
    kind = column.type if now is None else now.type
    if isinstance(kind, sa.JSON):
        return {"é": [1, None]}
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.LargeBinary):
        return b"\x00\xff" * 16
    if isinstance(kind, sa.Float):
        return 1.5
    if isinstance(kind, sa.Integer):
        return 7
    return "x سجل"  # one text for all, so that each row belongs to the others


def fill(engine: sa.Engine) -> Rows:
    """One row in each table, as the database has them now."""
    found = sa.MetaData()
    found.reflect(engine)
    rows: Rows = {}
    with engine.begin() as connection:
        for table in found.sorted_tables:
            if table.name == "alembic_version":
                continue
            now = METADATA.tables[table.name]
            known = sa.table(table.name, *(sa.column(c.name, now.columns[c.name].type) for c in table.columns))
            rows[table.name] = {column.name: value_for(column) for column in table.columns}
            connection.execute(sa.insert(known).values(rows[table.name]))
    return rows


def require_kept(engine: sa.Engine, rows: Rows) -> None:
    with engine.connect() as connection:
        for name, row in rows.items():
            (kept,) = connection.execute(sa.select(METADATA.tables[name])).mappings().all()
            assert {column: kept[column] for column in row} == row, name
            for column, value in kept.items():
                assert value is not None or METADATA.tables[name].columns[column].nullable, (name, column)
    with SqlLedger(engine).reading() as state:
        for name, row in rows.items():
            if name in NOUN_OF:
                noun: Noun = state.get(NOUN_OF[name], row["id"])
                assert noun.version == row["version"]


def test_each_earlier_revision_is_upgraded_with_all_its_rows(database_url: str) -> None:
    engine = connect(database_url)
    for revision in EARLIER:
        schema.migrate(engine, revision)
        rows = fill(engine)
        assert len(rows) > 5
        with pytest.raises(StateError, match="Make a backup, then run `wasl migrate`"):
            schema.require_latest(engine)
        assert schema.migrate(engine) == (revision, schema.latest_revision())
        require_kept(engine, rows)
        schema.migrate(engine, "base")
    engine.dispose()


@pytest.mark.parametrize("revision", [EARLIER[0], EARLIER[-1]])
def test_nothing_but_migrate_touches_an_older_database(tmp_path: Path, revision: str) -> None:
    """Also the embedded one: an upgrade that nobody asked for cannot be taken back by the release of before."""
    database = tmp_path / "wasl.db"
    engine = connect(f"sqlite:///{database}")
    schema.migrate(engine, revision)
    rows = fill(engine)
    engine.dispose()
    env = {"WASL_DATA_DIR": str(tmp_path), "WASL_PORT": "0"}
    app = build_app(["wasl.cli.serve"])
    for words in (
        ["serve"],
        ["worker"],
        ["user", "list"],
        ["user", "add", "x"],
        ["signing", "rotate", "--reason", "x"],
    ):
        refused = CliRunner().invoke(app, words, env=env).exception
        assert isinstance(refused, StateError), (words, refused)
        assert f"at revision {revision}, this release needs {schema.latest_revision()}" in str(refused)
        made = {path.name for path in tmp_path.iterdir()} - {"wasl.db-wal", "wasl.db-shm"}
        assert made == {"wasl.db"}, "no key and no folder is made for a database that is not served"
    engine = connect(f"sqlite:///{database}")
    assert schema.current_revision(engine) == revision
    assert CliRunner().invoke(app, ["migrate"], env=env).exit_code == 0
    require_kept(engine, rows)
    engine.dispose()
