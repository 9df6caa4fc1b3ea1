"""The auditor's visit report: one page on a period of the log, in French, Arabic or English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from wasl.audit.events import AuditEvent, Language
from wasl.audit.sentences import say_detail, say_event, say_kind
from wasl.locale import messages
from wasl.locale.printing import PRINTED

__all__ = ["VisitReport", "render_visit", "visit_report"]

WATCHED = (
    "AccessDenied",
    "DeliveryRejected",
    "LinkageFailed",
    "LogRecovered",
    "ProtectionFailed",
    "ProtectionRefused",
    "PublicationFailed",
    "ReleaseRefused",
    "ReleaseWithdrawn",
    "ReproductionFailed",
    "ResolutionFailed",
)
"""Kinds of event an auditor looks at one by one: refusals, failures and repairs."""
RESULTS = ("LinkageCompleted", "SpineResolved", "ProtectionApplied", "ReleasePublished", "LinkageReproduced")
"""Kinds of event that made something, with the digests that name it."""
SHOWN = 40
"""Entries shown of each list; the rest is counted. The report stays about one page."""


@dataclass(frozen=True, slots=True)
class VisitReport:
    """Counts and entries of one period of the log.

    Attributes:
        first_day: First day of the period, ISO 8601, or empty.
        last_day: Last day of the period, or empty.
        entries: Entries in the period.
        first_entry: Number of the first entry in the period, or None.
        last_entry: Number of the last entry in the period, or None.
        total: Entries of the whole log.
        by_kind: Entries by kind.
        by_actor: Entries by actor.
        by_project: Entries by project.
        watched: Refusals, failures and repairs, with their numbers.
        results: What was linked, resolved, protected, published and reproduced, with their numbers.
    """

    first_day: str
    last_day: str
    entries: int
    first_entry: int | None
    last_entry: int | None
    total: int
    by_kind: Mapping[str, int]
    by_actor: Mapping[str, int]
    by_project: Mapping[str, int]
    watched: Sequence[tuple[int, AuditEvent]] = field(repr=False)
    results: Sequence[tuple[int, AuditEvent]] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "from": self.first_day,
            "to": self.last_day,
            "entries": self.entries,
            "first_entry": self.first_entry,
            "last_entry": self.last_entry,
            "entries_of_the_log": self.total,
            "by_kind": dict(self.by_kind),
            "by_actor": dict(self.by_actor),
            "by_project": dict(self.by_project),
            "watched": [_entry(index, event) for index, event in self.watched],
            "results": [_entry(index, event) for index, event in self.results],
        }


def visit_report(entries: Iterable[tuple[int, AuditEvent]], *, first_day: str = "", last_day: str = "") -> VisitReport:
    """Sum up a period of the log.

    Args:
        entries: Every entry of the log with its number, in order.
        first_day: First day, ``2026-03-01``; empty: from the beginning.
        last_day: Last day, included; empty: to the end.
    """
    kinds: Counter[str] = Counter()
    actors: Counter[str] = Counter()
    projects: Counter[str] = Counter()
    watched: list[tuple[int, AuditEvent]] = []
    results: list[tuple[int, AuditEvent]] = []
    numbers: list[int] = []
    total = 0
    for index, event in entries:
        total += 1
        day = event.at[:10]
        if (first_day and day < first_day) or (last_day and day > last_day):
            continue
        numbers.append(index)
        kinds[event.kind] += 1
        actors[event.actor] += 1
        projects[event.project] += 1
        if event.kind in WATCHED:
            watched.append((index, event))
        if event.kind in RESULTS:
            results.append((index, event))
    return VisitReport(
        first_day,
        last_day,
        len(numbers),
        numbers[0] if numbers else None,
        numbers[-1] if numbers else None,
        total,
        dict(kinds.most_common()),
        dict(actors.most_common()),
        dict(projects.most_common()),
        watched,
        results,
    )


def _entry(index: int, event: AuditEvent) -> dict[str, Any]:
    return {"index": index, "at": event.at, "kind": event.kind, "actor": event.actor, "subject": event.subject}


WORDS: dict[str, dict[Language, str]] = {
    "title": {
        "fr": "Rapport de visite du journal",
        "ar": "تقرير زيارة السجل التدقيقي",
        "en": "Visit report on the log",
    },
    "period": {"fr": "Période", "ar": "الفترة", "en": "Period"},
    "log": {"fr": "Journal", "ar": "السجل التدقيقي", "en": "Log"},
    "state": {"fr": "État vérifié", "ar": "الحالة المتحقق منها", "en": "Verified state"},
    "entries": {"fr": "Écritures de la période", "ar": "قيود الفترة", "en": "Entries of the period"},
    "of": {"fr": "sur", "ar": "من أصل", "en": "of"},
    "by_kind": {"fr": "Par nature", "ar": "حسب النوع", "en": "By kind"},
    "by_actor": {"fr": "Par auteur", "ar": "حسب الفاعل", "en": "By actor"},
    "by_project": {"fr": "Par projet", "ar": "حسب المشروع", "en": "By project"},
    "watched": {
        "fr": "Refus, échecs et reprises",
        "ar": "الرفض والفشل والإصلاح",
        "en": "Refusals, failures and repairs",
    },
    "results": {"fr": "Résultats produits", "ar": "النتائج المنجزة", "en": "Results"},
    "none": {"fr": "Aucune écriture.", "ar": "لا يوجد أي قيد.", "en": "No entry."},
    "more": {"fr": "autres écritures", "ar": "قيود أخرى", "en": "more entries"},
    "signature": {
        "fr": "Fait à ……………… le ……………… Signature de l'auditeur :",
        "ar": "حرر بـ ……………… في ……………… توقيع المدقق:",
        "en": "Done at ……………… on ……………… Signature of the auditor:",
    },
}
"""The words of the page."""

STYLE = (
    "body{font:14px/1.45 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b2733}"
    "h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.2rem 0 .3rem}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #d5dde5;padding:.2rem .4rem;text-align:start;vertical-align:top}"
    "section.columns{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem}ol{padding-inline-start:3rem}"
    "footer{margin-top:3rem}" + PRINTED
)


def render_visit(report: VisitReport, language: Language, *, origin: str = "", state: str = "") -> str:
    """The report as one page of HTML that needs nothing else; Arabic runs from right to left.

    Args:
        report: The period.
        language: ``fr``, ``ar`` or ``en``.
        origin: Name of the log.
        state: The checkpoint the log was verified against, as a short text, or empty.
    """

    def word(name: str) -> str:
        return escape(WORDS[name][language])

    says = messages(language)
    period = f"{report.first_day or '…'} – {report.last_day or '…'}"
    facts = [(word("period"), escape(period)), (word("log"), escape(origin)), (word("state"), escape(state))]
    facts.append((word("entries"), f"{says.number(report.entries)} {word('of')} {says.number(report.total)}"))
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in facts if value)
    counts = "".join(
        f"<div><h2>{word(name)}</h2>{_counts(getattr(report, name), language, kinds=name == 'by_kind')}</div>"
        for name in ("by_kind", "by_actor", "by_project")
    )
    lists = "".join(f"<h2>{word(name)}</h2>{_list(getattr(report, name), language)}" for name in ("watched", "results"))
    direction = "rtl" if language == "ar" else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{word('title')}</title><style>{STYLE}</style></head><body><h1>{word('title')}</h1>"
        f'<table aria-label="{word("title")}">{rows}</table><section class="columns">{counts}</section>{lists}'
        f"<footer>{word('signature')}</footer></body></html>\n"
    )


def _counts(counts: Mapping[str, int], language: Language, *, kinds: bool) -> str:
    number = messages(language).number
    named = [(say_kind(name, language) if kinds else name, count) for name, count in list(counts.items())[:SHOWN]]
    shown = "".join(
        f"<tr><td><bdi>{escape(name) or '–'}</bdi></td><td>{number(count)}</td></tr>" for name, count in named
    )
    return f"<table>{shown}</table>"


def _list(entries: Sequence[tuple[int, AuditEvent]], language: Language) -> str:
    if not entries:
        return f"<p>{escape(WORDS['none'][language])}</p>"
    said = [(index, say_detail(event.at, language), say_event(event, language)) for index, event in entries[:SHOWN]]
    lines = "".join(f'<li value="{index}"><bdi>{escape(at)}</bdi> {escape(text)}</li>' for index, at, text in said)
    more = len(entries) - SHOWN
    rest = f"<p>+ {messages(language).number(more)} {escape(WORDS['more'][language])}</p>" if more > 0 else ""
    return f"<ol>{lines}</ol>{rest}"
