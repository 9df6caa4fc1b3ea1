"""The comparison of scenarios as a confidential page: risk–utility map, measures in words, what each group keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from wasl.disclosure.report import layout, plots
from wasl.locale import N_, Language, Messages, messages

__all__ = ["comparison_page"]

MEASURES: Mapping[str, str] = {
    "rows_kept": N_("rows kept"),
    "weight_kept": N_("weight kept"),
    "detail_kept": N_("detail kept"),
    "suppressed": N_("suppressed"),
    "margins_moved": N_("margins moved"),
    "means_moved": N_("means moved"),
    "spread_moved": N_("spread moved"),
}
"""The names of the measures of `wasl.disclosure.utility.scenarios`."""


def comparison_page(comparison: Mapping[str, Any], language: Language = "en") -> str:
    """A page in a language from the JSON value of a comparison."""
    words = messages(language)
    _ = words.text
    scenarios = [comparison["original"], *comparison["scenarios"]]
    made = [s for s in scenarios if s["risk"] is not None]
    points = {_name(s, words): (s["utility"], s["risk"]) for s in made}
    parts: list[Markup] = [
        layout.figure(
            _("Risk–utility map: to the right is more useful, below is safer"), plots.risk_utility_map(points, words)
        ),
        layout.table(
            (
                _("scenario"),
                _("thresholds hold"),
                "k",
                _("expected re-identifications"),
                _("largest risk"),
                _("utility"),
            ),
            [
                (
                    _name(s, words),
                    _("yes") if s["passed"] else _("no"),
                    layout.number(s["k"], words),
                    layout.share(s["risk"], words),
                    layout.number(s["largest_risk"], words),
                    layout.share(s["utility"], words),
                )
                for s in made
            ],
        ),
    ]
    for s in scenarios:
        if s["refusal"]:
            parts.append(layout.paragraph(_("{name} gives no file:", name=_name(s, words))))
            parts.append(layout.spoken(s["refusal"], words))
    parts += [
        layout.paragraph(_("{name}: another scenario is at least as safe and at least as useful.", name=name))
        for name in comparison["dominated"]
    ]
    parts += _attacked(made, words)
    parts.append(layout.heading(_("What is kept")))
    for measure, meaning in comparison["meanings"].items():
        rows = [(_name(s, words), layout.number(s["kept"][measure], words)) for s in made]
        named = _(MEASURES.get(measure, measure))
        parts.append(layout.table((named, _("value")), rows, words.sentence(meaning)))
    for group in made[0]["groups"]:
        parts.append(layout.heading(_("What each {group} keeps", group=group)))
        parts += [_group(s, group, words) for s in made]
    return layout.page(_("Scenarios side by side"), parts, confidential=True, words=words)


def _name(scenario: Mapping[str, Any], words: Messages) -> str:
    """The name of a scenario; the unprotected file has none of its own."""
    name = str(scenario["name"])
    return words.text(N_("original")) if name == "original" else name


def _attacked(made: Sequence[Mapping[str, Any]], words: Messages) -> list[Markup]:
    """The success of linkage by the keys and by numbers in each scenario, and a map with it."""
    _ = words.text
    attacked = [s for s in made if s["linkage"] is not None]
    if not attacked:
        return []
    parts = [
        layout.heading(_("Linkage attack")),
        layout.paragraph(
            _(
                "An intruder knows all keys of a person exactly. The first figure assumes that the person is known to "
                "be in the file, the second only that the person belongs to the population."
            )
        ),
        layout.paragraph(
            _(
                "The last figure is the share of records whose nearest original, by all numbers that are no keys, is "
                "their own."
            )
        ),
    ]
    if any(s["linkage"]["basis"] == "keys" for s in attacked):
        parts.append(
            layout.paragraph(
                _(
                    "Rows of a file without row numbers cannot be matched to the original. Its figures are expected "
                    "for a person whose record is one of those that fit. They are upper bounds where a method "
                    "changed values."
                )
            )
        )
    rows = []
    for s in attacked:
        found = s["linkage"]
        bounds = found["in_file"] or {"value": None}
        rows.append(
            (
                _name(s, words),
                layout.share(bounds["value"], words),
                layout.share(found["in_population"], words),
                layout.share(found["numbers"], words),
                _("measured") if found["basis"] == "rows" else _("expected"),
            )
        )
    head = (
        _("scenario"),
        _("person known to be in the file"),
        _("person of the population"),
        _("linked by numbers"),
        _("how found"),
    )
    parts.append(layout.table(head, rows))
    points = {
        _name(s, words): (s["utility"], s["linkage"]["in_file"]["value"])
        for s in attacked
        if s["linkage"]["in_file"] is not None
    }
    if points:
        drawn = plots.risk_utility_map(points, words, risk_name=_("success of linkage by the keys, share"))
        parts.append(layout.figure(_("Risk–utility map with the success of linkage"), drawn))
    return parts


def _group(scenario: Mapping[str, Any], group: str, words: Messages) -> Markup:
    """The parts of each category of a variable that a scenario keeps."""
    _ = words.text
    cells = [
        (
            g["group"],
            layout.number(g["rows_before"], words),
            layout.number(g["rows_after"], words),
            layout.share(g["named"], words),
            layout.share(g["suppressed"], words),
        )
        for g in scenario["groups"][group]
    ]
    columns = (group, _("records before"), _("records after"), _("still named"), _("other key cells missing"))
    return layout.table(columns, cells, _name(scenario, words))
