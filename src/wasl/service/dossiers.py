"""Dossiers and authorizations of a project: drawn up from its state and log, stored, and binding for later acts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wasl.audit.events import AuditEvent, AuthorizationRevoked
from wasl.compliance.authorization import Authorization
from wasl.compliance.facts import AttackFigure, Facts, PassFact, RiskFigure, attack_figures, risk_figure
from wasl.compliance.particulars import Particulars
from wasl.compliance.scope import Scope
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError, NotFoundError, StateError
from wasl.linkage.plan import LinkagePlan
from wasl.registers.documents import validate_document
from wasl.registers.exchange.digests import digest_json
from wasl.registers.schema import RegisterSchema
from wasl.service.access import Action
from wasl.service.artifacts import keep_artifacts
from wasl.service.documents import accept_menu, accept_policy
from wasl.service.ports import Area, Caller, Office, Reader
from wasl.service.projects import open_project
from wasl.service.records import (
    DossierFile,
    Project,
    Register,
    Release,
    RetentionRule,
    Run,
    StoredAuthorization,
    Submission,
    SubmissionKind,
    TableMenu,
)
from wasl.service.states import MenuStatus, ReleaseStatus
from wasl.tables.menu import MenuSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.dossier import authorization_event, draw_up_dossier

__all__ = ["draw_up_project_dossier", "find_dossier", "revoke_authorization", "store_authorization"]

MOST_ENTRIES = 1 << 40


def draw_up_project_dossier(
    office: Office,
    caller: Caller,
    *,
    project: str,
    particulars: Mapping[str, Any],
    attacks: Sequence[Mapping[str, Any]] = (),
    policies: Sequence[Mapping[str, Any]] = (),
    menus: Sequence[Mapping[str, Any]] = (),
) -> DossierFile:
    """Draw up the next version of a project's dossier from its registers, runs, releases, rules and log.

    Args:
        office: Surroundings.
        caller: The data-protection officer.
        project: Of which project.
        particulars: What only people know, as a document; what it leaves out is a hole.
        attacks: The content of ``attacks.json`` of ``wasl attack``.
        policies: Policies of releases to come, besides those of the project's releases; a name means the shipped one.
        menus: Menus of tables to come, besides those that the project offers.

    Raises:
        SchemaError: The particulars do not hold together.
        InputError: The attacks are not a measurement.
    """
    caller.check(Action.DOSSIER_DRAW, project=project)
    known = validate_document(Particulars, dict(particulars), "the particulars")
    figures = attack_figures(attacks, f"attacks.json ({digest_json(list(attacks))[:19]}…)") if attacks else ()
    with office.ledger.reading() as state:
        facts = _facts(state, project, known, figures, caller.at.date())
        facts = _with_plans(facts, policies, menus)
        before = _latest(state, project)
    earlier = None if before is None else dict(before.document)
    act = draw_up_dossier(facts, RunOptions(), earlier=earlier)
    files = keep_artifacts(office, Area.RELEASE, act.artifacts)
    dossier = DossierFile(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        project=project,
        number=act.result.version,
        digest=act.result.digest,
        statements=len(act.result.statements),
        holes=[hole.place for hole in act.result.holes],
        document=act.result.to_json(),
        particulars=known.model_dump(mode="json"),
        files=files,
    )
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        ledger.save(dossier, event=caller.event(act.event, project=project, subject=project))
        return ledger.get(DossierFile, dossier.id)


def store_authorization(
    office: Office,
    caller: Caller,
    *,
    project: str,
    dossier: str,
    decision: str,
    decided: dt.date,
    expires: dt.date,
    without: Sequence[str] = (),
    beside: bool = False,
) -> StoredAuthorization:
    """Store the authority's decision on a dossier; every later act of the project is held to its scope.

    Args:
        office: Surroundings.
        caller: The data-protection officer.
        project: Of which project.
        dossier: The version that was authorized.
        decision: Number of the decision.
        decided: Day of the decision.
        expires: The last day on which it holds.
        without: What the authority struck out, each as ``kind:name``.
        beside: Whether it holds beside the decisions stored before; else it replaces them from its day on.

    Raises:
        InputError: The dossier asks for nothing, or something struck out is not in it.
        SchemaError: The days are in the wrong order.
    """
    caller.check(Action.AUTHORIZATION_STORE, project=project)
    with office.ledger.reading() as state:
        found = find_dossier(state, project, dossier)
    asked = found.document.get("scope")
    if not asked:
        raise InputError("the dossier names no register, so it asks for nothing.", remedy="Declare the registers.")
    scope = validate_document(Scope, dict(asked), "the scope").without(without)
    fields = {
        "project": project,
        "decision": decision,
        "decided": decided,
        "expires": expires,
        "dossier": found.digest,
        "scope": scope.model_dump(mode="json"),
        **({"beside": True} if beside else {}),
    }
    authorization = validate_document(Authorization, fields, "the authorization")
    stored = StoredAuthorization(
        id=office.new_id(),
        created_at=caller.stamp,
        created_by=caller.actor.name,
        project=project,
        decision=decision,
        decided=decided.isoformat(),
        expires=expires.isoformat(),
        dossier=found.id,
        document=authorization.model_dump(mode="json"),
    )
    event = caller.event(authorization_event(authorization), project=project, subject=project)
    with office.ledger.writing(caller) as ledger:
        open_project(ledger, project)
        ledger.save(stored, event=event)
        return ledger.get(StoredAuthorization, stored.id)


def revoke_authorization(
    office: Office, caller: Caller, *, project: str, authorization: str, reason: str
) -> StoredAuthorization:
    """Record that the authority revoked a decision: from now on it covers no act.

    Raises:
        InputError: There is no reason.
        NotFoundError: There is no such decision in the project.
        StateError: It is revoked already.
    """
    caller.check(Action.AUTHORIZATION_STORE, project=project)
    if not reason.strip():
        raise InputError("give a reason for the revocation.")
    with office.ledger.writing(caller) as ledger:
        found = ledger.select(StoredAuthorization, id=authorization, project=project)
        if not found:
            raise NotFoundError(f"there is no authorization {authorization!r} in this project.")
        held = validate_document(Authorization, dict(found[0].document), "the authorization")
        if held.revoked is not None:
            raise StateError(f"the decision {held.decision} is revoked already.")
        day = caller.at.date()
        revoked = held.model_copy(update={"revoked": day})
        happening = AuthorizationRevoked(
            decision=held.decision, authorization=held.digest, revoked=day.isoformat(), reason=reason
        )
        event = caller.event(happening, project=project, subject=project)
        ledger.save(replace(found[0], document=revoked.model_dump(mode="json")), event=event)
        return ledger.get(StoredAuthorization, authorization)


def find_dossier(state: Reader, project: str, dossier: str) -> DossierFile:
    """The dossier, if it is one of this project.

    Raises:
        NotFoundError: It is not.
    """
    found = state.select(DossierFile, id=dossier, project=project)
    if not found:
        raise NotFoundError(f"there is no dossier {dossier!r} in project {project!r}.")
    return found[0]


def _latest(state: Reader, project: str) -> DossierFile | None:
    found = state.select(DossierFile, project=project, descending=True, limit=1)
    return found[0] if found else None


def _facts(
    state: Reader, project: str, particulars: Particulars, attacks: tuple[AttackFigure, ...], today: dt.date
) -> Facts:
    title = state.get(Project, project).title
    if particulars.title.empty and title:
        particulars = particulars.model_copy(update={"title": particulars.title.model_copy(update={"fr": title})})
    registers = [
        validate_document(RegisterSchema, dict(register.definition), f"the schema of {register.name!r}")
        for register in state.select(Register, project=project)
    ]
    runs = state.select(Run, project=project, descending=True, limit=1)
    releases = state.select(Release, project=project)
    policies = {policy.digest: policy for policy in (DisclosurePolicy.model_validate(one.policy) for one in releases)}
    menus = state.select(TableMenu, project=project, status=(MenuStatus.OFFERED, MenuStatus.OPEN))
    profile, passes = _passes(state, project)
    entries = state.log_entries(first=0, limit=MOST_ENTRIES, project=project)
    return Facts(
        project=project,
        today=today,
        registers=tuple(registers),
        plan=validate_document(LinkagePlan, dict(runs[0].plan), "the plan") if runs else None,
        profile=profile,
        passes=passes,
        policies=tuple(policies.values()),
        menus=tuple(MenuSpec.model_validate(one.menu) for one in menus),
        retention={one.register: one.days for one in state.select(RetentionRule, project=project) if not one.round},
        attacks=attacks,
        risks=tuple(_risks(releases)),
        entries=[(entry.index, AuditEvent.from_json(json.loads(entry.data))) for entry in entries],
        particulars=particulars,
    )


def _with_plans(facts: Facts, policies: Sequence[Mapping[str, Any]], menus: Sequence[Mapping[str, Any]]) -> Facts:
    """The facts with the policies and menus of what is still to come: an authorization is asked for beforehand."""
    wanted = [DisclosurePolicy.model_validate(accept_policy(one)) for one in policies]
    offered = [accept_menu(one, {})[0] for one in menus]
    known = {policy.digest: policy for policy in (*facts.policies, *wanted)}
    named = {menu.name: menu for menu in (*facts.menus, *offered)}
    return replace(facts, policies=tuple(known.values()), menus=tuple(named.values()))


def _passes(state: Reader, project: str) -> tuple[str, tuple[PassFact, ...]]:
    """The profile and the passes of the deliveries received, with the registers that have each."""
    sent = state.select(Submission, project=project, kind=SubmissionKind.DELIVERY, withdrawn=False)
    latest = {one.register: one for one in sorted(sent, key=lambda one: one.sent_at)}
    holders: dict[str, set[str]] = {}
    profiles = set()
    for register, submission in latest.items():
        profiles.add(str(submission.header.get("profile", "")))
        for summary in submission.header.get("passes", []):
            holders.setdefault(str(summary["name"]), set()).add(register)
    passes = tuple(PassFact(name, (), tuple(sorted(found))) for name, found in sorted(holders.items()))
    return ", ".join(sorted(profiles - {""})), passes


def _risks(releases: Sequence[Release]) -> Iterator[RiskFigure]:
    for one in releases:
        if one.risk and one.status is not ReleaseStatus.UNSAFE:
            try:
                yield risk_figure(one.risk, f"release {one.id}")
            except InputError:  # a synthetic file has no such figures
                continue
