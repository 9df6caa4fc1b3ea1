"""Reports as self-contained HTML pages: the internal one with risk, the public one without."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import Protection
from wasl.disclosure.report import plots
from wasl.disclosure.risk.risk_report import RiskReport
from wasl.disclosure.synthesize import Synthesis
from wasl.disclosure.utility.measures import UtilityReport

__all__ = ["assessment_page", "internal_page", "public_page", "synthesis_page"]

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)

_LAYOUT = _ENVIRONMENT.from_string(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; } caption { text-align: left; font-weight: 600; }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.confidential { background: #7a1f1f; color: #fff; padding: .4rem .8rem; }
.ok { color: #1d6b34; } .bad { color: #a02020; } figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
</style>
</head>
<body>
{% if confidential %}
<p class="confidential">Confidential: this report shows where the file is weak. It is not published.</p>
{% endif %}
<h1>{{ title }}</h1>
{{ body }}
</body>
</html>
"""
)

_TABLE = _ENVIRONMENT.from_string(
    """<table>
{% if caption %}<caption>{{ caption }}</caption>{% endif %}
<thead><tr>
{% for name in columns %}<th{% if not loop.first %} class="n"{% endif %}>{{ name }}</th>{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}<td{% if not loop.first %} class="n"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table>
"""
)


def assessment_page(report: RiskReport, policy: DisclosurePolicy) -> str:
    """The internal report of an assessment."""
    parts = [
        _verdict(report),
        _summary(report, None),
        _figure(
            "Rows by frequency of their key combination",
            plots.frequency_histogram(report.frequency, None, k=policy.thresholds.k),
        ),
        _figure("Individual risk", plots.risk_curve(report.risk, None)),
        _explanations(report),
    ]
    return _page(f"Disclosure risk under {policy.title or policy.name}", parts, confidential=True)


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
        _figure(
            "Rows by frequency of their key combination",
            plots.frequency_histogram(before.frequency, after.frequency, k=policy.thresholds.k),
        ),
        _figure("Individual risk", plots.risk_curve(before.risk, after.risk)),
        _heading("What was done"),
        _table(("step", "method", "variables", "parameters", "counts"), changes),
        _search(protection.search),
        _heading("What it cost"),
        _utility(protection.utility),
        _numeric_risk(protection.numeric_risk),
        _attacks(protection.attacks),
        _heading("Where the risk was"),
        _explanations(before),
        _heading("Where risk is left"),
        _explanations(after),
    ]
    return _page(f"Protection under {policy.title or policy.name}", parts, confidential=True)


def public_page(protection: Protection) -> str:
    """What users of the file are told: methods, suppression, information loss; no risk values."""
    public = protection.public_report()
    variables = [(item["label"], item["name"], item["role"]) for item in public["variables"]]
    methods = [(number, item["description"]) for number, item in enumerate(public["methods"], 1)]
    parts = [
        _paragraph(
            f"The file has {public['rows']:,} records. {public['rows_removed']:,} records were removed. It was "
            "protected against re-identification before release; this page says how, and what that means for analysis."
        ),
        _paragraph(f"Rules: {public['policy']['title'] or public['policy']['name']}. {public['policy']['source']}"),
        _heading("Variables"),
        _table(("label", "name", "kind"), variables),
        _heading("Methods, in order"),
        _table(("step", "description"), methods),
        _heading("Information loss"),
        _utility(protection.utility),
    ]
    return _page(protection.policy.title or protection.policy.name, parts, confidential=False)


def _page(title: str, parts: list[Markup], *, confidential: bool) -> str:
    return _LAYOUT.render(title=title, body=Markup("\n").join(parts), confidential=confidential)


def _paragraph(text: str) -> Markup:
    return Markup("<p>{}</p>").format(text)


def _heading(text: str) -> Markup:
    return Markup("<h2>{}</h2>").format(text)


def _figure(caption: str, svg: str) -> Markup:
    # The SVG is our own drawing; labels inside it were escaped by the renderer.
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(caption, Markup(svg))  # noqa: S704


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]], caption: str = "") -> Markup:
    return Markup(_TABLE.render(columns=columns, rows=rows, caption=caption))  # noqa: S704 - rendered with autoescape


