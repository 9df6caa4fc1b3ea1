"""The confidential reports as self-contained HTML pages: risk of a file, and what protection did and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import Protection
from wasl.disclosure.report import layout, plots
from wasl.disclosure.report.areas import internal_areas
from wasl.disclosure.report.public_page import public_page, synthesis_page
from wasl.disclosure.risk.risk_report import RiskReport
from wasl.disclosure.utility.measures import UtilityReport

__all__ = ["assessment_page", "attack_tables", "internal_page", "public_page", "synthesis_page", "utility_tables"]


def assessment_page(report: RiskReport, policy: DisclosurePolicy) -> str:
    """The internal report of an assessment."""
    parts = [
        _verdict(report),
        _summary(report, None),
        layout.figure(
            "Rows by frequency of their key combination",
            plots.frequency_histogram(report.frequency, None, k=policy.thresholds.k),
        ),
        layout.figure("Individual risk", plots.risk_curve(report.risk, None)),
        _explanations(report),
    ]
    return layout.page(f"Disclosure risk under {policy.title or policy.name}", parts, confidential=True)


def internal_page(protection: Protection) -> str:
    """The confidential report of a protection: risk before and after, what was done and how it was set."""
    before, after, policy = protection.before, protection.after, protection.policy
    changes = [
        (number, change.method, ", ".join(change.variables), _plain(change.parameters), _plain(change.counts))
        for number, change in enumerate(protection.changes, 1)
    ]
    parts = [
        _verdict(after),
        _summary(before, after),
        layout.figure(
            "Rows by frequency of their key combination",
            plots.frequency_histogram(before.frequency, after.frequency, k=policy.thresholds.k),
        ),
        layout.figure("Individual risk", plots.risk_curve(before.risk, after.risk)),
        layout.heading("What was done"),
        layout.table(("step", "method", "variables", "parameters", "counts"), changes),
        _search(protection.search),
        _areas(protection),
        layout.heading("What it cost"),
        utility_tables(protection.utility),
        _numeric_risk(protection.numeric_risk),
        attack_tables(protection.attacks),
        layout.heading("Where the risk was"),
        _explanations(before),
        layout.heading("Where risk is left"),
        _explanations(after),
    ]
    return layout.page(f"Protection under {policy.title or policy.name}", parts, confidential=True)


def _areas(protection: Protection) -> Markup:
    """What every area keeps, where the policy groups areas."""
    rows = [
        (one["area"], one["name"], one["shown_as"] or "-", one["rows_before"], one["rows_after"], one["rows_shown"],
         _plain(one["detail"]))
        for one in internal_areas(protection)
    ]  # fmt: skip
    if not rows:
        return Markup()
    columns = ("area", "name", "shown as", "rows before", "rows left", "rows that show it", "share with a value")
    return layout.heading("Areas") + layout.table(columns, rows)


def _plain(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {layout.number(value) if isinstance(value, int | float) else value}" for name, value in values.items()
    )


def _verdict(report: RiskReport) -> Markup:
    if report.passed:
        return Markup('<p class="ok">All thresholds of the policy hold.</p>')
    rows = [
        (failure.rule, layout.number(failure.found), layout.number(failure.required), layout.number(failure.rows))
        for failure in report.failures
    ]
    sentence = Markup('<p class="bad">{} rules of the policy do not hold.</p>').format(len(rows))
    return sentence + layout.table(("rule", "found", "required", "rows"), rows)


def _summary(before: RiskReport, after: RiskReport | None) -> Markup:
    reports = [before] if after is None else [before, after]
    rows: list[tuple[Any, ...]] = [
        ("rows", *(layout.number(r.rows) for r in reports)),
        ("equivalence classes", *(layout.number(r.classes) for r in reports)),
        ("smallest frequency (k)", *(layout.number(r.k) for r in reports)),
    ]
    rows += [
        (f"rows below {level}", *(layout.number(r.violating[level]) for r in reports)) for level in before.violating
    ]
    rows += [
        ("expected re-identifications", *(layout.number(r.individual.expected) for r in reports)),
        ("share of rows", *(layout.share(r.individual.share) for r in reports)),
        ("largest individual risk", *(layout.number(r.individual.maximum) for r in reports)),
    ]
    if before.household is not None:
        rows.append(
            ("expected, by household", *(layout.number(r.household.expected if r.household else None) for r in reports))
        )
    for measure in before.sensitive:
        same = [next((m for m in r.sensitive if m.variable == measure.variable), None) for r in reports]
        rows.append(
            (f"{measure.variable}: least distinct l", *(layout.number(m.l_distinct if m else None) for m in same))
        )
        rows.append(
            (f"{measure.variable}: least entropy l", *(layout.number(m.l_entropy if m else None) for m in same))
        )
        rows.append((f"{measure.variable}: largest t", *(layout.number(m.t if m else None) for m in same)))
    columns = ("measure", "value") if after is None else ("measure", "before", "after")
    return layout.table(columns, rows)


def _explanations(report: RiskReport) -> Markup:
    contributions = [
        (
            name,
            layout.number(item["categories"]),
            layout.number(item["missing"]),
            layout.number(item.get("expected_without")),
            layout.number(item.get("uniques_without")),
            layout.number(item["suda_contribution"]),
        )
        for name, item in report.contributions.items()
    ]
    parts = [
        layout.table(
            ("key", "categories", "missing", "expected without it", "uniques without it", "SUDA2 share, %"),
            contributions,
            "Which key variables cause the risk",
        )
    ]
    for name, entries in report.categories.items():
        rows = [
            (str(e["category"]), layout.number(e["rows"]), layout.number(e["violating"]), layout.number(e["expected"]))
            for e in entries[:8]
        ]
        parts.append(layout.table((name, "rows", "violating", "expected re-identifications"), rows))
    riskiest = [
        (r["row"], layout.number(r["sample_frequency"]), layout.number(r["individual_risk"])) for r in report.riskiest()
    ]
    parts.append(layout.table(("row", "frequency", "individual risk"), riskiest, "Rows of highest risk"))
    return Markup("\n").join(parts)


def _search(search: dict[str, Any] | None) -> Markup:
    if search is None:
        return Markup("")
    rows = [
        (name, layout.number(value) if isinstance(value, int | float) else str(value))
        for name, value in search.items()
        if name != "runners_up"
    ]
    runners = [
        (_plain(r["levels"]), layout.number(r["score"]), layout.number(r["suppressed"]))
        for r in search.get("runners_up", [])
    ]
    return layout.table(("lattice search", "value"), rows) + layout.table(
        ("runner-up", "score", "rows suppressed"), runners
    )


def _numeric_risk(measured: Mapping[str, Any]) -> Markup:
    if not measured:
        return Markup("")
    rows = [
        ("originals within 1 % of a standard deviation", layout.share(measured["interval_1_percent"])),
        ("originals within 5 % of a standard deviation", layout.share(measured["interval_5_percent"])),
        ("nearest original is the right one", layout.share(measured["linkage"])),
    ]
    caption = f"Risk of the numbers as released: {', '.join(measured['variables'])}"
    return layout.table(("measure", "share of rows"), rows, caption)


def attack_tables(attacks: Mapping[str, Any] | None) -> Markup:
    """What attacks on a file reached, as tables."""
    if not attacks:
        return Markup("")
    rows = [
        (
            item["attack"],
            layout.share(item["main"]["value"]),
            layout.share(item["control"]["value"]) if item["control"] else "–",
            layout.share(item["naive"]["value"]) if item["naive"] else "–",
            f"{layout.share(item['risk'])} ({layout.share(item['low'])} – {layout.share(item['high'])})",
        )
        for item in attacks.get("attacks", ())
    ]
    columns = ("attack", "success", "on persons not in the file", "by guessing", "risk (95 % interval)")
    parts = [layout.heading("Attacks on the file")]
    parts.append(layout.table(columns, rows) if rows else layout.paragraph("The file was not attacked."))
    if (local := attacks.get("downcoding")) is not None:
        mixed = ", ".join(local["mixed"]) or "none"
        parts.append(layout.paragraph(f"Variables recoded at mixed levels (open to downcoding): {mixed}."))
    if (found := attacks.get("differencing")) is not None:
        sentence = (
            "Earlier releases: nothing is isolated by subtraction." if found["safe"] else "Earlier releases: UNSAFE."
        )
        parts.append(layout.paragraph(f"{sentence} Smallest joint class: {found['smallest_joint']}."))
        if found["not_compared"]:
            parts.append(
                layout.paragraph(
                    f"{found['not_compared']} earlier releases have no key in common and were not compared."
                )
            )
    return Markup("\n").join(parts)


def utility_tables(utility: UtilityReport) -> Markup:
    """Differences of original and released file, as tables and bars; confidential, because values follow from them."""
    rows = [
        (
            name,
            f"{item.categories_before} → {item.categories_after}",
            layout.share(item.detail_kept),
            layout.share(item.suppressed),
            layout.share(item.changed),
            layout.number(item.hellinger),
        )
        for name, item in utility.variables.items()
    ]
    parts = [
        layout.table(("variable", "categories", "detail kept", "suppressed", "changed", "Hellinger distance"), rows)
    ]
    if utility.numbers:
        numbers = [
            (
                name,
                layout.number(item.mean_before),
                layout.number(item.mean_after),
                layout.number(item.sd_before),
                layout.number(item.sd_after),
                layout.number(item.il1s),
                layout.number(item.overlap),
                layout.number(utility.regressions.get(name)),
            )
            for name, item in utility.numbers.items()
        ]
        columns = (
            "number",
            "mean before",
            "after",
            "sd before",
            "after",
            "IL1s",
            "interval overlap",
            "regression overlap",
        )
        parts.append(layout.table(columns, numbers))
    together: list[tuple[Any, ...]] = [
        ("suppressed cells of all categorical cells", layout.share(utility.suppressed_cells)),
        ("mean distance of two-way tables", layout.number(utility.crosstabs)),
        ("propensity score pMSE", layout.number(utility.pmse)),
        ("pMSE over its expectation by chance", layout.number(utility.pmse_ratio)),
    ]
    parts.append(layout.table(("all variables together", "value"), together))
    if utility.variables:
        kept = {name: item.detail_kept for name, item in utility.variables.items()}
        lost = {name: item.suppressed for name, item in utility.variables.items()}
        parts.append(
            layout.figure("Detail kept (entropy after recoding over entropy before)", plots.bars(kept, label="share"))
        )
        parts.append(layout.figure("Suppressed cells", plots.bars(lost, label="share of cells")))
    return Markup("\n").join(parts)
