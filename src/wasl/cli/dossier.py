"""``wasl dossier``, ``authorize`` and ``revoke``: the file for the authority, and the decisions on it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.artifacts import write_artifacts
from wasl.cli.audit_trail import open_log, record_event
from wasl.cli.output import JsonFlag, emit, say
from wasl.errors import InputError

if TYPE_CHECKING:
    from wasl.audit.events import AuditEvent
    from wasl.compliance.facts import PassFact
    from wasl.registers.schema import RegisterSchema

__all__ = ["authorize_project", "dossier_of", "register", "revoke_decision"]


def register(app: typer.Typer) -> None:
    """Add the verbs ``dossier``, ``authorize`` and ``revoke``."""
    app.command("dossier")(dossier)
    app.command("authorize")(authorize)
    app.command("revoke")(revoke)


def dossier(
    out: Annotated[Path, typer.Option("--out", help="Folder for dossier.json and, by language, HTML and DOCX.")],
    project: Annotated[
        str, typer.Argument(help="The project, as its key names it; default: the only one in the log.")
    ] = "",
    registers: Annotated[
        list[str] | None, typer.Option("--register", help="A register that takes part: schema file or shipped name.")
    ] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="The linkage plan.")] = None,
    profile: Annotated[str, typer.Option("--profile", help="The encoding profile.")] = "guarded",
    policy: Annotated[list[str] | None, typer.Option("--policy", help="Policy of a release; repeatable.")] = None,
    tables: Annotated[list[str] | None, typer.Option("--tables", help="Specification of tables; repeatable.")] = None,
    menu: Annotated[
        list[str] | None, typer.Option("--menu", help="Menu of tables that analysts may order; repeatable.")
    ] = None,
    particulars: Annotated[
        Path | None, typer.Option("--particulars", help="TOML file with what only people know.")
    ] = None,
    attacks: Annotated[list[Path] | None, typer.Option("--attacks", help="attacks.json of `wasl attack`.")] = None,
    risk: Annotated[
        list[Path] | None, typer.Option("--risk", help="internal-report.json of `wasl protect`; repeatable.")
    ] = None,
    retention: Annotated[
        list[str] | None, typer.Option("--retention", help="REGISTER=DAYS, or DAYS for all others; repeatable.")
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option("--earlier", help="dossier.json of the version before, for the differences.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Draw up the dossier with which the authority is asked to permit a linkage (law 09-08).

    Configuration, log and measurements fill it in; what only people know is a visible hole. It lists what is asked
    for: registers, interconnections with their keys, variables, outputs. `wasl authorize` stores the decision on it.

    Example: wasl dossier simimo --register dgsn-permits --register cnss-employees --plan morocco --policy public-use
    --particulars particulars.toml --out dossier
    """
    report = dossier_of(
        project or _only_project(),
        out,
        registers=registers or [],
        plan=plan,
        profile=profile,
        policies=policy or [],
        tables=tables or [],
        menus=menu or [],
        particulars=particulars,
        attacks=attacks or [],
        risks=risk or [],
        retention=retention or [],
        earlier=earlier,
    )
    if as_json:
        emit(report)
        return
    say(f"{report['statements']} statements with their sources, {len(report['holes'])} points to complete:")
    for place in report["holes"]:
        say(f"  {place}")
    if report["version"] > 1:
        say(f"version {report['version']}: {report['added']} statements added, {report['removed']} removed")
    say(f"dossier: {out}")