def _number(value: float | None) -> str:
    if value is None or isnan(value):
        return "–"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _share(value: float | None) -> str:
    return "–" if value is None or isnan(value) else f"{value:.2%}"


def _plain(values: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {_number(value) if isinstance(value, int | float) else value}" for name, value in values.items()
    )


def _verdict(report: RiskReport) -> Markup:
    if report.passed:
        return Markup('<p class="ok">All thresholds of the policy hold.</p>')
    rows = [
        (failure.rule, _number(failure.found), _number(failure.required), _number(failure.rows))
        for failure in report.failures
    ]
    sentence = Markup('<p class="bad">{} rules of the policy do not hold.</p>').format(len(rows))
    return sentence + _table(("rule", "found", "required", "rows"), rows)


def _summary(before: RiskReport, after: RiskReport | None) -> Markup:
    reports = [before] if after is None else [before, after]
    rows: list[tuple[Any, ...]] = [
        ("rows", *(_number(r.rows) for r in reports)),
        ("equivalence classes", *(_number(r.classes) for r in reports)),
        ("smallest frequency (k)", *(_number(r.k) for r in reports)),
    ]
    rows += [(f"rows below {level}", *(_number(r.violating[level]) for r in reports)) for level in before.violating]
    rows += [
        ("expected re-identifications", *(_number(r.individual.expected) for r in reports)),
        ("share of rows", *(_share(r.individual.share) for r in reports)),
        ("largest individual risk", *(_number(r.individual.maximum) for r in reports)),
    ]
    if before.household is not None:
        rows.append(
            ("expected, by household", *(_number(r.household.expected if r.household else None) for r in reports))
        )
    for measure in before.sensitive:
        same = [next((m for m in r.sensitive if m.variable == measure.variable), None) for r in reports]
        rows.append((f"{measure.variable}: least distinct l", *(_number(m.l_distinct if m else None) for m in same)))
        rows.append((f"{measure.variable}: least entropy l", *(_number(m.l_entropy if m else None) for m in same)))
        rows.append((f"{measure.variable}: largest t", *(_number(m.t if m else None) for m in same)))
    columns = ("measure", "value") if after is None else ("measure", "before", "after")
    return _table(columns, rows)


def _explanations(report: RiskReport) -> Markup:
    contributions = [
        (
            name,
            _number(item["categories"]),
            _number(item["missing"]),
            _number(item.get("expected_without")),
            _number(item.get("uniques_without")),
            _number(item["suda_contribution"]),
        )
        for name, item in report.contributions.items()
    ]
    parts = [
        _table(
            ("key", "categories", "missing", "expected without it", "uniques without it", "SUDA2 share, %"),
            contributions,
            "Which key variables cause the risk",
        )
    ]
    for name, entries in report.categories.items():
        rows = [
            (str(e["category"]), _number(e["rows"]), _number(e["violating"]), _number(e["expected"]))  # type: ignore[arg-type]
            for e in entries[:8]
        ]
        parts.append(_table((name, "rows", "violating", "expected re-identifications"), rows))
    riskiest = [(r["row"], _number(r["sample_frequency"]), _number(r["individual_risk"])) for r in report.riskiest()]  # type: ignore[arg-type]
    parts.append(_table(("row", "frequency", "individual risk"), riskiest, "Rows of highest risk"))
    return Markup("\n").join(parts)


def _search(search: dict[str, Any] | None) -> Markup:
    if search is None:
        return Markup("")
    rows = [
        (name, _number(value) if isinstance(value, int | float) else str(value))
        for name, value in search.items()
        if name != "runners_up"
    ]
    runners = [
        (_plain(r["levels"]), _number(r["score"]), _number(r["suppressed"])) for r in search.get("runners_up", [])
    ]
    return _table(("lattice search", "value"), rows) + _table(("runner-up", "score", "rows suppressed"), runners)


