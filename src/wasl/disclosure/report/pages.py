"""The confidential reports as self-contained HTML pages: risk of a file, and what protection did and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from wasl.disclosure.methods.steps.step import Change
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import Protection
from wasl.disclosure.report import layout, plots
from wasl.disclosure.report.areas import internal_areas
from wasl.disclosure.report.attack_tables import attack_tables
from wasl.disclosure.report.public_page import public_page, synthesis_page
from wasl.disclosure.report.sentences import sentence
from wasl.disclosure.report.utility_tables import utility_tables
from wasl.disclosure.risk.risk_report import RiskReport
from wasl.locale import N_, Language, Messages, messages

__all__ = ["assessment_page", "internal_page", "public_page", "synthesis_page"]

SEARCHED: Mapping[str, str] = {
    "objective": N_("objective"),
    "levels": N_("levels chosen"),
    "score": N_("score"),
    "suppressed": N_("rows suppressed"),
    "classes": N_("equivalence classes"),
    "nodes": N_("combinations in all"),
    "checked": N_("combinations checked"),
    "pruned_by_monotonicity": N_("left out because a coarser or finer one decides"),
    "pruned_by_bound": N_("left out because a better one was known"),
}
"""The figures of a lattice search, by their names in the JSON."""


def assessment_page(report: RiskReport, policy: DisclosurePolicy, language: Language = "en") -> str:
    """The internal report of an assessment, in a language."""
    words = messages(language)
    _ = words.text
    parts = [
        _verdict(report, words),
        _summary(report, None, words),
        layout.figure(
            _("Rows by frequency of their key combination"),
            plots.frequency_histogram(report.frequency, None, k=policy.thresholds.k, words=words),
        ),
        layout.figure(_("Individual risk"), plots.risk_curve(report.risk, None, words)),
        _explanations(report, words),
    ]
    title = _("Disclosure risk under {policy}", policy=words.sentence(policy.title) or policy.name)
    return layout.page(title, parts, confidential=True, words=words)


def internal_page(protection: Protection, language: Language = "en") -> str:
    """The confidential report of a protection, in a language: risk before and after, what was done, how it was set."""
    words = messages(language)
    _ = words.text
    before, after, policy = protection.before, protection.after, protection.policy
    changes = [
        (
            number,
            _described(change, words),
            change.method,
            words.list(list(change.variables)) if change.variables else "",
            _plain(change.parameters, words),
            _plain(change.counts, words),
        )
        for number, change in enumerate(protection.changes, 1)
    ]
    parts = [
        _verdict(after, words),
        _summary(before, after, words),
        layout.figure(
            _("Rows by frequency of their key combination"),
            plots.frequency_histogram(before.frequency, after.frequency, k=policy.thresholds.k, words=words),
        ),
        layout.figure(_("Individual risk"), plots.risk_curve(before.risk, after.risk, words)),
        layout.heading(_("What was done")),
        layout.table((_("step"), _("description"), _("method"), _("variables"), _("parameters"), _("counts")), changes),
        _search(protection.search, words),
        _areas(protection, words),
        layout.heading(_("What it cost")),
        utility_tables(protection.utility, words),
        _numeric_risk(protection.numeric_risk, words),
        attack_tables(protection.attacks, words),
        layout.heading(_("Where the risk was")),
        _explanations(before, words),
        layout.heading(_("Where risk is left")),
        _explanations(after, words),
    ]
    title = _("Protection under {policy}", policy=words.sentence(policy.title) or policy.name)
    return layout.page(title, parts, confidential=True, words=words)


def _described(change: Change, words: Messages) -> str:
    """The sentence about a step; "no effect" for one that changed nothing."""
    return sentence(change, words.language) if change.took_effect else words.text(N_("no effect"))


def _areas(protection: Protection, words: Messages) -> Markup:
    """What every area keeps, where the policy groups areas."""
    _ = words.text
    rows = [
        (
            one["area"],
            one["name"],
            one["shown_as"] or "–",
            layout.number(one["rows_before"], words),
            layout.number(one["rows_after"], words),
            layout.number(one["rows_shown"], words),
            _plain(one["detail"], words),
        )
        for one in internal_areas(protection)
    ]
    if not rows:
        return Markup()
    columns = (
        _("area"),
        _("name"),
        _("shown as"),
        _("rows before"),
        _("rows left"),
        _("rows that show it"),
        _("share with a value"),
    )
    return layout.heading(_("Areas")) + layout.table(columns, rows)


def _plain(values: Mapping[str, Any], words: Messages) -> str:
    """Parameters or counts by their names in the policy."""
    return "، ".join(_pairs(values, words)) if words.language == "ar" else ", ".join(_pairs(values, words))


def _pairs(values: Mapping[str, Any], words: Messages) -> list[str]:
    return [f"{name} {_value(value, words)}" for name, value in values.items()]


def _value(value: object, words: Messages) -> str:
    if isinstance(value, bool):
        return words.text(N_("yes")) if value else words.text(N_("no"))
    return layout.number(value, words) if isinstance(value, int | float) else str(value)


def _verdict(report: RiskReport, words: Messages) -> Markup:
    _ = words.text
    if report.passed:
        return Markup('<p class="ok">{}</p>').format(_("All thresholds of the policy hold."))
    rows = [
        (
            failure.rule,
            layout.number(failure.found, words),
            layout.number(failure.required, words),
            layout.number(failure.rows, words),
        )
        for failure in report.failures
    ]
    _n = words.plural
    text = _n("One rule of the policy does not hold.", "{count} rules of the policy do not hold.", len(rows))
    return Markup('<p class="bad">{}</p>').format(text) + layout.table(
        (_("rule"), _("found"), _("required"), _("rows")), rows
    )


def _summary(before: RiskReport, after: RiskReport | None, words: Messages) -> Markup:
    _ = words.text
    reports = [before] if after is None else [before, after]

    def numbers(*values: object) -> tuple[str, ...]:
        return tuple(layout.number(value, words) for value in values)

    rows: list[tuple[Any, ...]] = [
        (_("rows"), *numbers(*(r.rows for r in reports))),
        (_("equivalence classes"), *numbers(*(r.classes for r in reports))),
        (_("smallest frequency (k)"), *numbers(*(r.k for r in reports))),
    ]
    rows += [
        (_("rows below {level}", level=level), *numbers(*(r.violating[level] for r in reports)))
        for level in before.violating
    ]
    rows += [
        (_("expected re-identifications"), *numbers(*(r.individual.expected for r in reports))),
        (_("share of rows"), *(layout.share(r.individual.share, words) for r in reports)),
        (_("largest individual risk"), *numbers(*(r.individual.maximum for r in reports))),
    ]
    if before.household is not None:
        expected = (r.household.expected if r.household else None for r in reports)
        rows.append((_("expected, by household"), *numbers(*expected)))
    for measure in before.sensitive:
        name = measure.variable
        same = [next((m for m in r.sensitive if m.variable == name), None) for r in reports]
        rows += [
            (_("{variable}: least distinct l", variable=name), *numbers(*(m.l_distinct if m else None for m in same))),
            (_("{variable}: least entropy l", variable=name), *numbers(*(m.l_entropy if m else None for m in same))),
            (_("{variable}: largest t", variable=name), *numbers(*(m.t if m else None for m in same))),
        ]
    columns = (_("measure"), _("value")) if after is None else (_("measure"), _("before"), _("after"))
    return layout.table(columns, rows)


def _explanations(report: RiskReport, words: Messages) -> Markup:
    """The keys and categories that cause the risk, and the rows of highest risk."""
    _ = words.text
    contributions = [
        (
            name,
            layout.number(item["categories"], words),
            layout.number(item["missing"], words),
            layout.number(item.get("expected_without"), words),
            layout.number(item.get("uniques_without"), words),
            layout.number(item["suda_contribution"], words),
        )
        for name, item in report.contributions.items()
    ]
    columns = (
        _("key"),
        _("categories"),
        _("missing"),
        _("expected without it"),
        _("uniques without it"),
        _("SUDA2 share, %"),
    )
    parts = [layout.table(columns, contributions, _("Which key variables cause the risk"))]
    for name, entries in report.categories.items():
        rows = [
            (str(e["category"]), *(layout.number(e[what], words) for what in ("rows", "violating", "expected")))
            for e in entries[:8]
        ]
        parts.append(layout.table((name, _("rows"), _("violating"), _("expected re-identifications")), rows))
    riskiest = [
        (r["row"], layout.number(r["sample_frequency"], words), layout.number(r["individual_risk"], words))
        for r in report.riskiest()
    ]
    parts.append(layout.table((_("row"), _("frequency"), _("individual risk")), riskiest, _("Rows of highest risk")))
    return Markup("\n").join(parts)


def _search(search: dict[str, Any] | None, words: Messages) -> Markup:
    """The best node of the lattice search, and the next best."""
    if search is None:
        return Markup("")
    _ = words.text
    rows = [
        (_(SEARCHED.get(name, name)), _plain(value, words) if isinstance(value, Mapping) else _value(value, words))
        for name, value in search.items()
        if name != "runners_up"
    ]
    runners = [
        (_plain(r["levels"], words), layout.number(r["score"], words), layout.number(r["suppressed"], words))
        for r in search.get("runners_up", [])
    ]
    return layout.table((_("lattice search"), _("value")), rows) + layout.table(
        (_("runner-up"), _("score"), _("rows suppressed")), runners
    )


def _numeric_risk(measured: Mapping[str, Any], words: Messages) -> Markup:
    if not measured:
        return Markup("")
    _ = words.text
    rows = [
        (_("originals within 1 % of a standard deviation"), layout.share(measured["interval_1_percent"], words)),
        (_("originals within 5 % of a standard deviation"), layout.share(measured["interval_5_percent"], words)),
        (_("nearest original is the right one"), layout.share(measured["linkage"], words)),
    ]
    caption = _("Risk of the numbers as released: {variables}", variables=words.list(list(measured["variables"])))
    return layout.table((_("measure"), _("share of rows")), rows, caption)
