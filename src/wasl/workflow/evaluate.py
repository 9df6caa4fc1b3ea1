"""The acts that judge a linkage: against the truth, or from reviewers' decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wasl.audit.events import LinkageEvaluated
from wasl.linkage.quality.evaluate import Evaluation
from wasl.linkage.quality.evaluate import evaluate as evaluate_spine
from wasl.linkage.quality.known_records import KeepMap
from wasl.linkage.quality.report import render_report
from wasl.linkage.quality.review import estimate_from_review
from wasl.locale import Language
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.workflow.act import Act, Artifact, RunOptions

__all__ = ["evaluate", "evaluate_review"]


def evaluate(
    spine: pa.Table,
    truth: pd.DataFrame | pa.Table | Callable[[], pa.Table],
    options: RunOptions,
    *,
    keep_maps: Sequence[KeepMap] = (),
    links: pa.Table | Iterable[pa.RecordBatch] | None = None,
    report: Mapping[str, Any] | None = None,
) -> Act[Evaluation, LinkageEvaluated]:
    """Compare persons with the truth.

    Args:
        spine: ``person_id, register, record_id``.
        truth: ``register, record, person`` and perhaps groups, or what reads them.
        options: The language of the page.
        keep_maps: ``register, record, record_id`` of the holders, or what reads them.
        links: Candidate pairs with probabilities, for calibration; as a table or a part at a time.
        report: The linkage report the evaluation is added to, or None.

    Returns:
        Artifacts ``report.json`` and ``report.html`` where a report was given.

    Raises:
        InputError: A column is missing, or truth and spine have no record in common.
    """
    evaluation = evaluate_spine(spine, truth, keep_maps, links)
    found = plain_json(evaluation.to_json())
    event = LinkageEvaluated(
        precision=found["precision"], recall=found["recall"], f1=found["f1"], records=spine.num_rows
    )
    return Act(_pages(report, {"evaluation": found}, options.language), event, found, evaluation)


def evaluate_review(
    design: pa.Table, reviewed: pd.DataFrame, report: Mapping[str, Any], options: RunOptions
) -> Act[Mapping[str, Any], LinkageEvaluated]:
    """Estimate precision and recall from reviewers' decisions.

    Args:
        design: ``review.parquet`` of the linkage.
        reviewed: ``review.csv`` with its decisions filled in.
        report: The linkage report.
        options: The seed of the posterior draws; 0 where none is given.

    Returns:
        Artifacts ``report.json`` and ``report.html``.

    Raises:
        InputError: A column is missing, a pair is unknown or twice, or a decision is not one of the three.
    """
    parts = report["quality"]["missed_parts"]
    rng = np.random.default_rng(options.seed or 0)
    found = plain_json(estimate_from_review(design, reviewed, parts["below"] + parts["never_met"], rng))
    event = LinkageEvaluated(
        **{name: found[name]["value"] for name in ("precision", "recall", "f1")},
        reviewed=found["decided"],
        drawn=found["drawn"],
    )
    return Act(_pages(report, {"review": found}, options.language), event, found, found)


def _pages(report: Mapping[str, Any] | None, added: Mapping[str, Any], language: Language) -> dict[str, Artifact]:
    if report is None:
        return {}
    full = {**report, **added}
    return {"report.json": json_bytes(full), "report.html": render_report(full, language).encode()}
