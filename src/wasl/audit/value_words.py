"""Words for the codes that fields of audit events have as values: roles, states, kinds, verdicts, checks, refusals.

A code without a word of its own is shown as it is: names that people gave, digests, numbers of decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from wasl.locale import N_, Language, Messages, messages
from wasl.locale.code_words import CHECK_WORDS, FILE_WORDS, JOB_WORDS, ROLE_WORDS, STATE_WORDS, VERDICT_WORDS
from wasl.locale.sentences import Recognizer

__all__ = ["VALUE_WORDS", "say_value"]

ACT_WORDS = {
    "link": N_("linkage"),
    "resolve": N_("resolution"),
    "assemble": N_("assembly of microdata"),
    "return": N_("return to the holder"),
    "reproduce": N_("reproduction"),
    "reproduce-release": N_("reproduction of a release"),
    "reproduce-tables": N_("reproduction of tables"),
    "estimate": N_("estimation"),
    "protect": N_("protection"),
    "synthesize": N_("synthesis"),
    "tables": N_("tables"),
    "indicators": N_("indicators"),
    "publish": N_("publication"),
    "publish-tables": N_("publication of tables"),
    "merge": N_("comparison of own registers"),
    "fetch": N_("download"),
}
"""Acts that are held to an authorization."""

EXCESS_WORDS = {
    "expired": N_("expired"),
    "revoked": N_("revoked"),
    "not yet in force": N_("not yet in force"),
    "no decision stored": N_("no decision stored"),
    "project": N_("project"),
    "register": N_("register"),
    "interconnection": N_("interconnection"),
    "key": N_("key of comparison"),
    "round": N_("round"),
    "period": N_("period"),
    "retention": N_("retention in days"),
    "output": N_("kind of output"),
    "variable": N_("variable"),
    "recipient": N_("recipient"),
    "purpose": N_("purpose"),
}
"""Kinds of excess: alone, or before the colon of ``kind:name``."""

APPROVAL_WORDS = {
    "each": N_("an approver decides on each order"),
    "menu": N_("approved by the rule of the menu"),
}

REASON_WORDS = {
    "InputError": N_("The input is at fault"),
    "SchemaError": N_("The document does not hold together"),
    "RegisterError": N_("The register file cannot be read"),
    "DeliveryError": N_("The submission is malformed"),
    "KeyFileError": N_("The key is malformed"),
    "MismatchError": N_("The submissions do not belong together"),
    "ThresholdError": N_("A threshold is not met"),
    "LeakError": N_("The encoding would leak too much"),
    "PolicyError": N_("Protection cannot reach the thresholds"),
    "VerificationError": N_("A digest, signature or proof does not verify"),
    "AccessError": N_("Not allowed"),
    "AuthorizationError": N_("The authorization does not cover this"),
    "StateError": N_("Not possible in the present state"),
    "StaleError": N_("Changed by somebody else meanwhile"),
    "NotFoundError": N_("Not found"),
}
"""Kinds of error that stand as the reason of a failure, as problems of the service are titled."""

RECIPIENT_WORDS = {"public": N_("the public"), "analysts": N_("analysts"), "none named": N_("none named")}
OUTPUT_WORDS = {"microdata": N_("microdata"), "synthetic": N_("synthetic data"), "tables": N_("tables")}

VALUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "role": ROLE_WORDS,
    "token_role": ROLE_WORDS,
    "from_status": STATE_WORDS,
    "to_status": STATE_WORDS,
    "job_kind": JOB_WORDS,
    "submission_kind": FILE_WORDS,
    "verdict": VERDICT_WORDS,
    "approval": APPROVAL_WORDS,
    "approval_of_crossings": APPROVAL_WORDS,
    "failed_checks": CHECK_WORDS,
    "act": ACT_WORDS,
    "excess": EXCESS_WORDS,
    "reason": REASON_WORDS,
}
"""For each field whose values are codes, a key of the catalogues for each code."""


ERASED: Mapping[str, tuple[str, ...]] = {
    "reason": (
        N_("withdrawn by its holder"),
        N_("kept for {days} days, as its rule says"),
        N_("made from erased deliveries"),
        N_("made from erased files"),
    ),
    "rule": (
        N_("spine, links and pairs"),
        N_("unreleased microdata and tables"),
    ),
}
"""Reason and rule of a certificate of erasure: the service writes them, in English; other reasons are a person's."""


@cache
def _written(field: str) -> Recognizer:
    return Recognizer(ERASED[field])


def _say_erased(field: str, value: str, says: Messages) -> str | None:
    """A text of the service about an erasure, in a language; None for a text of a person."""
    kind, _, register = value.partition(" of ")
    if field == "rule" and register and kind in FILE_WORDS:  # a message "X of Y" would be found in any sentence
        return f"{says.text(FILE_WORDS[kind])} ({register})"
    found = _written(field).find(value) if field in ERASED else None
    return None if found is None else says.text(found[0], **found[1])


def say_value(field: str, value: str, language: Language) -> str | None:
    """The word for a code in a field; None where it is no code."""
    words = VALUE_WORDS.get(field, {})
    says = messages(language)
    if value in words:
        return says.text(words[value])
    if (erased := _say_erased(field, value, says)) is not None:
        return erased
    kind, colon, name = value.partition(":")
    if field != "excess" or not colon or kind not in words:
        return None
    named = (RECIPIENT_WORDS | OUTPUT_WORDS).get(name, "")
    return f"{says.text(words[kind])}{' : ' if language == 'fr' else ': '}{says.text(named) if named else name}"
