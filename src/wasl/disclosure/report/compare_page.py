"""The comparison of scenarios as a confidential page: risk–utility map, measures in words, what each group keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from wasl.disclosure.report import layout, plots

__all__ = ["comparison_page"]


def comparison_page(comparison: Mapping[str, Any]) -> str:
    """A page from the JSON value of a comparison."""
    scenarios = [comparison["original"], *comparison["scenarios"]]
    made = [s for s in scenarios if s["risk"] is not None]
    points = {s["name"]: (s["utility"], s["risk"]) for s in made}
    parts: list[Markup] = [
        layout.figure("Risk–utility map: to the right is more useful, below is safer", plots.risk_utility_map(points)),
        layout.table(
            ("scenario", "thresholds hold", "k", "expected re-identifications", "largest risk", "utility"),
            [
                (
                    s["name"],
                    "yes" if s["passed"] else "no",
                    layout.number(s["k"]),
                    layout.share(s["risk"]),
                    layout.number(s["largest_risk"]),
                    layout.share(s["utility"]),
                )
                for s in made
            ],
        ),
    ]
    parts += [layout.paragraph(f"{s['name']} gives no file: {s['refusal']}") for s in scenarios if s["refusal"]]
    for name in comparison["dominated"]:
        parts.append(layout.paragraph(f"{name}: another scenario is at least as safe and at least as useful."))
    attacked = [s for s in made if s["linkage"] is not None]
    if attacked:
        parts += [
            layout.heading("Linkage attack"),
            layout.paragraph(
                "An intruder knows all keys of a person exactly. The first figure assumes that the person is known to "
                "be in the file, the second only that the person belongs to the population."
            ),
            layout.table(
                ("scenario", "person known to be in the file", "person of the population"),
                [
                    (
                        s["name"],
                        layout.share(s["linkage"]["in_file"]["value"]),
                        layout.share(s["linkage"]["in_population"]),
                    )
                    for s in attacked
                ],
            ),
        ]
    parts.append(layout.heading("What is kept"))
    for measure, meaning in comparison["meanings"].items():
        rows = [(s["name"], layout.number(s["kept"][measure])) for s in made]
        parts.append(layout.table((measure.replace("_", " "), "value"), rows, meaning))
    for group in made[0]["groups"]:
        parts.append(layout.heading(f"What each {group} keeps"))
        for s in made:
            cells = [
                (
                    g["group"],
                    layout.number(g["rows_before"]),
                    layout.number(g["rows_after"]),
                    layout.share(g["named"]),
                    layout.share(g["suppressed"]),
                )
                for g in s["groups"][group]
            ]
            columns = (group, "records before", "records after", "still named", "other key cells missing")
            parts.append(layout.table(columns, cells, s["name"]))
    return layout.page("Scenarios side by side", parts, confidential=True)
