"""A linkage's report, and a review's waterfalls, as pages of HTML that need nothing else; never an encoding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import log2
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from wasl.linkage.comparison.patterns import MISSING, read_pattern
from wasl.linkage.model.match_model import PassModel
from wasl.linkage.quality import charts
from wasl.locale import N_, Language, Messages, messages
from wasl.locale.code_words import CHECK_WORDS
from wasl.locale.pages import said
from wasl.locale.printing import PRINTED
from wasl.registers.known_names import known_as

__all__ = ["render_report", "render_review"]

WATERFALLS = 6
NOT_KNOWN, PERSONS = N_("not known"), N_("persons")
SHARE, PROBABILITY = N_("share of true pairs"), N_("probability")
WORDS = (
    N_("f1"),
    N_("missing"),
    N_("equal"),
    N_("different"),
    N_("same"),
    N_("unlike"),
    N_("level {level} of {levels}"),
)
CLASSES = (N_("match"), N_("match with errors"), N_("relatives"), N_("twins"), N_("rest"))
"""The classes of pairs of `wasl.linkage.model`."""
STAGES = (N_("layout"), N_("counting"), N_("model"), N_("scoring"), N_("resolution"))
CHANGES = (N_("left"), N_("merged"), N_("moved"), N_("new"), N_("split"))
"""Words of the report and of comparisons that the templates and charts take by name."""
AXES = (0.0, 0.5, 0.8, 0.9, 0.95)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("wasl.linkage.quality"), autoescape=select_autoescape(["html"]), undefined=StrictUndefined
    )
    # As the language writes numbers: in a text from right to left a blank would turn the groups of digits round.
    environment.filters["count"] = pass_context(lambda context, value: context["words"].number(value))
    environment.filters["decimals"] = pass_context(
        lambda context, value, digits: context["words"].number(value, digits)
    )
    environment.filters["known_as"] = pass_context(lambda context, name: known_as(name, context["words"]))
    environment.filters["check"] = pass_context(_check)
    environment.filters["percent"] = pass_context(_percent)
    environment.filters["said"] = pass_context(lambda context, text: said(context["words"], text))
    environment.globals["printed"] = PRINTED
    return environment.get_template(name)


def _check(context: Context, name: str) -> str:
    """The words for a check; a check of another release of wasl has its name."""
    words: Messages = context["words"]
    return words.text(CHECK_WORDS[name]) if name in CHECK_WORDS else name


def _percent(context: Context, value: float | None) -> str:
    words: Messages = context["words"]
    return words.text(NOT_KNOWN) if value is None else words.percent(value, 2)


def render_report(report: Mapping[str, Any], language: Language = "en") -> str:
    """A report (of scored pairs, or of a resolution, perhaps with an evaluation) as a page of HTML in a language."""
    words = messages(language)
    models = [PassModel.from_json(item) for item in report.get("model", [])]
    passes = []
    for model, flow in zip(models, report["passes"], strict=False):
        passes.append(
            {
                **flow,
                "model": model,
                "histogram": Markup(charts.histogram(*_histogram(model, flow, report.get("thresholds"), words), words)),  # noqa: S704
                "chart": Markup(charts.match_weights(_weights(model, words), words)),  # noqa: S704 - text is escaped in charts
                "waterfalls": [
                    (row["pairs"], row["probability"], Markup(charts.waterfall(*_steps(model, row, words), words)))  # noqa: S704
                    for row in flow.get("examples", [])[:WATERFALLS]
                ],
            }
        )
    evaluation = report.get("evaluation")
    return _template("report.html").render(
        _=words.text,
        words=words,
        class_names=lambda names: words.list([words.text(name) for name in names]),
        report=report,
        passes=passes,
        seconds=Markup(charts.bars(_seconds(report["passes"], words), "s", words)),  # noqa: S704
        sizes=Markup(charts.bars(_sizes(report), words.text(PERSONS), words)) if "cluster_sizes" in report else "",  # noqa: S704
        quality=_quality_chart(report, words),
        tradeoff=_tradeoff_chart(report, words),
        calibration=_calibration_chart(evaluation, words) if evaluation else "",
        evaluation=evaluation,
        estimate=report.get("quality"),
        review=report.get("review"),
    )


def render_review(rows: Sequence[Mapping[str, Any]], models: Sequence[PassModel], language: Language = "en") -> str:
    """The pairs of a review sample as waterfalls: levels and weights by number of the pair.

    Args:
        rows: Of the sample: ``pair, left_register, right_register, weight, probability, pass, pattern``.
        models: The models of the passes.
        language: ``fr``, ``ar`` or ``en``.
    """
    words = messages(language)
    by_name = {model.name: model for model in models}
    shown = []
    for row in rows:
        model = by_name[row["pass"]]
        p = min(max(row["probability"], 1e-12), 1 - 1e-12)
        states = read_pattern(row["pattern"], model.comparisons)
        prior = log2(p / (1 - p)) - row["weight"]
        chart = charts.waterfall(*_steps(model, {**row, "states": states, "prior": prior}, words), words)
        shown.append({**row, "chart": Markup(chart)})  # noqa: S704 - text is escaped in charts
    return _template("review.html").render(_=words.text, words=words, rows=shown)


def _weights(model: PassModel, words: Messages) -> list[tuple[str, float, float, float]]:
    rows = []
    for comparison, matches, rest in zip(model.comparisons, model.m, model.u, strict=True):
        for state in range(comparison.states - 1, 0, -1):
            m, u = float(matches[state]), float(rest[state])
            rows.append(
                (f"{known_as(comparison.name, words)}: {words.sentence(comparison.describe(state))}", m, u, log2(m / u))
            )
    return rows


def _steps(model: PassModel, row: Mapping[str, Any], words: Messages) -> tuple[float, list[tuple[str, float]]]:
    steps = []
    for comparison, m, u, state in zip(model.comparisons, model.m, model.u, row["states"], strict=True):
        weight = 0.0 if state == MISSING else log2(float(m[state]) / float(u[state]))
        steps.append((f"{known_as(comparison.name, words)}: {words.sentence(comparison.describe(state))}", weight))
    correction = row["weight"] - sum(weight for _, weight in steps)
    if abs(correction) > 0.05:
        steps.append((words.text(N_("comparisons taken together")), correction))
    return row["prior"], steps


def _histogram(
    model: PassModel, flow: Mapping[str, Any], thresholds: Mapping[str, float] | None, words: Messages
) -> tuple[list[tuple[float, float, float]], list[tuple[str, float]]]:
    """Bins of weights, and the weights from which a pair of average prior is worth a review, and a link."""
    bins = [tuple(row) for row in flow.get("weights", [])]
    share = min(max(model.expected_matches / max(model.pairs, 1), 1e-12), 1 - 1e-12)
    prior = log2(share / (1 - share))
    marks = [
        (words.text(name), log2(thresholds[kind] / (1 - thresholds[kind])) - prior)
        for name, kind in ((N_("review"), "possible"), (N_("link"), "certain"))
        if thresholds and 0 < thresholds[kind] < 1
    ]
    return bins, marks


def _seconds(passes: Sequence[Mapping[str, Any]], words: Messages) -> list[tuple[str, float]]:
    stages: dict[str, float] = {}
    for flow in passes:
        for stage, seconds in flow["seconds"].items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return [(words.text(stage), seconds) for stage, seconds in stages.items()]


def _sizes(report: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [(str(size), count) for size, count in report["cluster_sizes"].items()]


def _curves(report: Mapping[str, Any]) -> list[tuple[str, Sequence[Mapping[str, float]]]]:
    """Precision and recall by threshold, as estimated and, where truth is given, as they are."""
    found = [(N_("estimated"), report["quality"]["by_threshold"])] if report.get("quality") else []
    evaluation = report.get("evaluation") or {}
    return [*found, *([(N_("true"), evaluation["by_threshold"])] if evaluation.get("by_threshold") else [])]


def _quality_chart(report: Mapping[str, Any], words: Messages) -> Markup | str:
    lines = [
        (f"{words.text(name)}, {words.text(kind)}", [(row["threshold"], row[name]) for row in rows])
        for kind, rows in _curves(report)
        for name in (N_("precision"), N_("recall"))
    ]
    if not lines:
        return ""
    low = 0.0, _low(y for _, points in lines for _, y in points)
    return Markup(charts.curve(lines, words.text(N_("threshold on the probability")), lows=low, words=words))  # noqa: S704


def _tradeoff_chart(report: Mapping[str, Any], words: Messages) -> Markup | str:
    lines = [(words.text(kind), [(row["recall"], row["precision"]) for row in rows]) for kind, rows in _curves(report)]
    if not lines:
        return ""
    low = _low(x for _, points in lines for x, _ in points), _low(y for _, points in lines for _, y in points)
    return Markup(charts.curve(lines, words.text(N_("recall (across), precision (up)")), lows=low, words=words))  # noqa: S704


def _low(values: Iterable[float]) -> float:
    """Where an axis begins: as high as leaves all values in sight."""
    least = min(values)
    return max(low for low in AXES if low <= least or low == 0.0)


def _calibration_chart(evaluation: Mapping[str, Any], words: Messages) -> Markup | str:
    if not evaluation.get("calibration"):
        return ""
    points = [(row["probability"], row["true"]) for row in evaluation["calibration"]["bins"]]
    return Markup(charts.curve([(words.text(SHARE), points)], words.text(PROBABILITY), diagonal=True, words=words))  # noqa: S704
