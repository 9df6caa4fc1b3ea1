"""Words for the short codes that people meet on pages, in reports and in the log: roles, states, kinds, checks.

Each value is a key of the catalogues; `Messages.text` says it in a language.
"""

from __future__ import annotations

from wasl.locale.messages import N_

__all__ = ["CHECK_WORDS", "FILE_WORDS", "JOB_WORDS", "ROLE_WORDS", "STATE_WORDS", "VERDICT_WORDS"]

ROLE_WORDS = {
    "holder": N_("data holder"),
    "linkage": N_("linkage unit"),
    "spine": N_("spine keeper"),
    "reviewer": N_("reviewer"),
    "release": N_("release desk"),
    "approver": N_("approver"),
    "analyst": N_("analyst"),
    "auditor": N_("auditor"),
    "officer": N_("data-protection officer"),
    "admin": N_("administrator"),
}
"""Roles of the service."""

JOB_WORDS = {
    "score": N_("linkage"),
    "resolve": N_("resolution"),
    "protect": N_("protection"),
    "package": N_("packaging"),
    "reproduce": N_("reproduction"),
    "erase": N_("erasure"),
    "return": N_("return to the holder"),
    "tabulate": N_("tabulation"),
    "package-tables": N_("packaging of tables"),
    "compare": N_("comparison of scenarios"),
}
"""Kinds of job."""

VERDICT_WORDS = {
    "same": N_("same person"),
    "different": N_("different persons"),
    "unsure": N_("unsure"),
}
"""Verdicts of reviewers."""

FILE_WORDS = {
    "delivery": N_("delivery"),
    "join-map": N_("join map"),
    "payload": N_("payload"),
}
"""Kinds of file that a holder sends."""

CHECK_WORDS = {
    "m-above-u": N_("matches agree more than other pairs"),
    "model-fit": N_("comparisons fit the model"),
    "union-leak": N_("leak of all passes together"),
    "estimated-precision": N_("estimated precision"),
    "twins": N_("links that look like twins"),
    "possible-matches": N_("number of expected matches"),
    "few-links": N_("number of links"),
    "held-once": N_("one record per person and register"),
    "unfound-matches": N_("matches that births show"),
    "block-matches": N_("matches that blocks show"),
    "unknown-recall": N_("passes find the same matches"),
    "torn-records": N_("records whose columns fit two others"),
    "record-numbers": N_("record numbers of persons who stay"),
    "one-kind": N_("pairs that one number decides on"),
    "cluster-sizes": N_("records per person"),
    "personal-agreement": N_("agreement on personal traits"),
    "evidence": N_("evidence behind links"),
}
"""Self-checks of a linkage; the code stands in the JSON report."""

STATE_WORDS = {
    "requested": N_("requested"),
    "scored": N_("scored"),
    "resolving": N_("being resolved"),
    "resolved": N_("resolved"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
    "protecting": N_("being protected"),
    "unsafe": N_("thresholds missed"),
    "protected": N_("protected"),
    "refused": N_("refused"),
    "approved": N_("approved"),
    "publishing": N_("being published"),
    "published": N_("published"),
    "withdrawn": N_("withdrawn"),
    "queued": N_("queued"),
    "running": N_("running"),
    "done": N_("done"),
    "parked": N_("set aside"),
    "invited": N_("invitation open"),
    "active": N_("active"),
    "open": N_("open"),
    "agreed": N_("agreed"),
    "disputed": N_("disputed"),
    "revoked": N_("revoked"),
    "expired": N_("expired"),
    "disabled": N_("disabled"),
    "closed": N_("closed"),
    "purged": N_("erased"),
    "passed": N_("passed"),
    "offered": N_("offered"),
    "registers": N_("registers"),
    "interconnections": N_("interconnections"),
    "periods": N_("periods"),
    "recipients": N_("recipients"),
    "purposes": N_("purposes"),
    "retention": N_("retention in days"),
    "keys": N_("keys of comparison"),
    "rounds": N_("rounds"),
    "variables": N_("variables"),
    "outputs": N_("kinds of output"),
    "microdata": N_("microdata"),
    "synthetic": N_("synthetic data"),
    "tables": N_("tables"),
    "public": N_("the public"),
    "analysts": N_("analysts"),
}
"""States, and other words of pages."""
