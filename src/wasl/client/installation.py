"""Verbs of the client about the installation, its users and its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from wasl.client.base import Session
from wasl.client.views import Job, Token, User, WhoAmI, parsed
from wasl.errors import StateError

__all__ = ["Installation"]

JobProgress = Callable[[int, int], None]


class Installation(Session):
    """Health, users, tokens and jobs of the service."""

    def whoami(self) -> WhoAmI:
        """The user, the role and the reach of this token."""
        return parsed(WhoAmI, self.transport.json("GET", "/v1/whoami"))

    def health(self) -> dict[str, Any]:
        """That the process answers, and its release."""
        return dict(self.transport.json("GET", "/v1/health"))

    def ready(self) -> dict[str, Any]:
        """That the service can work: workers, queue, room, key, age of the last checkpoint."""
        return dict(self.transport.json("GET", "/v1/ready"))

    def metrics(self) -> str:
        """The counters of the process, for Prometheus."""
        return self.transport.text("GET", "/v1/metrics")

    def users(self) -> list[User]:
        """The users of the installation."""
        return list(self._pages("/v1/users", User))

    def user(self, name: str) -> User:
        """A user of the installation."""
        return User.parse(self.transport.json("GET", f"/v1/users/{name}"))

    def add_user(self, name: str, title: str = "") -> str:
        """Add a user."""
        return str(self.transport.json("POST", "/v1/users", {"name": name, "title": title})["id"])

    def set_disabled(self, user: User, disabled: bool) -> User:
        """Make all tokens of a user useless, or let the user in again."""
        verb = "disable" if disabled else "enable"
        return User.parse(self.transport.json("POST", f"/v1/users/{user.id}/{verb}", etag=user.etag))

    def tokens(self, user: str) -> list[Token]:
        """The tokens of a user, without their secrets."""
        return list(self._pages(f"/v1/users/{user}/tokens", Token))

    def request_token(
        self, user: str, role: str, *, project: str | None = None, register: str | None = None, days: int = 90
    ) -> Token:
        """Ask for a token for a user; ``part`` of the answer is the invitation, or its first part."""
        body = {"role": role, "project": project, "register": register, "days": days}
        return Token.parse(self.transport.json("POST", f"/v1/users/{user}/tokens", body))

    def approve_token(self, token: Token) -> Token:
        """Agree to a token another administrator asked for; ``part`` of the answer is the second part."""
        return Token.parse(self.transport.json("POST", f"/v1/tokens/{token.id}/approve", etag=token.etag))

    def revoke_token(self, token: Token) -> Token:
        """Make a token useless."""
        return Token.parse(self.transport.json("POST", f"/v1/tokens/{token.id}/revoke", etag=token.etag))

    def redeem(self, token: str, *parts: str) -> Token:
        """Redeem an invitation; ``secret`` is in this answer only."""
        return Token.parse(self.transport.json("POST", f"/v1/invitations/{token}", {"parts": list(parts)}))

    def job(self, job: str) -> Job:
        """A job."""
        return Job.parse(self.transport.json("GET", f"/v1/jobs/{job}"))

    def cancel_job(self, job: str) -> Job:
        """Ask a job to stop."""
        return Job.parse(self.transport.json("POST", f"/v1/jobs/{job}/cancel"))

    def retry_job(self, job: str) -> Job:
        """Queue a parked job again."""
        return Job.parse(self.transport.json("POST", f"/v1/jobs/{job}/retry"))

    def wait(
        self,
        job: str,
        *,
        progress: JobProgress | None = None,
        poll_seconds: float = 0.5,
        timeout_seconds: float = 86_400.0,
    ) -> Job:
        """The job once it is done.

        Raises:
            StateError: It failed, was cancelled, or takes longer than the timeout.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            found = self.job(job)
            if progress is not None:
                progress(found.percent, 100)
            if found.status == "done":
                return found
            if found.over:
                raise StateError(f"job {job} {found.status}: {found.failure}")
            if time.monotonic() > deadline:
                raise StateError(f"job {job} is still {found.status}.", remedy="Ask again later.")
            time.sleep(poll_seconds)