def authorize(
    file: Annotated[Path, typer.Argument(help="dossier.json that was authorized.", metavar="DOSSIER")],
    decision: Annotated[str, typer.Option("--decision", help="Number of the decision.")],
    decided: Annotated[str, typer.Option("--decided", help="Day of the decision, YYYY-MM-DD.")],
    expires: Annotated[str, typer.Option("--expires", help="Last day on which it holds, YYYY-MM-DD.")],
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="What the authority struck out: register:NAME, key:NAME, variable:NAME, …"),
    ] = None,
    beside: Annotated[
        bool,
        typer.Option("--beside", help="It holds beside the decisions stored before, instead of replacing them."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Store the authority's decision on a dossier; every act that links or releases refuses what exceeds it.

    A decision replaces those stored before from its own day on; with --beside each of them covers acts by itself.

    Example: wasl authorize dossier/dossier.json --decision D-NN/2026 --decided 2026-06-01 --expires 2028-05-31
    """
    report = authorize_project(
        file,
        decision=decision,
        decided=_day("--decided", decided),
        expires=_day("--expires", expires),
        without=without or [],
        beside=beside,
    )
    if as_json:
        emit(report)
        return
    say(f"project {report['project']}: held to decision {decision} until {expires}")
    for name, value in report["scope"].items():
        said = ["+".join(one) if isinstance(one, list) else str(one) for one in value]
        said = [f"{one} {value[one]}" for one in said] if isinstance(value, dict) else said
        say(f"  {name}: {', '.join(said) or ('any' if name == 'rounds' else 'none')}")


def revoke(
    project: Annotated[str, typer.Argument(help="The project of the decision.", metavar="PROJECT")],
    decision: Annotated[str, typer.Option("--decision", help="Number of the decision.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the log for good.")],
    as_json: JsonFlag = False,
) -> None:
    """Record that the authority revoked a decision; from now on it covers no act.

    Example: wasl revoke simimo --decision D-NN/2026 --reason "letter of the authority of 3 March"
    """
    report = revoke_decision(project, decision, reason)
    if as_json:
        emit(report)
        return
    say(f"project {project}: decision {decision} is revoked; acts that no other decision covers are refused.")


def dossier_of(
    project: str,
    out: Path,
    *,
    registers: list[str],
    plan: str | None,
    profile: str,
    policies: list[str],
    tables: list[str],
    menus: list[str],
    particulars: Path | None,
    attacks: list[Path],
    risks: list[Path],
    retention: list[str],
    earlier: Path | None,
) -> dict[str, Any]:
    """Read what the dossier needs, draw it up, write it and record the event."""
    from wasl.compliance.facts import Facts, attack_figures, risk_figure
    from wasl.compliance.particulars import Particulars
    from wasl.disclosure.policy import DisclosurePolicy
    from wasl.linkage.plan import LinkagePlan
    from wasl.registers.schema import RegisterSchema
    from wasl.tables.menu import MenuSpec
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import RunOptions
    from wasl.workflow.dossier import draw_up_dossier

    schemas = [RegisterSchema.load(name) for name in registers]
    name, passes = _passes(profile, schemas)
    facts = Facts(
        project=project,
        today=datetime.now(UTC).date(),
        registers=tuple(schemas),
        plan=None if plan is None else LinkagePlan.load(plan),
        profile=name,
        passes=tuple(passes),
        policies=tuple(DisclosurePolicy.load(one) for one in policies),
        tables=tuple(TablesSpec.load(one) for one in tables),
        menus=tuple(MenuSpec.load(one) for one in menus),
        retention=dict(_rule(one) for one in retention),
        attacks=tuple(figure for path in attacks for figure in attack_figures(*_measured(path))),
        risks=tuple(risk_figure(*_measured(path)) for path in risks),
        entries=_entries(project),
        particulars=Particulars() if particulars is None else Particulars.load(particulars),
        particulars_name="particulars" if particulars is None else particulars.name,
    )
    before = None if earlier is None else _dossier(earlier)
    act = draw_up_dossier(facts, RunOptions(), earlier=before)
    files = write_artifacts(act.artifacts, out)
    record_event(act.event, project=project, subject=project)
    return {**act.report, "files": files}


def authorize_project(
    file: Path, *, decision: str, decided: date, expires: date, without: list[str], beside: bool = False
) -> dict[str, Any]:
    """Store the decision on a dossier and record the event.

    Raises:
        InputError: The dossier names no register, or something struck out is not in it.
    """
    from wasl.compliance.authorization import Authorization
    from wasl.compliance.scope import Scope
    from wasl.registers.documents import validate_document
    from wasl.settings import Settings
    from wasl.storage.local_authorizations import LocalAuthorizations
    from wasl.workflow.dossier import authorization_event

    asked = _dossier(file)
    if not asked.get("scope"):
        raise InputError(f"{file}: the dossier names no register, so it asks for nothing.", remedy="Add --register.")
    scope = validate_document(Scope, dict(asked["scope"]), str(file)).without(without)
    fields = {
        "project": asked["project"],
        "decision": decision,
        "decided": decided,
        "expires": expires,
        "dossier": asked["digest"],
        "scope": scope.model_dump(mode="json"),
    }
    if beside:
        fields["beside"] = True
    authorization = validate_document(Authorization, fields, str(file))
    LocalAuthorizations(Settings().home_dir).store(authorization)
    record_event(authorization_event(authorization), project=authorization.project, subject=authorization.project)
    return {**authorization.model_dump(mode="json"), "digest": authorization.digest}


def revoke_decision(project: str, decision: str, reason: str) -> dict[str, Any]:
    """Record the revocation of a stored decision.

    Raises:
        InputError: There is no such decision, it is revoked already, or there is no reason.
    """
    from wasl.audit.events import AuthorizationRevoked
    from wasl.settings import Settings
    from wasl.storage.held_acts import today
    from wasl.storage.local_authorizations import LocalAuthorizations

    if not reason.strip():
        raise InputError("give a reason for the revocation.")
    found = LocalAuthorizations(Settings().home_dir).find(project, decision)
    day = today().isoformat()
    event = AuthorizationRevoked(decision=decision, authorization=found.digest, revoked=day, reason=reason)
    record_event(event, project=project, subject=project)
    return {"project": project, "decision": decision, "revoked": day, "reason": reason}


def _passes(profile: str, schemas: list[RegisterSchema]) -> tuple[str, list[PassFact]]:
    """Name and passes of the encoding profile that the registers are encoded under."""
    from wasl.compliance.facts import PassFact
    from wasl.holder.composition import load_profile

    if not schemas:
        return profile, []
    loaded = load_profile(profile, schemas[0], schemas[1:])
    return f"{loaded.family}/{loaded.name}", [PassFact(one.name, tuple(one.block)) for one in loaded.passes]


def _only_project() -> str:
    """The project of this installation's log.

    Raises:
        InputError: There is none, or more than one.
    """
    found = sorted({json.loads(line).get("project", "") for line in open_log().events()} - {""})
    if len(found) != 1:
        raise InputError(
            f"the log has entries of {len(found)} projects.", remedy="Name the project: wasl dossier NAME."
        )
    return str(found[0])


def _entries(project: str) -> list[tuple[int, AuditEvent]]:
    """The entries of the project in this installation's log, with their numbers."""
    from wasl.audit.events import AuditEvent

    events = ((number, AuditEvent.from_json(json.loads(line))) for number, line in enumerate(open_log().events()))
    return [(number, event) for number, event in events if event.project == project]


def _measured(path: Path) -> tuple[Any, str]:
    """A JSON file of measurements, and its name with its digest."""
    from wasl.registers.exchange.digests import digest_bytes

    data = path.read_bytes()
    try:
        return json.loads(data), f"{path.name} ({digest_bytes(data)[:19]}…)"
    except ValueError as error:
        raise InputError(f"{path}: not JSON.", remedy="Give the .json file that the verb wrote.") from error


def _dossier(path: Path) -> dict[str, Any]:
    value, _ = _measured(path)
    if not isinstance(value, dict) or value.get("format") != "wasl-dossier/1":
        raise InputError(f"{path}: not a dossier.json of `wasl dossier`.")
    return value


def _rule(text: str) -> tuple[str, int]:
    name, _, days = text.rpartition("=")
    if not days.isdigit():
        raise InputError(f"--retention {text}: not REGISTER=DAYS.")
    return name, int(days)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: not a day written YYYY-MM-DD.") from error
