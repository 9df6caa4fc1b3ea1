"""Messages of a page after an act: the fault, its reason and the remedy, or that it went well.

The service's own errors are English sentences with values in them. Those that users of the console meet are listed
here with their messages. An error that is not listed is shown in English below a general message of its kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from wasl import errors
from wasl.locale import N_, Messages
from wasl.web.console.forms import PageFault
from wasl.web.problems import HttpProblem

__all__ = ["NOTICES", "Saying", "say_error", "say_problem"]

NOTICES = {
    "signed-out": N_("You are signed out."),
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
    "requested": N_("Publication is requested. An approver decides."),
    "approved": N_("The release is approved."),
    "refused": N_("The release is refused."),
    "revoked": N_("The approval is taken back."),
    "publishing": N_("The release is being packaged and signed."),
    "withdrawn": N_("The release is withdrawn. Its place in the catalogue says so."),
    "file-withdrawn": N_("The file is withdrawn. Later runs do not use it."),
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
    "authorization-stored": N_("The decision is stored. What exceeds it is refused from now on."),
    "erasure-asked": N_("The erasure is requested. Its certificates appear in the log."),
    "job-queued": N_("The job is queued again."),
    "checkpoint-signed": N_("The log is signed."),
}
"""Messages that a page shows once after an act, by their name in the address."""

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
    errors.InputError: (N_("The input is at fault"), N_("Go back, correct it and send it again.")),
    errors.WaslError: (N_("The request cannot be served"), N_("Go back and try again.")),
}
"""Title and general remedy of each kind of error."""

SENTENCES: list[tuple[str, str]] = [
    (
        r"whoever prepared, protected or requested a release cannot decide on it\.",
        N_("Whoever prepared, protected or requested a release cannot decide on it. Another person must decide."),
    ),
    (r"give a reason for the step '.*'\.", N_("Give a reason. It stands in the log for good.")),
    (
        r"the project '(?P<name>.*)' is closed\.",
        N_("The project “{name}” is closed. An administrator can open it again."),
    ),
    (r"this token is not valid \(any more\)\.", N_("This token is not valid, or not any more. Ask the administrator.")),
    (r"this token is not valid\.", N_("This token is not valid. Sign in again.")),
    (r"the Authorization header is not .*", N_("This token is not valid, or not any more. Ask the administrator.")),
    (r"this user is disabled\.", N_("This user is disabled. Ask the administrator.")),
    (r"the role (?P<role>\S+) may not do (?P<action>\S+)\.", N_("The role “{role}” does not include “{action}”.")),
    (r"this token reaches another (project|register)\.", N_("You signed in for another project or register.")),
    (r"this token names no project\.", N_("You signed in for no project.")),
    (
        r"\S+ concerns every project; this token reaches one\.",
        N_("This concerns every project, and you signed in for one."),
    ),
    (r"you have decided on this pair already\.", N_("You have decided on this pair already.")),
    (r"you have not decided on this pair\.", N_("You have not decided on this pair.")),
    (
        r"another reviewer decided otherwise on this pair, and that is shown\.",
        N_("Another reviewer decided otherwise on this pair, and that is shown. A third reviewer settles it."),
    ),
    (
        r"run \S+ is \S+; pairs are reviewed between scoring and resolution\.",
        N_("Pairs are reviewed between scoring and resolution; this run is not there, or not any more."),
    ),
    (r"run \S+ is \S+; only a scored run can be resolved\.", N_("Only a scored run can be resolved.")),
    (
        r"the join map of (?P<names>.*) is missing for the delivery that was linked\.",
        N_("The join map of {names} is missing for the delivery that was linked. Its holder must send it."),
    ),
    (r"there is no delivery to link\.", N_("There is no delivery to link. Wait until the holders have sent theirs.")),
    (r"run \S+ has no spine yet\.", N_("This run is not resolved yet.")),
    (
        r"a release that is \S+ cannot take the step '.*'\.",
        N_("The release is in another state now, in which this step is not possible."),
    ),
    (
        r"nobody grants himself a role\.",
        N_("Nobody asks for a token for himself. Another administrator must ask for it."),
    ),
    (
        r"whoever asked for a token, or is to have it, cannot approve it\.",
        N_("Whoever asked for a token, or is to have it, cannot approve it. Another administrator must approve."),
    ),
    (
        r"this is the last administrator: .*",
        N_("This is the last administrator. Give another person the role first."),
    ),
    (
        r"this invitation is not valid \(any more\)\.",
        N_("This invitation is not valid, or was used before. Ask your administrators for a new one."),
    ),
    (
        r"a project's name is made of .*",
        N_("A project's name is made of a–z, 0–9 and “-”, 63 characters at most."),
    ),
    (
        r"a user's name is made of .*",
        N_("A user's name is made of a–z, 0–9, “.”, “_”, “@” and “-”, 63 characters at most."),
    ),
    (r"a token for the role 'holder' names .*", N_("A holder's token names a project and a register.")),
    (
        r"record id (?P<place>\d+) of the list is not one of .*",
        N_("Record id number {place} of the list is not one: 32 hexadecimal digits are expected."),
    ),
    (r"a list of objections has .*", N_("Give between 1 and 10,000 record ids, one a line.")),
    (
        r"this (?:delivery|join-map|payload) was withdrawn and stays withdrawn\.",
        N_("This file was withdrawn and stays withdrawn. Encode the register again."),
    ),
    (
        r"this (?:delivery|join-map|payload) was made before the last one that was accepted\.",
        N_("This file was made before the last one that was accepted. Encode the register again."),
    ),
    (
        r"the (?:delivery|join map|payload) was made for another (?:project|register|schema)\.",
        N_("This file was made for another project, register or schema. Encode it for the one declared here."),
    ),
    (
        r"the file is larger than the .* bytes this service takes\.",
        N_("The file is larger than this service takes."),
    ),
    (r"there is no room for another file\.", N_("There is no room for another file. Tell the administrator.")),
    (r"the body is not what its Content-Digest says\.", N_("The file arrived damaged. Send it again.")),
    (r"too many requests\.", N_("There were too many requests. Wait a minute.")),
]
"""Sentences of the service's errors, as patterns, and the message for each."""

_PATTERNS = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), key) for pattern, key in SENTENCES]

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
    422: (N_("The input is at fault"), N_("Go back, correct it and send it again.")),
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
        detail: The error's own English words, where no message stands for them.
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
        return cls(
            fault.status,
            language.text(title),
            language.text(fault.message, **fault.values),
            language.text(fault.remedy or remedy),
        )


def say_error(error: errors.WaslError, status: int, language: Messages) -> Saying:
    """The message for an error of the service."""
    title, remedy = next(KINDS[kind] for kind in type(error).__mro__ if kind in KINDS)
    known = _known(error.message, language)
    detail = "" if known else " ".join(filter(None, (error.message, error.remedy)))
    return Saying(status, language.text(title), known, language.text(remedy), detail)


def say_problem(problem: HttpProblem, language: Messages) -> Saying:
    """The message for a problem of HTTP itself."""
    general = Saying.of_status(problem.status, language)
    known = _known(problem.detail, language)
    return Saying(problem.status, general.title, known, general.remedy, "" if known else problem.detail)


def _known(sentence: str, language: Messages) -> str:
    """The message for a sentence, or empty."""
    for pattern, key in _PATTERNS:
        found = pattern.fullmatch(sentence)
        if found:
            return language.text(key, **found.groupdict())
    return ""
