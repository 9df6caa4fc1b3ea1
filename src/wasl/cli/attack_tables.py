"""Tables of attacks: the worst of each delivery, all of them, and what the profiles link."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.attack.outcomes import Outcome

__all__ = ["SUMMARY", "summary", "worth_table", "write_tables"]

Worth = dict[str, dict[str, float | None]]
"""F1 by profile and setting, None where the profile was refused."""

SUMMARY = (
    "profile",
    "registers",
    "records",
    "overlap",
    "T",
    "no known pairs",
    "attack",
    "pairs known",
    "told blocks",
    "joined",
)
"""Headings of the table of worst attacks."""


def summary(outcomes: list[Outcome], *, intervals: bool = False) -> list[list[object]]:
    """One row per delivery attacked: the worst attack of each view."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        place = (outcome.profile, outcome.registers, outcome.population, outcome.overlap)
        groups.setdefault(place, []).append(outcome)
    rows: list[list[object]] = []
    for (profile, registers, population, overlap), found in groups.items():
        worst = {
            name: max(members, key=lambda outcome: (outcome.rate or 0.0, outcome.claimed))
            for name in ("linkage", "known", "told", "joined")
            if (members := [outcome for outcome in found if _kind(outcome) == name])
        }
        linkage = worst.get("linkage", found[0])
        rows.append(
            [
                profile,
                registers,
                population,
                "?" if overlap is None else f"{overlap:.2f}",
                f"{found[0].leak:.2f}",
                linkage.detail if linkage.attack == "none" else _rate(linkage, intervals),
                linkage.attack if linkage.rate else "-",
                *(_rate(worst[name], intervals) if name in worst else "-" for name in ("known", "told", "joined")),
            ]
        )
    return rows


def _kind(outcome: Outcome) -> str:
    """The view, and in the linkage view whether pairs were known beforehand."""
    return "known" if outcome.view == "linkage" and outcome.attack.startswith("extension") else outcome.view


def _rate(outcome: Outcome, interval: bool) -> str:
    """The rate with its interval, or what was claimed where it cannot be scored."""
    from wasl.attack.outcomes import wilson

    if outcome.rate is None or outcome.correct is None or outcome.exposed is None:
        return f"{outcome.claimed:,} claimed, not scored"
    if not interval:
        return f"{outcome.rate:.3f}"
    low, high = wilson(outcome.correct, outcome.exposed)
    return f"{outcome.rate:.4f} ({low:.3f}–{high:.3f})"


HEADINGS = (
    "profile",
    "view",
    "attack",
    "registers",
    "records",
    "overlap",
    "named",
    "in any pass",
    "of",
    "rate",
    "95 %",
    "T",
    "",
)


def _cells(outcome: Outcome) -> list[object]:
    value = outcome.to_json()
    interval = value["interval"]
    return [
        outcome.profile,
        outcome.view,
        outcome.attack,
        outcome.registers,
        outcome.population,
        "?" if outcome.overlap is None else f"{outcome.overlap:.2f}",
        f"{outcome.claimed} claimed" if outcome.correct is None else outcome.correct,
        "?" if outcome.anywhere is None else outcome.anywhere,
        "?" if outcome.exposed is None else outcome.exposed,
        "?" if outcome.rate is None else f"{outcome.rate:.4f}",
        "" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}",
        f"{outcome.leak:.2f}",
        outcome.detail,
    ]


def _markdown(headings: tuple[str, ...], rows: list[list[object]]) -> list[str]:
    """A table in Markdown."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def write_tables(outcomes: list[Outcome], worth: Worth, out: Path) -> str:
    """Write the three files; returns the digest of the JSON."""
    from wasl.attack.rate_plot import draw_rates
    from wasl.registers.exchange.digests import digest_bytes

    data = json.dumps([outcome.to_json() for outcome in outcomes], ensure_ascii=False, indent=1).encode()
    lines = [*_markdown(SUMMARY, summary(outcomes, intervals=True)), ""]
    if worth:
        lines += [*_markdown(*worth_table(worth)), ""]
    lines += _markdown(HEADINGS, [_cells(each) for each in outcomes])
    for name, content in (
        ("attacks.json", data),
        ("attacks.md", ("\n".join(lines) + "\n").encode()),
        ("attacks.svg", draw_rates(outcomes)),
    ):
        write_whole(out / name, content)
    return digest_bytes(data)


def worth_table(worth: Worth) -> tuple[tuple[str, ...], list[list[object]]]:
    """Headings and rows: F1 by profile and setting."""
    settings = tuple(next(iter(worth.values())))
    shown = {name: ["refused" if f1 is None else f"{f1:.3f}" for f1 in found.values()] for name, found in worth.items()}
    return ("profile", *settings), [[name, *cells] for name, cells in shown.items()]
