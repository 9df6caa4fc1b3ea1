"""Messages of a page after an act: the fault, its reason and the remedy, or that it went well.

The service's own errors are English sentences with values in them. `wasl.locale` recognizes them and says them in the
language of the page, below the title of their kind. A sentence of another program is shown as it is, marked as English.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from wasl import errors
from wasl.locale import N_, Messages
from wasl.locale.pages import begun, isolated
from wasl.web.console.field_labels import label_of_field
from wasl.web.console.forms import NAMING_FIELDS, PageFault
from wasl.web.problems import HttpProblem

__all__ = ["NOTICES", "UNDER_WAY", "Saying", "say_error", "say_problem"]

NOTICES = {
    "signed-out": N_("You are signed out."),
    "session-ended": N_("The session has ended."),
    "signed-out-everywhere": N_("You are signed out on every machine."),
    "session-over": N_("Your session has ended. Sign in again; nothing was changed."),
    "confirmed": N_("Thank you. You can act now."),
    "decided": N_("Your decision is recorded."),
    "taken-back": N_("Your decision is taken back; decide again."),
    "run-asked": N_("The linkage is requested. This page shows its progress."),
    "run-cancelled": N_("The service will stop this work."),
    "return-asked": N_("The return is being prepared. You find it on the page of your register."),
    "resolution-asked": N_("The resolution is requested. This page shows its progress."),
    "reproduction-asked": N_("The reproduction is requested."),
    "release-asked": N_("The file is being assembled and protected."),
    "menu-offered": N_("The menu is offered. Another person must open it."),
    "menu-opened": N_("The menu is open for orders."),
    "menu-closed": N_("The menu is closed."),
    "tables-ordered": N_("The tables are ordered. This page shows their progress."),
    "tables-approved": N_("The tables are approved."),
    "tables-refused": N_("The tables are refused."),
    "tables-publishing": N_("The tables are being packaged and signed."),
    "tables-withdrawn": N_("The tables are withdrawn. Their place in the catalogue says so."),
    "requested": N_("Publication is requested. An approver decides."),
    "approved": N_("The release is approved."),
    "refused": N_("The release is refused."),
    "revoked": N_("The approval is taken back."),
    "publishing": N_("The release is being packaged and signed."),
    "withdrawn": N_("The release is withdrawn. Its place in the catalogue says so."),
    "file-withdrawn": N_(
        "The file is withdrawn; with a delivery, its join map and its payload are, too. Later runs use none of them."
    ),
    "file-received": N_("The file is received and checked."),
    "objections-received": N_("The objections are recorded. Later files leave these persons out."),
    "project-opened": N_("The project is open."),
    "project-changed": N_("The project is changed."),
    "register-declared": N_("The register is declared."),
    "user-added": N_("The user is added. Now ask for a token."),
    "user-disabled": N_("The user is disabled; none of the user's tokens works."),
    "user-enabled": N_("The user is enabled."),
    "token-revoked": N_("The token is revoked."),
    "rule-set": N_("The retention rule is set."),
    "dossier-drawn": N_("The dossier is drawn up."),
    "authorization-revoked": N_("The revocation is recorded. The decision covers no act any more."),
    "authorization-stored": N_("The decision is stored. What exceeds it is refused from now on."),
    "erasure-asked": N_("The erasure is requested. Its certificates appear in the log."),
    "job-queued": N_("The job is queued again."),
    "checkpoint-signed": N_("The log is signed."),
}
"""Messages that a page shows once after an act, by their name in the address."""

UNDER_WAY = frozenset(
    {
        "run-asked",
        "resolution-asked",
        "reproduction-asked",
        "release-asked",
        "tables-ordered",
        "publishing",
        "tables-publishing",
    }
)
"""Those that say of work that it is under way: a page that knows its work shows them no longer than the work takes."""

KINDS: dict[type[errors.WaslError], tuple[str, str]] = {
    errors.SchemaError: (N_("The document does not hold together"), N_("Correct the places that are named below.")),
    errors.DeliveryError: (N_("The file is malformed"), N_("Encode the register again and send the new file.")),
    errors.MismatchError: (N_("The files do not belong together"), N_("Check project, register and round.")),
    errors.ThresholdError: (N_("A threshold is not met"), N_("Change the policy, or protect again.")),
    errors.PolicyError: (N_("Protection cannot reach the thresholds"), N_("Change the policy.")),
    errors.VerificationError: (N_("A digest, signature or proof does not verify"), N_("Tell the auditor.")),
    errors.AccessError: (N_("This is not allowed"), N_("Ask the administrator if you need this permission.")),
    errors.StaleError: (
        N_("Somebody changed this meanwhile"),
        N_("Open the page again, read what changed, and decide anew."),
    ),
    errors.StateError: (N_("This is not possible now"), N_("Open the page again: it shows the present state.")),
    errors.NotFoundError: (N_("There is no such thing here"), N_("Start again from the menu.")),
    errors.InputError: (N_("The input is at fault"), N_("Correct it and send it again.")),
    errors.WaslError: (N_("The request cannot be served"), N_("Go back and try again.")),
}
"""Title and general remedy of each kind of error."""

STATUSES = {
    400: (N_("The request cannot be read"), N_("Go back and try again.")),
    401: (N_("You are not signed in"), N_("Sign in, then open the page again.")),
    403: (N_("This is not allowed"), N_("Ask the administrator if you need this permission.")),
    404: (N_("There is no such page"), N_("Start again from the menu.")),
    405: (N_("This page takes no such request"), N_("Start again from the menu.")),
    408: (N_("The request took too long"), N_("Send it again.")),
    410: (N_("This was withdrawn"), N_("Look into the catalogue for a later release.")),
    413: (N_("The request is too large"), N_("Send less, or use the command line.")),
    415: (N_("The request is of another kind"), N_("Go back and try again.")),
    422: (N_("The input is at fault"), N_("Correct it and send it again.")),
    429: (N_("There were too many requests"), N_("Wait a minute, then try again.")),
    500: (
        N_("Something went wrong inside the service; nothing was changed"),
        N_("Tell the administrator the number of the request."),
    ),
    502: (N_("Another service does not answer"), N_("Try again later.")),
    507: (N_("There is no room left on the disk"), N_("Tell the administrator.")),
}


@dataclass(frozen=True, slots=True)
class Saying:
    """A fault in the reader's language.

    Attributes:
        status: HTTP status.
        title: What happened.
        reason: Why; empty where the title says all.
        remedy: What to do.
        detail: The error's own English words, where no catalogue has them.
    """

    status: int
    title: str
    reason: str = ""
    remedy: str = ""
    detail: str = ""

    @classmethod
    def of_status(cls, status: int, language: Messages) -> Saying:
        """The message for an HTTP status."""
        title, remedy = STATUSES.get(status, STATUSES[HTTPStatus.BAD_REQUEST])
        return cls(status, language.text(title), remedy=language.text(remedy))

    @classmethod
    def of_fault(cls, fault: PageFault, language: Messages) -> Saying:
        """The message for a fault of a request to a page."""
        title, remedy = STATUSES.get(fault.status, STATUSES[HTTPStatus.BAD_REQUEST])
        values = {name: isolated(language, value) for name, value in fault.values.items()}
        if fault.message in NAMING_FIELDS:
            values["name"] = label_of_field(fault.values["name"], language)
        return cls(
            fault.status,
            language.text(title),
            begun(language.text(fault.message, **values)),
            language.text(fault.remedy or remedy),
        )


def say_error(error: errors.WaslError, status: int, language: Messages) -> Saying:
    """The message for an error of the service."""
    title, remedy = next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)
    reason = _known(error.message, language)
    advice = _known(error.remedy, language) if error.remedy else ""
    detail = "" if reason else error.message
    return Saying(status, language.text(title), reason, advice or language.text(remedy), detail)


def say_problem(problem: HttpProblem, language: Messages) -> Saying:
    """The message for a problem of HTTP itself."""
    general = Saying.of_status(problem.status, language)
    reason = _known(problem.detail, language)
    advice = _known(problem.remedy, language) if problem.remedy else ""
    return Saying(problem.status, general.title, reason, advice or general.remedy, "" if reason else problem.detail)


def _known(sentence: str, language: Messages) -> str:
    """The sentence in the language, or empty where it is of no catalogue."""
    return begun(language.known(sentence, isolate=language.direction == "rtl") or "")
