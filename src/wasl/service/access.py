"""Permissions: one table of roles and actions, and the rule that reads it.

Every route names its action and every use case checks it, so that a page, the API and a script share one rule. Scope is
beside the table: a token may be tied to one project, a holder's token always is, and to one register too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wasl.errors import AccessError, InputError
from wasl.locale.code_words import ROLE_WORDS

__all__ = [
    "ALL_PROJECTS",
    "ANONYMOUS",
    "INSTALLATION_WIDE",
    "NO_PROJECT",
    "PERMISSIONS",
    "PUBLIC_ACTIONS",
    "REGISTER_BOUND",
    "RESERVED_NAMES",
    "Action",
    "Actor",
    "Role",
]

RESERVED_NAMES = frozenset({"anonymous", "operator", "service", "system", "wasl", "root"})
"""Names under which the service itself, its machine or the public stand in the log; no user may have one."""

NO_PROJECT = ""
"""The project of a token that names none: it reaches no project."""

ALL_PROJECTS = "*"
"""Value of an OIDC claim for a token that reaches every project."""


class Role(StrEnum):
    """The parts people play; a token carries exactly one."""

    HOLDER = "holder"
    LINKAGE = "linkage"
    SPINE = "spine"
    REVIEWER = "reviewer"
    RELEASE = "release"
    APPROVER = "approver"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    OFFICER = "officer"
    ADMIN = "admin"


class Action(StrEnum):
    """The things a user can do."""

    PROJECT_CREATE = "project.create"
    PROJECT_READ = "project.read"
    PROJECT_CHANGE = "project.change"
    REGISTER_DECLARE = "register.declare"
    REGISTER_READ = "register.read"
    DELIVERY_SEND = "delivery.send"
    DELIVERY_READ = "delivery.read"
    DELIVERY_DOWNLOAD = "delivery.download"
    DELIVERY_WITHDRAW = "delivery.withdraw"
    JOIN_MAP_SEND = "join-map.send"
    JOIN_MAP_READ = "join-map.read"
    PAYLOAD_SEND = "payload.send"
    PAYLOAD_READ = "payload.read"
    LINKAGE_REQUEST = "linkage.request"
    LINKAGE_CANCEL = "linkage.cancel"
    LINKAGE_READ = "linkage.read"
    PAIRS_READ = "pairs.read"
    PAIRS_SEND = "pairs.send"
    REVIEW_READ = "review.read"
    REVIEW_DECIDE = "review.decide"
    SPINE_RESOLVE = "spine.resolve"
    LINKS_READ = "links.read"
    SPINE_READ = "spine.read"
    RETURN_REQUEST = "return.request"
    RETURN_READ = "return.read"
    RELEASE_PREPARE = "release.prepare"
    RELEASE_READ = "release.read"
    RISK_READ = "release.risk"
    RELEASE_INTERNAL = "release.internal"
    RELEASE_REQUEST = "release.request"
    RELEASE_APPROVE = "release.approve"
    RELEASE_REFUSE = "release.refuse"
    RELEASE_REVOKE = "release.revoke"
    RELEASE_PUBLISH = "release.publish"
    RELEASE_WITHDRAW = "release.withdraw"
    PACKAGE_READ = "package.read"
    MENU_OFFER = "menu.offer"
    MENU_OPEN = "menu.open"
    MENU_CLOSE = "menu.close"
    MENU_READ = "menu.read"
    TABLES_ORDER = "tables.order"
    TABLES_READ = "tables.read"
    TABLES_INSPECT = "tables.inspect"
    TABLES_INTERNAL = "tables.internal"
    CATALOGUE_READ = "catalogue.read"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    CHECKPOINT_SIGN = "audit.checkpoint"
    LINKAGE_REPRODUCE = "linkage.reproduce"
    RETENTION_SET = "retention.set"
    RETENTION_READ = "retention.read"
    ERASE = "retention.erase"
    OBJECTION_SEND = "objection.send"
    OBJECTION_LIST = "objection.list"
    DOSSIER_DRAW = "dossier.draw"
    DOSSIER_READ = "dossier.read"
    AUTHORIZATION_STORE = "authorization.store"
    AUTHORIZATION_READ = "authorization.read"
    USER_MANAGE = "user.manage"
    INVITATION_REDEEM = "invitation.redeem"
    WHOAMI = "whoami"
    JOB_READ = "job.read"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"
    STATUS_READ = "status.read"
    METRICS_READ = "metrics.read"


_EVERYBODY = frozenset(Role)
_H, _L, _S, _V = Role.HOLDER, Role.LINKAGE, Role.SPINE, Role.REVIEWER
_R, _P, _N, _U, _A = Role.RELEASE, Role.APPROVER, Role.ANALYST, Role.AUDITOR, Role.ADMIN
_O = Role.OFFICER

PERMISSIONS: dict[Action, frozenset[Role]] = {
    Action.PROJECT_CREATE: frozenset({_A}),
    Action.PROJECT_READ: _EVERYBODY,
    Action.PROJECT_CHANGE: frozenset({_A}),
    Action.REGISTER_DECLARE: frozenset({_A}),
    Action.REGISTER_READ: _EVERYBODY,
    Action.DELIVERY_SEND: frozenset({_H}),
    Action.DELIVERY_READ: frozenset({_H, _L, _S, _U}),
    Action.DELIVERY_DOWNLOAD: frozenset({_H, _L}),
    Action.DELIVERY_WITHDRAW: frozenset({_H}),
    Action.JOIN_MAP_SEND: frozenset({_H}),
    Action.JOIN_MAP_READ: frozenset({_H, _S, _U}),
    Action.PAYLOAD_SEND: frozenset({_H}),
    Action.PAYLOAD_READ: frozenset({_H, _R, _U}),
    Action.LINKAGE_REQUEST: frozenset({_L}),
    Action.LINKAGE_CANCEL: frozenset({_L}),
    Action.LINKAGE_READ: frozenset({_L, _S, _V, _R, _P, _U}),
    Action.PAIRS_READ: frozenset({_L}),
    Action.PAIRS_SEND: frozenset({_S}),
    Action.REVIEW_READ: frozenset({_L, _V}),
    Action.REVIEW_DECIDE: frozenset({_V}),
    Action.SPINE_RESOLVE: frozenset({_S}),
    Action.LINKS_READ: frozenset({_S}),
    Action.SPINE_READ: frozenset({_S}),
    Action.RETURN_REQUEST: frozenset({_H}),
    Action.RETURN_READ: frozenset({_H}),
    Action.RELEASE_PREPARE: frozenset({_R}),
    Action.RELEASE_READ: frozenset({_R, _P, _U}),
    Action.RISK_READ: frozenset({_R, _P, _U}),
    Action.RELEASE_INTERNAL: frozenset({_R}),
    Action.RELEASE_REQUEST: frozenset({_R}),
    Action.RELEASE_APPROVE: frozenset({_P}),
    Action.RELEASE_REFUSE: frozenset({_P}),
    Action.RELEASE_REVOKE: frozenset({_P}),
    Action.RELEASE_PUBLISH: frozenset({_R}),
    Action.RELEASE_WITHDRAW: frozenset({_R, _P}),
    Action.PACKAGE_READ: frozenset({_R, _P, _U}),
    Action.MENU_OFFER: frozenset({_R}),
    Action.MENU_OPEN: frozenset({_P}),
    Action.MENU_CLOSE: frozenset({_R, _P}),
    Action.MENU_READ: frozenset({_N, _R, _P, _U}),
    Action.TABLES_ORDER: frozenset({_N, _R}),
    Action.TABLES_READ: frozenset({_N, _R, _P, _U}),
    Action.TABLES_INSPECT: frozenset({_R, _P, _U}),
    Action.TABLES_INTERNAL: frozenset({_R, _P}),
    Action.CATALOGUE_READ: _EVERYBODY,
    Action.AUDIT_READ: frozenset({_U, _O}),
    Action.AUDIT_EXPORT: frozenset({_U}),
    Action.CHECKPOINT_SIGN: frozenset({_U, _A}),
    Action.LINKAGE_REPRODUCE: frozenset({_U}),
    Action.RETENTION_SET: frozenset({_A, _O}),
    Action.RETENTION_READ: frozenset({_A, _U, _O}),
    Action.ERASE: frozenset({_A, _O}),
    Action.DOSSIER_DRAW: frozenset({_O}),
    Action.DOSSIER_READ: frozenset({_O, _U, _A, _P}),
    Action.AUTHORIZATION_STORE: frozenset({_O}),
    Action.AUTHORIZATION_READ: frozenset({_O, _U, _A, _L, _S, _R, _P}),
    Action.OBJECTION_SEND: frozenset({_H}),
    Action.OBJECTION_LIST: frozenset({_S}),
    Action.USER_MANAGE: frozenset({_A}),
    Action.INVITATION_REDEEM: _EVERYBODY,
    Action.WHOAMI: _EVERYBODY,
    Action.JOB_READ: frozenset({_H, _L, _S, _R, _P, _N, _U, _A}),
    Action.JOB_CANCEL: frozenset({_H, _L, _S, _R, _N, _U, _A}),
    Action.JOB_RETRY: frozenset({_A}),
    Action.STATUS_READ: _EVERYBODY,
    Action.METRICS_READ: frozenset({_A, _U}),
}
"""Roles that may do each action. An action that is absent here is allowed to nobody."""

PUBLIC_ACTIONS = frozenset({Action.CATALOGUE_READ, Action.STATUS_READ, Action.INVITATION_REDEEM})
"""What needs no token."""

INSTALLATION_WIDE = frozenset({Action.USER_MANAGE})
"""What concerns every project: a token that is tied to one cannot do it."""

REGISTER_BOUND = frozenset({Role.HOLDER})
"""Roles that exist only for one register of one project."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The user of a request, the role, and the reach of the token.

    Attributes:
        name: The user's name known to the installation, or ``anonymous``.
        role: The one role of the token; None for the public.
        project: The only project it reaches, None for all, or `NO_PROJECT`.
        register: The only register it reaches, or None for all.
        token_id: Which token was shown; empty for OIDC and the public.
        issued_by: Who issued the token; the fourth eye must not have been made by the second.
    """

    name: str
    role: Role | None
    project: str | None = None
    register: str | None = None
    token_id: str = ""
    issued_by: str = ""

    def __post_init__(self) -> None:
        if self.role in REGISTER_BOUND and (not self.project or self.register is None):
            role = ROLE_WORDS[self.role]
            raise InputError(
                f"a token for the role {role} names a project and a register.", remedy="Choose both, or another role."
            )
        if self.register is not None and not self.project:
            raise InputError("a token tied to a register also names its project.")

    def check(self, action: Action, *, project: str | None = None, register: str | None = None) -> None:
        """Raise unless this actor may do this here; says nothing about whether the thing exists.

        Raises:
            AccessError: The role may not, or the token is tied to another project or register.
        """
        if action in PUBLIC_ACTIONS:
            return
        if self.role is None:
            raise AccessError("this needs a token.", remedy="Send it as 'Authorization: Bearer …'.")
        if self.project == NO_PROJECT and action is not Action.WHOAMI:
            raise AccessError(
                "this token names no project.", remedy="The issuer must set the project claim, or '*' for all projects."
            )
        if self.role not in PERMISSIONS[action]:
            role, roles = (
                ROLE_WORDS[self.role],
                ", ".join(ROLE_WORDS[one] for one in Role if one in PERMISSIONS[action]),
            )
            raise AccessError(f"only these roles may do this: {roles}. Yours is {role}.")
        if self.project is not None and action in INSTALLATION_WIDE:
            raise AccessError("this concerns every project; this token reaches one.")
        if self.project is not None and project is not None and project != self.project:
            raise AccessError("this token reaches another project.")
        if self.register is not None and register is not None and register != self.register:
            raise AccessError("this token reaches another register.")

    def can(self, action: Action, *, project: str | None = None, register: str | None = None) -> bool:
        """Whether `check` would pass."""
        try:
            self.check(action, project=project, register=register)
        except AccessError:
            return False
        return True


ANONYMOUS = Actor("anonymous", None)
"""The public."""
