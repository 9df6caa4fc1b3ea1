"""The database's schema: which revision it is of, and the way up and down; unknown schemas are not touched."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from wasl.errors import StateError
from wasl.storage.tables import METADATA

__all__ = ["current_revision", "latest_revision", "migrate", "require_latest"]

MIGRATION_LOCK = 0x7761736D


def latest_revision() -> str:
    """The revision this release of wasl is written for."""
    if not _known():
        raise StateError("this installation of wasl lacks its migrations.", remedy="Install it again.")
    return _known()[0]


def current_revision(engine: sa.Engine) -> str | None:
    """The revision of the database; None when it is empty.

    Raises:
        StateError: It holds tables of wasl's names that wasl did not make, or a revision this release does not know.
    """
    with engine.connect().execution_options(wasl_reads=True) as connection:
        return _revision(connection)


def migrate(engine: sa.Engine, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to a revision (``head``, ``base`` or a name), in one transaction.

    Returns:
        The revision before and after.

    Raises:
        StateError: The schema or the revision asked for is unknown.
    """
    config = _config()
    script = ScriptDirectory.from_config(config)
    known = _known()
    if revision not in ("head", "base", *known):
        raise StateError(
            f"there is no revision {revision!r}.", remedy=f"Known: base, {', '.join(reversed(known))}, head."
        )
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        before = _revision(connection)
        config.attributes["connection"] = connection
        up = revision == "head" or (revision != "base" and _is_after(script, revision, before))
        (command.upgrade if up else command.downgrade)(config, revision)
        return before, MigrationContext.configure(connection).get_current_revision()


def require_latest(engine: sa.Engine) -> None:
    """Refuse a database of another revision than this release's.

    Raises:
        StateError: Says which is found and which is needed.
    """
    found, needed = current_revision(engine), latest_revision()
    if found != needed:
        raise StateError(
            f"the database is at revision {found or 'none'}, this release needs {needed}.",
            remedy="Make a backup, then run `wasl migrate`.",
        )


def _revision(connection: sa.Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in _known():
        raise StateError(
            f"the database is at revision {revision!r}, which this release of wasl does not know.",
            remedy="Install the release that made it, or a newer one.",
        )
    if revision is None:
        foreign = sorted(set(sa.inspect(connection).get_table_names()) & set(METADATA.tables))
        if foreign:
            raise StateError(
                f"the database holds tables that wasl did not make: {', '.join(foreign)}.",
                remedy="Give wasl a database of its own.",
            )
    return revision


@cache
def _known() -> tuple[str, ...]:
    """The revisions of this release, the newest first; read from its files once for a process."""
    return tuple(item.revision for item in ScriptDirectory.from_config(_config()).walk_revisions())


def _is_after(script: ScriptDirectory, revision: str, before: str | None) -> bool:
    older = {item.revision for item in script.walk_revisions(head=revision)}
    return before is None or (before in older and before != revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
