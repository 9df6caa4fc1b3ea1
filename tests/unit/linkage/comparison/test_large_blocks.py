"""Hot blocks are cut: within the budget, every pair once, and the likely pairs among those met."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.comparison.engine import sweep_tasks
from wasl.linkage.comparison.large_blocks import completeness, sub_blocks
from wasl.linkage.comparison.levels import limit_table
from wasl.linkage.comparison.pass_layout import columns_of, lay_out, sources_of
from wasl.linkage.comparison.tasks import tasks_of
from wasl.linkage.plan import RegisterOptions
from wasl.linkage.score import score_pairs


def rows_alike(rng, size, share):
    """Random filters of four words, and for each left row a right one with some bits turned."""
    left = rng.integers(0, 2**64, (size, 4), np.uint64)
    turned = np.packbits(rng.random((size, 256)) < share, axis=1).view(np.uint64)
    return np.concatenate([left, left ^ turned])


def cut(words, hot, within, budget, tokens=None):
    tokens = np.zeros((len(words), 0), np.uint64) if tokens is None else tokens
    present = np.ones((len(words), 2), np.uint8)
    return sub_blocks(words, np.array([0, 2, 4]), present, tokens, np.array(hot), np.array(within), budget)


def pairs_of(found):
    """Pairs shown, table by table."""
    shown = []
    for left, left_stop, right, right_stop, _, table in found.spans.tolist():
        for i in range(left, left_stop):
            others = range(max(right, i + 1) if left == right else right, right_stop)
            shown += [(table, int(found.place[i]), int(found.place[j])) for j in others]
    return shown


@pytest.mark.parametrize("budget", [50, 2_000, 20_000])
def test_no_hot_block_gets_more_than_its_budget(budget):
    words = rows_alike(np.random.default_rng(1), 200, 0.05)
    found = cut(words, [[0, 200, 200, 400]], [False], budget)
    shown = pairs_of(found)
    assert len(shown) <= budget
    assert all(i < 200 <= j for _, i, j in shown)
    met = {(i, j) for _, i, j in shown}
    if budget > 1_000:
        assert sum((i, i + 200) in met for i in range(200)) > 150


def test_blocks_have_budgets_of_their_own_and_do_not_mix():
    words = rows_alike(np.random.default_rng(2), 100, 0.05)
    both = cut(words, [[0, 50, 100, 150], [50, 100, 50, 100]], [False, True], 600)
    one = cut(words, [[0, 50, 100, 150]], [False], 600)
    first = [pair for pair in pairs_of(both) if pair[2] >= 100]
    assert sorted(first) == sorted(pairs_of(one))
    within = [pair for pair in pairs_of(both) if pair[2] < 100]
    assert len(within) <= 600
    assert all(50 <= i != j < 100 for _, i, j in within)


def test_rows_all_alike_are_left_out_when_nothing_tells_them_apart():
    words = np.zeros((600, 4), np.uint64)
    words[500:] = rows_alike(np.random.default_rng(3), 50, 0.0)
    found = cut(words, [[0, 600, 0, 600]], [True], 5_000)
    met = {(i, j) for _, i, j in pairs_of(found)}
    assert all(i >= 500 for i, _ in met)
    assert {(i, i + 50) for i in range(500, 550)} <= met


def test_an_equal_token_is_enough_to_meet():
    words = np.random.default_rng(4).integers(0, 2**64, (200, 4), np.uint64)
    tokens = np.arange(1, 101, dtype=np.uint64)
    tokens = np.concatenate([tokens, tokens])[:, None]
    tokens[:5] = 0
    met = {(i, j) for table, i, j in pairs_of(cut(words, [[0, 100, 100, 200]], [False], 900, tokens)) if table == 0}
    assert met == {(i, i + 100) for i in range(5, 100)}


def test_a_pair_is_compared_once_however_many_tables_show_it(open_pair):
    sources = sources_of([register.delivery for register in open_pair])
    widths, tokens = columns_of(sources)
    layout = lay_out("all", [s.delivery.source for s in sources], widths, tokens, [True, False])
    tasks = tasks_of(layout, [True, False], 20_000)
    assert tasks.hot_blocks == 2
    limits, dice = limit_table([[0, 100], [0, 200], [0, 250]]), np.zeros(3, np.int32)
    everything = np.arange(len(tasks.table))
    codes = sweep_tasks(layout, tasks, everything, limits, dice).codes
    swept = sweep_tasks(layout, tasks, everything, limits, dice, codes, codes)
    pairs = list(zip(swept.left.tolist(), swept.right.tolist(), strict=True))
    shown = [(min(pair), max(pair)) for _, *pair in pairs_of(tasks.hot)]
    assert len(pairs) == len(set(pairs)) == swept.hot_compared
    assert set(pairs) == set(shown)
    assert len(shown) > len(pairs)
    times = {pair: shown.count(pair) for pair in pairs[:50]}
    assert [times[pair] for pair in pairs[:50]] == swept.tables[:50].tolist()


def test_most_likely_pairs_survive_the_cut_and_the_report_says_how_many(open_pair, plan):
    deliveries = [register.delivery for register in open_pair]
    whole = score_pairs(plan, deliveries)
    small = plan.model_copy(
        update={
            "candidates": plan.candidates.model_copy(update={"block_pairs": 12_000}),
            "registers": {"alpha": RegisterOptions(dedupe=False)},
        }
    )
    one, two = score_pairs(small, deliveries, threads=1), score_pairs(small, deliveries[::-1], threads=2)
    assert one.pairs.equals(two.pairs)
    flow = one.report["passes"][0]
    assert flow["hot_blocks"] == 1
    assert flow["hot_pairs"] == whole.report["passes"][0]["pairs_compared"] == 350 * 350
    assert flow["pairs_compared"] == flow["hot_compared"] < 12_000

    def likely(scored):
        rows = scored.pairs.select(["left_row_id", "right_row_id", "probability"]).to_pylist()
        return {(row["left_row_id"], row["right_row_id"]) for row in rows if row["probability"] > 0.9}

    kept = len(likely(one) & likely(whole)) / len(likely(whole))
    assert kept > 0.8
    assert abs(flow["hot_completeness"] - kept) < 0.15


def test_completeness_looks_at_pairs_that_few_tables_showed():
    ones, often = np.full(10, 1), np.full(90, 4)
    assert completeness(often, np.ones(90)) == 1.0
    assert completeness(np.zeros(0, np.int64), np.zeros(0)) == 1.0
    few = completeness(np.concatenate([ones, np.full(5, 2), often]), np.ones(105))
    assert few == pytest.approx(105 / 115)
    assert completeness(ones, np.ones(10)) < 0.3
