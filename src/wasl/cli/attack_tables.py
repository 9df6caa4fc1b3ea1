"""Tables of attacks: the strongest in each situation, all of them, and the linkage quality of each profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.attack.outcomes import Outcome
    from wasl.lab.self_test import LeftOut

__all__ = ["SUMMARY", "left_out_lines", "quality_table", "situation_table", "summary", "write_tables"]

Quality = dict[str, dict[str, float | None]]
"""F1 by profile and setting, None where the profile was refused."""

SUMMARY = (
    "profile",
    "who",
    "attack",
    "registers",
    "periods",
    "records",
    "overlap",
    "known",
    "T",
    "best pass",
    "any pass",
    "certain",
)
"""Headings of the table of the strongest attack in each situation."""


def summary(outcomes: list[Outcome], *, intervals: bool = False) -> list[list[object]]:
    """One row for each situation: the strongest attack in it."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        place = (
            outcome.profile,
            outcome.registers,
            outcome.population,
            outcome.overlap,
            outcome.periods,
            outcome.rounds,
            outcome.view,
            outcome.known,
        )
        groups.setdefault(place, []).append(outcome)
    return [_summary_row(found, intervals) for found in groups.values()]


def _summary_row(found: list[Outcome], intervals: bool) -> list[object]:
    worst = max(found, key=lambda each: (each.rate or 0.0, each.rate_certain or 0.0, each.claimed))
    many = worst.registers.count(" + ") + 1
    refused = worst.attack == "none"
    return [
        worst.profile,
        worst.view,
        worst.attack if worst.rate else "-",
        worst.registers if many < 3 else f"{many} registers",
        f"{worst.periods}" + (f", {worst.rounds} round" if worst.rounds else ""),
        worst.population,
        "?" if worst.overlap is None else f"{worst.overlap:.2f}",
        f"{worst.known:.0%}" if worst.known else "-",
        f"{max(each.leak for each in found):.2f}",
        worst.detail if refused else _rate(worst, intervals),
        # The largest figures of the situation, whichever attack they come from.
        "-" if refused else _share(found, "anywhere", intervals),
        "-" if refused else _share(found, "certain_persons", intervals),
    ]


def _share(found: list[Outcome], count: str, interval: bool) -> str:
    """The largest share of exposed persons by one of the counts of outcomes."""
    from wasl.attack.outcomes import wilson

    counted = [(getattr(each, count), each.exposed) for each in found if getattr(each, count) is not None]
    scored = [(named, exposed) for named, exposed in counted if exposed]
    if not scored:
        return "-"
    named, exposed = max(scored, key=lambda pair: pair[0] / pair[1])
    if not interval:
        return f"{named / exposed:.3f}"
    low, high = wilson(named, exposed)
    return f"{named / exposed:.4f} ({low:.3f}–{high:.3f})"


def _rate(outcome: Outcome, interval: bool) -> str:
    """The rate with its interval, or the number of claims if they cannot be scored."""
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
    "periods",
    "records",
    "overlap",
    "known",
    "named",
    "in any pass",
    "of",
    "rate",
    "95 %",
    "certain claims, right",
    "T",
    "runs",
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
        f"{outcome.periods} {outcome.rounds}".strip(),
        outcome.population,
        "?" if outcome.overlap is None else f"{outcome.overlap:.2f}",
        f"{outcome.known:.0%}",
        f"{outcome.claimed} claimed" if outcome.correct is None else outcome.correct,
        "?" if outcome.anywhere is None else outcome.anywhere,
        "?" if outcome.exposed is None else outcome.exposed,
        "?" if outcome.rate is None else f"{outcome.rate:.4f}",
        "" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}",
        "-" if outcome.certain is None else f"{outcome.certain}, {outcome.certain_right}",
        f"{outcome.leak:.2f}",
        outcome.runs,
        outcome.detail,
    ]


def situation_table() -> tuple[tuple[str, ...], list[list[object]]]:
    """Headings and rows: who attacks in each situation, what it holds, and what it knows."""
    from wasl.attack.situations import SITUATIONS

    return ("who", "adversary", "holds", "knows besides"), [
        [name, each.who, each.holds, each.knows] for name, each in SITUATIONS.items()
    ]


def left_out_lines(left_out: LeftOut | None) -> list[str]:
    """Lines that name the trials left out for lack of time."""
    if left_out is None or not left_out.trials:
        return []
    head = f"Not run: {len(left_out.trials)} situations did not fit in {left_out.budget:g} minutes."
    return [head, *(f"- {trial}" for trial in left_out.trials)]


def _markdown(headings: tuple[str, ...], rows: list[list[object]]) -> list[str]:
    """A table in Markdown."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def write_tables(outcomes: list[Outcome], quality: Quality, out: Path, left_out: LeftOut | None = None) -> str:
    """Write the three files; returns the digest of the JSON."""
    from wasl.attack.rate_plot import draw_rates
    from wasl.registers.exchange.digests import digest_bytes

    data = json.dumps([outcome.to_json() for outcome in outcomes], ensure_ascii=False, indent=1).encode()
    lines = [*_markdown(*situation_table()), "", *_markdown(SUMMARY, summary(outcomes, intervals=True)), ""]
    if left_out is not None and left_out.trials:
        lines += [*left_out_lines(left_out), ""]
    if quality:
        lines += [*_markdown(*quality_table(quality)), ""]
    lines += _markdown(HEADINGS, [_cells(each) for each in outcomes])
    for name, content in (
        ("attacks.json", data),
        ("attacks.md", ("\n".join(lines) + "\n").encode()),
        ("attacks.svg", draw_rates(outcomes)),
    ):
        write_whole(out / name, content)
    return digest_bytes(data)


def quality_table(quality: Quality) -> tuple[tuple[str, ...], list[list[object]]]:
    """Headings and rows: F1 by profile and setting."""
    settings = tuple(next(iter(quality.values())))
    shown = {
        name: ["refused" if f1 is None else f"{f1:.3f}" for f1 in found.values()] for name, found in quality.items()
    }
    return ("profile", *settings), [[name, *cells] for name, cells in shown.items()]
