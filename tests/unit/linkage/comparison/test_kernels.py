"""The compiled sweep against a plain count of every pair."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from wasl.linkage.comparison.bit_rows import count_bits
from wasl.linkage.comparison.engine import Steps, sweep_tasks
from wasl.linkage.comparison.levels import limit_table
from wasl.linkage.comparison.pass_layout import columns_of, lay_out, sources_of
from wasl.linkage.comparison.patterns import comparisons_of, unpack
from wasl.linkage.comparison.tasks import tasks_of

LIMITS = [[0, 100, 300, 450], [0, 200, 400], [0, 250]]


def laid_out(registers, name, within):
    sources = sources_of([register.delivery for register in registers])
    widths, tokens = columns_of(sources)
    return lay_out(name, [s.delivery.source for s in sources], widths, tokens, within)


def comparisons(layout):
    widths = dict.fromkeys(layout.groups, 16)
    return comparisons_of(Steps(layout.name, widths, layout.token_names, (), (), (), 0), LIMITS)


def brute(layout, table, dice):
    """Patterns of all pairs, one by one."""
    found = Counter()
    for left_start, left_stop, right_start, right_stop, stratum, _ in table.tolist():
        for i in range(left_start, left_stop):
            for j in range(right_start, right_stop):
                if left_start <= right_start < left_stop and j <= i:
                    continue
                states = []
                for g, cuts in enumerate(LIMITS):
                    if not (layout.present[i, g] and layout.present[j, g]):
                        states.append(0)
                        continue
                    span = slice(layout.offsets[g], layout.offsets[g + 1])
                    distance = int(np.bitwise_count(layout.words[i, span] ^ layout.words[j, span]).sum())
                    if dice[g]:
                        distance = distance * int(dice[g]) // int(layout.bits[i, g] + layout.bits[j, g])
                    states.append(1 + sum(distance <= cut for cut in cuts))
                for k in range(len(layout.token_names)):
                    a, b = layout.tokens[i, k], layout.tokens[j, k]
                    states.append(0 if a == 0 or b == 0 else 2 if a == b else 1)
                found[(stratum, *states)] += 1
    return found


def counted(swept, comparisons):
    states, stratum = unpack(swept.codes, comparisons)
    return Counter({(int(s), *row): int(n) for s, row, n in zip(stratum, states.tolist(), swept.counts, strict=True)})


@pytest.mark.parametrize("within", [[False, False, False], [True, True, True]])
def test_every_pair_is_counted_once(three_registers, within):
    layout = laid_out(three_registers, "year", within)
    tasks = tasks_of(layout, within, 10**9)
    dice = np.zeros(3, np.int32)
    swept = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limit_table(LIMITS), dice)
    assert counted(swept, comparisons(layout)) == brute(layout, tasks.table, dice)
    assert swept.counts.sum() == tasks.pairs.sum()


@pytest.mark.parametrize("scale", [0, 1024])
def test_large_blocks_go_through_transposed_tiles_with_the_same_result(open_pair, scale):
    layout = laid_out(open_pair, "all", [True, True])
    tasks = tasks_of(layout, [True, False], 10**9)
    table = tasks.table[:2].copy()
    table[:, 3] = np.minimum(table[:, 3], table[:, 2] + 130)
    table[:, 1] = np.minimum(table[:, 1], table[:, 0] + 40)
    dice = np.full(3, scale, np.int32)
    swept = sweep_tasks(
        layout, dataclasses.replace(tasks, table=table), np.arange(len(table)), limit_table(LIMITS), dice
    )
    assert counted(swept, comparisons(layout)) == brute(layout, table, dice)


def test_a_sweep_that_runs_out_of_room_goes_on_where_it_stopped(open_pair, monkeypatch):
    layout = laid_out(open_pair, "all", [True, True])
    tasks = tasks_of(layout, [False, False], 10**9)
    limits, dice = limit_table(LIMITS), np.zeros(3, np.int32)
    codes = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limits, dice).codes
    whole = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limits, dice, codes, codes)
    monkeypatch.setattr("wasl.linkage.comparison.engine.ROOM", 70)
    monkeypatch.setattr("wasl.linkage.comparison.engine.TABLE_SLOTS", 16)
    pieces = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limits, dice, codes, codes)
    assert len(whole.left) == tasks.pairs.sum()
    assert len(set(zip(whole.left.tolist(), whole.right.tolist(), strict=True))) == len(whole.left)
    for name in ("left", "right", "pair_codes"):
        assert np.array_equal(getattr(whole, name), getattr(pieces, name))
    assert dict(zip(whole.codes, whole.counts, strict=True)) == dict(zip(pieces.codes, pieces.counts, strict=True))


def test_pairs_kept_are_exactly_those_of_the_wanted_patterns(open_pair):
    layout = laid_out(open_pair, "all", [True, True])
    tasks = tasks_of(layout, [False, False], 10**9)
    limits, dice = limit_table(LIMITS), np.zeros(3, np.int32)
    swept = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limits, dice)
    wanted = swept.codes[swept.counts < 50]
    kept = sweep_tasks(layout, tasks, np.arange(len(tasks.table)), limits, dice, wanted, swept.codes)
    assert len(kept.left) == swept.counts[swept.counts < 50].sum()
    assert set(kept.pair_codes.tolist()) == set(wanted.tolist())


def test_set_bits_are_counted():
    words = np.array([[0, 3], [2**64 - 1, 1]], np.uint64)
    bits = np.zeros((2, 2), np.int32)
    count_bits(words, np.array([0, 1, 2]), bits)
    assert bits.tolist() == [[0, 2], [64, 1]]
