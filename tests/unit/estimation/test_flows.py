"""Flows between rounds: what the links' errors do to them, and what cannot be estimated."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from wasl.errors import InputError
from wasl.estimation.dual_system import LinkQuality
from wasl.estimation.flows import flows_between, stayers_of_all
from wasl.estimation.specification import EstimateSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.estimate import estimate


def test_perfect_links_give_the_counts_themselves():
    flows = flows_between(1000, 900, 850, LinkQuality())
    assert [(e.value, e.low, e.high) for e in (flows.stayed, flows.left, flows.came)] == [
        (850, 850, 850),
        (150, 150, 150),
        (50, 50, 50),
    ]


def test_missed_links_make_leavers_of_stayers_and_are_corrected():
    naive = flows_between(10_000, 10_000, 8_000 * 0.95, LinkQuality())
    assert naive.left.value == pytest.approx(2_400)  # a fifth too many
    corrected = flows_between(10_000, 10_000, 8_000 * 0.95, LinkQuality(recall=0.95))
    assert corrected.left.value == pytest.approx(2_000)
    assert corrected.left.low < 2_000 < corrected.left.high


@pytest.mark.parametrize("quality", [LinkQuality(), LinkQuality(0.9, 0.97, 0.01, 0.005)])
@pytest.mark.parametrize(("first", "second", "links"), [(1000, 900, 700), (300, 5000, 120), (5000, 300, 250)])
def test_flows_add_up_to_the_stocks_and_stay_within_them(quality, first, second, links):
    flows = flows_between(first, second, links, quality)
    known = [e for e in (flows.stayed, flows.left, flows.came) if e.value is not None]
    assert len(known) >= 2
    for e in known:
        assert 0 <= e.low <= e.value <= e.high <= max(first, second)
    if len(known) == 3:
        assert flows.stayed.value + flows.left.value == pytest.approx(first)
        assert flows.stayed.value + flows.came.value == pytest.approx(second)


@pytest.mark.parametrize(
    ("stocks", "links", "quality", "reason"),
    [
        ((1000, 900), 800, None, "not known"),
        ((1000, 900), 950, LinkQuality(), "more links than persons"),
        ((1000, 900), 3, LinkQuality(), "fewer than 7 matches"),
        ((1000, 900), 890, LinkQuality(recall=0.6), "recall is understated"),
        ((10_000, 10_000), 9_480, LinkQuality(recall=0.95, recall_error=0.03), "wider than twice"),
    ],
)
def test_what_cannot_be_estimated_is_said(stocks, links, quality, reason):
    left = flows_between(*stocks, links, quality).left
    assert left.value is None
    assert reason in left.reason


def rounds_linked(rng, persons, stay, recall, precision, rounds):
    """True presence of persons, and the rows of a spine whose links miss and err: one row per linked chain."""
    true = np.zeros((persons, rounds), np.bool_)
    true[:, 0] = rng.random(persons) < 0.7
    for t in range(1, rounds):
        fresh = ~true[:, :t].any(axis=1) & (rng.random(persons) < 0.4)
        true[:, t] = true[:, t - 1] & (rng.random(persons) < stay) | fresh
    chain = np.full((persons, rounds), -1)  # the row of the spine that a person's record of a round is in
    rows = 0
    for t in range(rounds):
        here = np.flatnonzero(true[:, t])
        hit = np.zeros(persons, np.bool_)
        if t:
            hit = true[:, t - 1] & true[:, t] & (rng.random(persons) < recall)
            chain[hit, t] = chain[hit, t - 1]
            apart = here[~hit[here]]
            taken = set(chain[hit, t].tolist())
            free = [row for row in rng.permutation(chain[true[:, t - 1], t - 1]).tolist() if row not in taken]
            wrong = min(int(rng.poisson(hit.sum() * (1 - precision) / precision)), len(apart), len(free))
            for person, row in zip(rng.permutation(apart)[:wrong], free, strict=False):
                chain[person, t] = row
        new = here[chain[here, t] < 0]
        chain[new, t] = rows + np.arange(len(new))
        rows += len(new)
    spine = np.zeros((rows, rounds), np.bool_)
    for t in range(rounds):
        spine[chain[true[:, t], t], t] = True
    return true, spine


@pytest.mark.parametrize(
    ("persons", "stay", "recall", "precision", "error"),
    [(3_000, 0.8, 0.95, 0.99, 0.004), (1_500, 0.6, 0.9, 0.97, 0.01), (900, 0.7, 1.0, 1.0, 0.0)],
)
def test_intervals_cover_the_true_flows(persons, stay, recall, precision, error):
    rng = np.random.default_rng(23)
    covered = dict.fromkeys(("stayed", "left", "came", "all"), 0)
    for _ in range(200):
        true, spine = rounds_linked(rng, persons, stay, recall, precision, 3)
        known = np.clip([rng.normal(recall, error), rng.normal(precision, error)], 0.01, 1.0)
        quality = LinkQuality(*known, error, error)
        size = spine.sum(axis=0)
        flows = flows_between(size[0], size[1], (spine[:, 0] & spine[:, 1]).sum(), quality)
        stayed = (true[:, 0] & true[:, 1]).sum()
        every = stayers_of_all(size, spine.all(axis=1).sum(), [quality, quality])
        for name, found, truth in (
            ("stayed", flows.stayed, stayed),
            ("left", flows.left, size[0] - stayed),
            ("came", flows.came, size[1] - stayed),
            ("all", every, true.all(axis=1).sum()),
        ):
            covered[name] += found.value is not None and found.low - 1e-9 <= truth <= found.high + 1e-9
    assert min(covered.values()) / 200 >= 0.93, covered


SPEC = {
    "name": "flows",
    "flows": {
        "rounds": [{"name": "2022"}, {"name": "2023", "column": "in_2023"}, {"name": "2024"}],
        "by": ["sex"],
        "quality": {"recall": 0.95, "precision": 0.99},
    },
}


def people(rows=600):
    rng = np.random.default_rng(3)
    flags = rng.random((rows, 3)) < 0.7
    return pa.table(
        {"2022": flags[:, 0], "in_2023": flags[:, 1], "2024": flags[:, 2], "sex": rng.choice(["F", "M"], rows)}
    )


def rows_of(document, data=None):
    act = estimate(people() if data is None else data, EstimateSpec.model_validate(document), RunOptions(seed=1))
    return json.loads(act.artifacts["report.json"])["results"]


def test_the_act_makes_a_row_for_each_flow_group_and_pair():
    rows = rows_of(SPEC)
    what = [row["what"] for row in rows if row["group"] == "total"]
    assert what == [
        *(
            f"{kind}, {a} to {b}"
            for a, b in (("2022", "2023"), ("2023", "2024"))
            for kind in ("stayers", "exits", "entries")
        ),
        "stayers, all rounds",
    ]
    assert {row["group"] for row in rows} == {"total", "sex=F", "sex=M"}
    every = rows_of({**SPEC, "flows": {**SPEC["flows"], "pairs": "all", "by": []}})
    assert any(row["what"] == "stayers, 2022 to 2024" for row in every)


def test_quality_that_is_not_known_is_not_assumed():
    rows = rows_of({**SPEC, "flows": {**SPEC["flows"], "quality": None}})
    assert all(row["estimate"] is None and "not known" in row["reason"] for row in rows)
    step = {"first": "2022", "second": "2023", "quality": {"recall": 0.9}}
    rows = rows_of({**SPEC, "flows": {**SPEC["flows"], "quality": None, "steps": [step]}})
    assert {row["what"] for row in rows if row["estimate"] is not None} == {
        "stayers, 2022 to 2023",
        "exits, 2022 to 2023",
        "entries, 2022 to 2023",
    }


def test_rounds_that_are_not_in_the_data_or_the_specification_are_named():
    with pytest.raises(InputError, match="in_2023"):
        rows_of(SPEC, people().drop_columns(["in_2023"]))
    with pytest.raises(ValidationError, match="no round after"):
        rows_of({**SPEC, "flows": {**SPEC["flows"], "steps": [{"first": "2024", "second": "2022", "quality": {}}]}})
    with pytest.raises(ValidationError, match="same name"):
        rows_of({**SPEC, "flows": {"rounds": [{"name": "a"}, {"name": "a"}]}})
