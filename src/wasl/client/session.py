"""The service's verbs as methods."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from wasl.client.transport import Progress, Transport
from wasl.client.views import (
    Authorization,
    Decision,
    Dossier,
    Job,
    Project,
    Published,
    Register,
    Release,
    Remote,
    RetentionRule,
    ReviewPair,
    Run,
    Submission,
    TableMenu,
    TableOrder,
    Token,
    User,
    WhoAmI,
)
from wasl.errors import StateError
from wasl.registers.schema import RegisterSchema

__all__ = ["Client"]

PARQUET = "application/vnd.apache.parquet"
PLURALS = {"delivery": "deliveries", "join-map": "join-maps", "payload": "payloads"}
R = TypeVar("R", bound=Remote)
JobProgress = Callable[[int, int], None]


class Client:
    """A session with the service under one token, or as the public without one.

    >>> with Client("https://wasl.example.ma", token) as client:  # doctest: +SKIP
    ...     client.send_delivery("simimo", "cnss-employees", Path("delivery.parquet"))
    """

    def __init__(self, address: str, token: str = "", *, transport: Transport | None = None) -> None:
        self.transport = transport or Transport(address, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    # Who, and the installation

    def whoami(self) -> WhoAmI:
        """The user, the role and the reach of this token."""
        return WhoAmI(**self.transport.json("GET", "/v1/whoami"))

    def add_user(self, name: str, title: str = "") -> str:
        """Add a user."""
        return str(self.transport.json("POST", "/v1/users", {"name": name, "title": title})["id"])

    def users(self) -> list[User]:
        """The users of the installation."""
        return list(self._pages("/v1/users", User))

    def set_disabled(self, user: User, disabled: bool) -> User:
        """Make all tokens of a user useless, or let the user in again."""
        verb = "disable" if disabled else "enable"
        return User.parse(self.transport.json("POST", f"/v1/users/{user.id}/{verb}", etag=user.etag))

    def tokens(self, user: str) -> list[Token]:
        """The tokens of a user, without their secrets."""
        return list(self._pages(f"/v1/users/{user}/tokens", Token))

    def revoke_token(self, token: Token) -> Token:
        """Make a token useless."""
        return Token.parse(self.transport.json("POST", f"/v1/tokens/{token.id}/revoke", etag=token.etag))

    def health(self) -> dict[str, Any]:
        """That the process answers, and its release."""
        return dict(self.transport.json("GET", "/v1/health"))

    def ready(self) -> dict[str, Any]:
        """That the service can work: workers, queue, room, key, age of the last checkpoint."""
        return dict(self.transport.json("GET", "/v1/ready"))

    def metrics(self) -> str:
        """The counters of the process, for Prometheus."""
        return self.transport.text("GET", "/v1/metrics")

    def request_token(
        self, user: str, role: str, *, project: str | None = None, register: str | None = None, days: int = 90
    ) -> Token:
        """Ask for a token for a user; ``part`` of the answer is the invitation, or its first part."""
        body = {"role": role, "project": project, "register": register, "days": days}
        return Token.parse(self.transport.json("POST", f"/v1/users/{user}/tokens", body))

    def approve_token(self, token: Token) -> Token:
        """Agree to a token another administrator asked for; ``part`` of the answer is the second part."""
        return Token.parse(self.transport.json("POST", f"/v1/tokens/{token.id}/approve", etag=token.etag))

    def redeem(self, token: str, *parts: str) -> Token:
        """Redeem an invitation; ``secret`` is in this answer only."""
        return Token.parse(self.transport.json("POST", f"/v1/invitations/{token}", {"parts": list(parts)}))

    # Projects and what holders send

    def create_project(self, name: str, title: str) -> None:
        """Open a project."""
        self.transport.json("POST", "/v1/projects", {"name": name, "title": title})

    def projects(self) -> list[Project]:
        """The projects this token reaches."""
        return list(self._pages("/v1/projects", Project))

    def project(self, name: str) -> Project:
        """A project."""
        return Project.parse(self.transport.json("GET", f"/v1/projects/{name}"))

    def change_project(self, project: Project, *, title: str | None = None, closed: bool | None = None) -> Project:
        """Change a project's title, close it or open it again."""
        body = {"title": title, "closed": closed}
        path = f"/v1/projects/{project.id}"
        return Project.parse(self.transport.json("PATCH", path, body, etag=project.etag))

    def registers(self, project: str) -> list[Register]:
        """The registers of a project."""
        return list(self._pages(f"/v1/projects/{project}/registers", Register))

    def register(self, project: str, register: str) -> Register:
        """A register with its schema."""
        return Register.parse(self.transport.json("GET", f"/v1/projects/{project}/registers/{register}"))

    def set_retention(self, project: str, days: int, *, register: str = "", round_name: str = "") -> None:
        """Set how long files are kept."""
        body = {"register": register, "round": round_name, "days": days}
        self.transport.json("POST", f"/v1/projects/{project}/retention-rules", body)

    def retention_rules(self, project: str) -> list[RetentionRule]:
        """The retention rules of a project."""
        return list(self._pages(f"/v1/projects/{project}/retention-rules", RetentionRule))

    def send_objections(self, project: str, register: str, records: Sequence[str]) -> None:
        """Send record ids of persons who object."""
        path = f"/v1/projects/{project}/registers/{register}/objections"
        self.transport.json("POST", path, {"records": list(records)})

    def erasures(self, project: str) -> dict[str, Any]:
        """The files due for erasure, the schedule, and the erasures so far."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/erasures"))

    def request_erasure(self, project: str) -> Job:
        """Ask that files withdrawn or past their retention be deleted."""
        return Job.parse(self.transport.json("POST", f"/v1/projects/{project}/erasures"))

    def draw_up_dossier(
        self,
        project: str,
        particulars: Mapping[str, Any],
        *,
        attacks: Sequence[Mapping[str, Any]] = (),
        policies: Sequence[Mapping[str, Any]] = (),
        menus: Sequence[Mapping[str, Any]] = (),
    ) -> Dossier:
        """Draw up the next version of the project's dossier."""
        body = {
            "particulars": dict(particulars),
            "attacks": [dict(one) for one in attacks],
            "policies": [dict(one) for one in policies],
            "menus": [dict(one) for one in menus],
        }
        return Dossier.parse(self.transport.json("POST", f"/v1/projects/{project}/dossiers", body))

    def dossiers(self, project: str) -> list[Dossier]:
        """The versions of the project's dossier."""
        return list(self._pages(f"/v1/projects/{project}/dossiers", Dossier))

    def download_dossier(self, project: str, dossier: str, name: str, out: Path) -> str:
        """Save a file of a dossier (``dossier.fr.docx``)."""
        return self.transport.download(f"/v1/projects/{project}/dossiers/{dossier}/{name}", out)

    def store_authorization(
        self, project: str, dossier: str, *, decision: str, decided: str, expires: str, without: Sequence[str] = ()
    ) -> Authorization:
        """Store the authority's decision on a dossier."""
        body = {
            "dossier": dossier,
            "decision": decision,
            "decided": decided,
            "expires": expires,
            "without": list(without),
        }
        return Authorization.parse(self.transport.json("POST", f"/v1/projects/{project}/authorizations", body))

    def authorizations(self, project: str) -> list[Authorization]:
        """The authorizations stored for a project; the last one holds."""
        return list(self._pages(f"/v1/projects/{project}/authorizations", Authorization))

    def declare_register(self, project: str, schema: RegisterSchema, *, signer: str = "") -> None:
        """Declare a register by its schema."""
        body = {"definition": schema.model_dump(mode="json", by_alias=True), "signer": signer}
        self.transport.json("POST", f"/v1/projects/{project}/registers", body)

    def send_delivery(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a delivery."""
        return self._send(project, register, "deliveries", file, progress)

    def send_join_map(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a join map, to the spine keeper's installation."""
        return self._send(project, register, "join-maps", file, progress)

    def send_payload(self, project: str, register: str, file: Path, progress: Progress | None = None) -> Submission:
        """Send a payload."""
        return self._send(project, register, "payloads", file, progress)

    def submissions(self, project: str, register: str, kind: str = "deliveries") -> list[Submission]:
        """The submissions of one kind: ``deliveries``, ``join-maps`` or ``payloads``."""
        return list(self._pages(f"/v1/projects/{project}/registers/{register}/{kind}", Submission))

    def submission(self, project: str, register: str, submission: str, kind: str = "deliveries") -> Submission:
        """One submission."""
        path = f"/v1/projects/{project}/registers/{register}/{kind}/{submission}"
        return Submission.parse(self.transport.json("GET", path))

    def withdraw(self, submission: Submission) -> Submission:
        """Take a submission back: nothing uses it from then on."""
        plural = PLURALS[submission.kind]
        path = f"/v1/projects/{submission.project}/registers/{submission.register}/{plural}/{submission.id}/withdraw"
        return Submission.parse(self.transport.json("POST", path, etag=submission.etag))

    def download_delivery(self, project: str, register: str, submission: str, out: Path) -> str:
        """Fetch the file of a delivery."""
        path = f"/v1/projects/{project}/registers/{register}/deliveries/{submission}/file"
        return self.transport.download(path, out)

    def _send(self, project: str, register: str, plural: str, file: Path, progress: Progress | None) -> Submission:
        path = f"/v1/projects/{project}/registers/{register}/{plural}"
        return Submission.parse(self.transport.upload(path, file, PARQUET, progress))

    # Linkage

    def request_linkage(
        self, project: str, plan: Mapping[str, Any], *, deliveries: Sequence[str] = (), onto: str = ""
    ) -> Run:
        """Ask for a run."""
        body = {"plan": dict(plan), "deliveries": list(deliveries), "onto": onto}
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs", body))

    def import_pairs(self, project: str, plan: str, file: Path) -> Run:
        """Begin a run with pairs scored elsewhere; the plan as JSON text (strong mode)."""
        path = f"/v1/projects/{project}/pairs"
        return Run.parse(self.transport.upload(path, file, PARQUET, params={"plan": plan}))

    def run(self, project: str, run: str) -> Run:
        """A run."""
        return Run.parse(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}"))

    def runs(self, project: str) -> list[Run]:
        """The project's runs."""
        return list(self._pages(f"/v1/projects/{project}/linkage-runs", Run))

    def cancel_run(self, project: str, run: str) -> Run:
        """Ask the job of a run to stop."""
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/cancel"))

    def decisions(self, project: str, run: str) -> list[Decision]:
        """Decisions: a reviewer sees the own ones, the linkage unit all."""
        return list(self._pages(f"/v1/projects/{project}/linkage-runs/{run}/decisions", Decision))

    def report(self, project: str, run: str) -> dict[str, Any]:
        """A run's report."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}/report"))

    def review_queue(self, project: str, run: str, state: str | None = None) -> list[ReviewPair]:
        """The masked pairs to review."""
        params = {} if state is None else {"state": state}
        return list(self._pages(f"/v1/projects/{project}/linkage-runs/{run}/review-queue", ReviewPair, params))

    def decide(self, project: str, run: str, pair: str, verdict: str) -> None:
        """Say whether a pair is one person: ``same``, ``different`` or ``unsure``."""
        body = {"pair": pair, "verdict": verdict}
        self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/decisions", body)

    def request_resolution(self, project: str, run: str) -> Run:
        """Ask for the spine."""
        return Run.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/resolution"))

    def request_reproduction(self, project: str, run: str) -> Job:
        """Ask that a run be repeated and the spines compared."""
        return Job.parse(self.transport.json("POST", f"/v1/projects/{project}/linkage-runs/{run}/reproduction"))

    def download_run(self, project: str, run: str, what: str, out: Path, progress: Progress | None = None) -> str:
        """Fetch ``pairs``, ``links``, ``conflicts`` or ``spine`` of a run."""
        return self.transport.download(f"/v1/projects/{project}/linkage-runs/{run}/{what}", out, progress)

    def request_return(self, project: str, run: str, register: str) -> Job:
        """Ask for what a holder gets back about its own records."""
        path = f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}"
        return Job.parse(self.transport.json("POST", path))

    def holder_return(self, project: str, run: str, register: str) -> dict[str, Any]:
        """The summary of a return: linked records, agreement, duplicates, missing values, earlier rounds."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}"))

    def download_return(self, project: str, run: str, register: str, out: Path) -> str:
        """Fetch a return, for `wasl open`."""
        return self.transport.download(f"/v1/projects/{project}/linkage-runs/{run}/returns/{register}/file", out)

    # Releases

    def prepare_release(
        self,
        project: str,
        *,
        run: str,
        title: str,
        specification: Mapping[str, Any],
        policy: Mapping[str, Any],
        description: Mapping[str, Any],
        seed: int | None = None,
    ) -> Release:
        """Ask for protected microdata."""
        body = {
            "run": run,
            "title": title,
            "specification": dict(specification),
            "policy": dict(policy),
            "description": dict(description),
            "seed": seed,
        }
        return Release.parse(self.transport.json("POST", f"/v1/projects/{project}/releases", body))

    def release(self, project: str, release: str) -> Release:
        """A release."""
        return Release.parse(self.transport.json("GET", f"/v1/projects/{project}/releases/{release}"))

    def releases(self, project: str) -> list[Release]:
        """The releases of a project."""
        return list(self._pages(f"/v1/projects/{project}/releases", Release))

    def download_release(self, project: str, release: str, what: str, out: Path) -> str:
        """Fetch the ``protected`` file or the ``package`` of a release."""
        return self.transport.download(f"/v1/projects/{project}/releases/{release}/{what}", out)

    def published(self, release: str) -> Published:
        """A published release; needs no token."""
        return Published.parse(self.transport.json("GET", f"/v1/catalogue/{release}"))

    def risk(self, project: str, release: str) -> dict[str, Any]:
        """The confidential report of a release."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/releases/{release}/risk"))

    def step(self, release: Release, step: str, body: Mapping[str, Any] | None = None) -> Release:
        """Take a release a step on: see docs/service.md, "The way of a release"."""
        path = f"/v1/projects/{release.project}/releases/{release.id}/{step}"
        return Release.parse(self.transport.json("POST", path, dict(body or {}), etag=release.etag))

    # Tables on demand

    def offer_menu(
        self,
        project: str,
        *,
        run: str,
        title: str,
        specification: Mapping[str, Any],
        menu: Mapping[str, Any],
        hierarchies: Mapping[str, str] | None = None,
    ) -> TableMenu:
        """Prepare a menu of tables; another person opens it."""
        body = {
            "run": run,
            "title": title,
            "specification": dict(specification),
            "menu": dict(menu),
            "hierarchies": dict(hierarchies or {}),
        }
        return TableMenu.parse(self.transport.json("POST", f"/v1/projects/{project}/table-menus", body))

    def menus(self, project: str) -> list[TableMenu]:
        """The menus of tables of a project."""
        return list(self._pages(f"/v1/projects/{project}/table-menus", TableMenu))

    def menu(self, project: str, menu: str) -> TableMenu:
        """A menu of tables."""
        return TableMenu.parse(self.transport.json("GET", f"/v1/projects/{project}/table-menus/{menu}"))

    def open_menu(self, menu: TableMenu) -> TableMenu:
        """Open a menu for orders."""
        path = f"/v1/projects/{menu.project}/table-menus/{menu.id}/open"
        return TableMenu.parse(self.transport.json("POST", path, etag=menu.etag))

    def close_menu(self, menu: TableMenu, reason: str) -> TableMenu:
        """Close a menu, with the reason."""
        path = f"/v1/projects/{menu.project}/table-menus/{menu.id}/close"
        return TableMenu.parse(self.transport.json("POST", path, {"reason": reason}, etag=menu.etag))

    def order_tables(
        self,
        project: str,
        menu: str,
        *,
        table: str = "",
        dimensions: Sequence[str] = (),
        measure: str = "",
        title: str = "",
    ) -> TableOrder:
        """Order a table of a menu, or a free crossing of its dimensions."""
        body = {"menu": menu, "table": table, "dimensions": list(dimensions), "measure": measure, "title": title}
        return TableOrder.parse(self.transport.json("POST", f"/v1/projects/{project}/tables", body))

    def table_orders(self, project: str) -> list[TableOrder]:
        """The orders of tables: an analyst sees the own ones."""
        return list(self._pages(f"/v1/projects/{project}/tables", TableOrder))

    def table_order(self, project: str, order: str) -> TableOrder:
        """An order of tables."""
        return TableOrder.parse(self.transport.json("GET", f"/v1/projects/{project}/tables/{order}"))

    def tables_report(self, project: str, order: str) -> dict[str, Any]:
        """The confidential report of an order."""
        return dict(self.transport.json("GET", f"/v1/projects/{project}/tables/{order}/report"))

    def step_tables(self, order: TableOrder, step: str, reason: str = "") -> TableOrder:
        """Take an order a step on: protect, approve, refuse, revoke, publish or withdraw."""
        path = f"/v1/projects/{order.project}/tables/{order.id}/{step}"
        return TableOrder.parse(self.transport.json("POST", path, {"reason": reason}, etag=order.etag))

    def download_tables(self, project: str, order: str, what: str, out: Path) -> str:
        """Fetch the answer (``file``), the ``internal`` files or the ``package`` of an order."""
        return self.transport.download(f"/v1/projects/{project}/tables/{order}/{what}", out)

    def catalogue(self) -> list[Published]:
        """The published releases; needs no token."""
        return list(self._pages("/v1/catalogue", Published))

    def download_published(self, release: str, out: Path, progress: Progress | None = None) -> str:
        """Fetch the package of a published release; needs no token."""
        return self.transport.download(f"/v1/catalogue/{release}/package", out, progress)

    # Jobs

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

    # Audit

    def entries(self, first: int = 0, **where: str) -> Iterator[dict[str, Any]]:
        """The log's entries from a number on."""
        following: int | None = first
        while following is not None:
            page = self.transport.json("GET", "/v1/audit/entries", params={"first": following, **where})
            yield from page["items"]
            following = page["next"]

    def checkpoint(self, *, sign: bool = False) -> str:
        """The latest signed checkpoint, or a fresh one."""
        return self.transport.text("POST" if sign else "GET", "/v1/audit/checkpoint")

    def prove_inclusion(self, index: int) -> dict[str, Any]:
        """An entry of the log with the proof that it is there."""
        return dict(self.transport.json("GET", "/v1/audit/proofs/inclusion", params={"index": index}))

    def prove_consistency(self, old_size: int) -> dict[str, Any]:
        """The proof that the log only grew since it had so many entries."""
        return dict(self.transport.json("GET", "/v1/audit/proofs/consistency", params={"old_size": old_size}))

    def log_key(self) -> str:
        """The public key of the log."""
        return str(self.transport.json("GET", "/v1/audit/key")["verifier"])

    def export_log(self, out: Path) -> str:
        """Fetch the log for `wasl audit verify`."""
        return self.transport.download("/v1/audit/export", out)

    def _pages(self, path: str, kind: type[R], params: Mapping[str, Any] | None = None) -> Iterator[R]:
        cursor = ""
        while True:
            asked = {"limit": 200, **(params or {}), **({"cursor": cursor} if cursor else {})}
            page = self.transport.json("GET", path, params=asked)
            for item in page["items"]:
                yield kind.parse(item)
            cursor = page["next"] or ""
            if not cursor:
                return
