"""Sessions of the console: kept by the SHA-256 of their id, never by the id itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from wasl.storage.tables import sessions

__all__ = ["SessionTable", "StoredSession"]


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A signed-in browser.

    Attributes:
        id_hash: SHA-256 of the id in the cookie, hexadecimal.
        user, role, project, register: Who it is, in which role, and how far the role reaches.
        token_id: The token it was opened with; empty for OIDC.
        issued_by: Who issued that token.
        opened_at, seen_at, confirmed_at: When it was opened, last used, and when the user last proved who he is;
            seconds since 1970.
    """

    id_hash: str
    user: str
    role: str
    project: str | None
    register: str | None
    token_id: str
    issued_by: str
    opened_at: float
    seen_at: float
    confirmed_at: float


class SessionTable:
    """The stored sessions."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, session: StoredSession, *, forget_before: float) -> None:
        """Keep a session; sessions that were opened before a time are deleted with it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.opened_at < forget_before))
            connection.execute(sa.insert(sessions).values(**asdict(session)))

    def find(self, id_hash: str) -> StoredSession | None:
        """The session with this hash, or None."""
        with self._engine.connect().execution_options(wasl_reads=True) as connection:
            row = connection.execute(sa.select(sessions).where(sessions.c.id_hash == id_hash)).one_or_none()
        return None if row is None else StoredSession(**row._mapping)

    def touch(self, id_hash: str, *, seen_at: float) -> None:
        """Note when a session was last used."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.id_hash == id_hash).values(seen_at=seen_at))

    def replace(self, id_hash: str, new_hash: str, *, confirmed_at: float) -> None:
        """Give a session another id, and note that its user proved who he is."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(sessions)
                .where(sessions.c.id_hash == id_hash)
                .values(id_hash=new_hash, confirmed_at=confirmed_at, seen_at=confirmed_at)
            )

    def remove(self, id_hash: str) -> None:
        """End a session."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.id_hash == id_hash))

    def of_user(self, user: str) -> list[StoredSession]:
        """The sessions of a user, the one used last first."""
        wanted = sa.select(sessions).where(sessions.c.user == user).order_by(sessions.c.seen_at.desc())
        with self._engine.connect().execution_options(wasl_reads=True) as connection:
            return [StoredSession(**row._mapping) for row in connection.execute(wanted)]

    def remove_of_user(self, user: str, id_hash: str) -> bool:
        """End a session if it is this user's; gives whether there was such a one."""
        wanted = sa.delete(sessions).where(sessions.c.user == user, sessions.c.id_hash == id_hash)
        with self._engine.begin() as connection:
            return connection.execute(wanted).rowcount > 0

    def remove_all(self, user: str) -> int:
        """End every session of a user; gives how many there were."""
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(sessions).where(sessions.c.user == user)).rowcount