def _numeric_risk(measured: Mapping[str, Any]) -> Markup:
    if not measured:
        return Markup("")
    rows = [
        ("originals within 1 % of a standard deviation", _share(measured["interval_1_percent"])),
        ("originals within 5 % of a standard deviation", _share(measured["interval_5_percent"])),
        ("nearest original is the right one", _share(measured["linkage"])),
    ]
    caption = f"Risk of the numbers as released: {', '.join(measured['variables'])}"
    return _table(("measure", "share of rows"), rows, caption)


def _attacks(attacks: Mapping[str, Any] | None) -> Markup:
    if not attacks:
        return Markup("")
    rows = [
        (
            item["attack"],
            _share(item["main"]["value"]),
            _share(item["control"]["value"]) if item["control"] else "–",
            _share(item["naive"]["value"]) if item["naive"] else "–",
            f"{_share(item['risk'])} ({_share(item['low'])} – {_share(item['high'])})",
        )
        for item in attacks["attacks"]
    ]
    columns = ("attack", "success", "on persons not in the file", "by guessing", "risk (95 % interval)")
    parts = [_heading("Attacks on the file"), _table(columns, rows)]
    if (local := attacks.get("downcoding")) is not None:
        mixed = ", ".join(local["mixed"]) or "none"
        parts.append(_paragraph(f"Variables recoded at mixed levels (open to downcoding): {mixed}."))
    if (found := attacks.get("differencing")) is not None:
        sentence = (
            "Earlier releases: nothing is isolated by subtraction." if found["safe"] else "Earlier releases: UNSAFE."
        )
        parts.append(_paragraph(f"{sentence} Smallest joint class: {found['smallest_joint']}."))
    return Markup("\n").join(parts)


def synthesis_page(synthesis: Synthesis, attacks: Mapping[str, Any], *, confidential: bool) -> str:
    """The report of a synthetic file, with or without what is confidential."""
    policy = synthesis.policy
    parts = [
        _paragraph(
            f"The file has {synthesis.table.num_rows:,} synthetic records, drawn from a statistical model "
            f"({synthesis.model}) of the data. No record is that of a person."
        ),
        _heading("Information loss"),
        _utility(synthesis.utility),
    ]
    if confidential:
        uniques = [
            ("rows equal to real sample uniques on the keys", _number(synthesis.uniques.keys)),
            ("rows equal to real sample uniques in all categories, left", _number(synthesis.uniques.whole)),
            ("rows drawn anew", _number(synthesis.uniques.replaced)),
        ]
        parts += [_heading("Real uniques"), _table(("measure", "value"), uniques), _attacks(attacks)]
    return _page(f"Synthetic file: {policy.title or policy.name}", parts, confidential=confidential)


def _utility(utility: UtilityReport) -> Markup:
    rows = [
        (
            name,
            f"{item.categories_before} → {item.categories_after}",
            _share(item.detail_kept),
            _share(item.suppressed),
            _share(item.changed),
            _number(item.hellinger),
        )
        for name, item in utility.variables.items()
    ]
    parts = [_table(("variable", "categories", "detail kept", "suppressed", "changed", "Hellinger distance"), rows)]
    if utility.numbers:
        numbers = [
            (
                name,
                _number(item.mean_before),
                _number(item.mean_after),
                _number(item.sd_before),
                _number(item.sd_after),
                _number(item.il1s),
                _number(item.overlap),
                _number(utility.regressions.get(name)),
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
        parts.append(_table(columns, numbers))
    together: list[tuple[Any, ...]] = [
        ("suppressed cells of all categorical cells", _share(utility.suppressed_cells)),
        ("mean distance of two-way tables", _number(utility.crosstabs)),
        ("propensity score pMSE", _number(utility.pmse)),
        ("pMSE over its expectation by chance", _number(utility.pmse_ratio)),
    ]
    parts.append(_table(("all variables together", "value"), together))
    if utility.variables:
        kept = {name: item.detail_kept for name, item in utility.variables.items()}
        lost = {name: item.suppressed for name, item in utility.variables.items()}
        parts.append(
            _figure("Detail kept (entropy after recoding over entropy before)", plots.bars(kept, label="share"))
        )
        parts.append(_figure("Suppressed cells", plots.bars(lost, label="share of cells")))
    return Markup("\n").join(parts)
