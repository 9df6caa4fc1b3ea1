"""Each measure beside its definition, recomputed slowly in plain Python on tiny files drawn at random."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from wasl.disclosure.keys.classes import equivalence_classes, pack_keys
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies, k_map
from wasl.disclosure.methods.pram import invariant_matrix, invariant_retention, pram
from wasl.disclosure.methods.rank_swapping import rank_swap
from wasl.disclosure.risk.diversity import alpha_k, class_counts, compatible_counts, diversity, t_closeness
from wasl.disclosure.risk.reidentification import household_risk, individual_risk
from wasl.disclosure.risk.suda2 import suda2
from wasl.disclosure.utility.information_loss import eigenvalue_drift, il1s

TINY = settings(max_examples=25, deadline=None)
HOLE = None
Rows = list[tuple[int | None, ...]]


@st.composite
def files(draw: Callable[..., object], *, holes: bool = True, least: int = 2, most: int = 16) -> Rows:
    """Rows of one to four keys with few values each; some cells may be missing."""
    keys = draw(st.integers(1, 4))
    value = st.integers(0, 2) if not holes else st.one_of(st.integers(0, 2), st.integers(0, 2), st.just(HOLE))
    return draw(st.lists(st.tuples(*[value] * keys), min_size=least, max_size=most))  # type: ignore[call-overload]


def frame_of(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame([[np.nan if cell is HOLE else float(cell) for cell in row] for row in rows]).rename(
        columns=lambda number: f"k{number}"
    )


def matches(one: tuple[int | None, ...], other: tuple[int | None, ...], alpha: float | None) -> float:
    """How much a row counts as company of another, by the meaning of a missing value."""
    if alpha is None:
        return float(one == other)
    if not all(a is HOLE or b is HOLE or a == b for a, b in zip(one, other, strict=True)):
        return 0.0
    same_holes = [cell is HOLE for cell in one] == [cell is HOLE for cell in other]
    return 1.0 if HOLE not in other or same_holes else alpha


ALPHAS = st.sampled_from([None, 0.0, 0.5, 1.0])


@TINY
@given(files(), ALPHAS, st.randoms(use_true_random=False))
def test_frequencies_weights_and_k_map(rows, alpha, random):
    weights = [random.randint(1, 9) for _ in rows]
    meaning = Missing(alpha)
    found = frequencies(frame_of(rows), [*frame_of(rows)], weight=np.array(weights, float), missing=meaning)
    for own, sample, population in zip(rows, found.sample, found.population, strict=True):
        company = [matches(own, other, alpha) for other in rows]
        assert sample == pytest.approx(sum(company))
        assert population == pytest.approx(sum(c * w for c, w in zip(company, weights, strict=True)))
    people = rows[::2] + rows[:1]
    mapped = k_map(frame_of(rows), frame_of(people), [*frame_of(rows)], missing=meaning)
    assert mapped.tolist() == pytest.approx([sum(matches(own, other, alpha) for other in people) for own in rows])


@TINY
@given(st.integers(1, 6), st.integers(0, 60))
def test_individual_risk_is_the_mean_of_one_over_the_population_frequency(f, beyond):
    """Summed over the negative binomial distribution of F given f, in exact fractions."""
    population = f + beyond
    p = Fraction(f, population)
    total, probability, mass, place = Fraction(0), p**f, Fraction(0), f
    while float(1 - mass) > 1e-9 and place < 3_000:
        total += probability / place
        mass += probability
        probability = probability * place * (1 - p) / (place + 1 - f)
        probability = Fraction(probability).limit_denominator(10**30)
        place += 1
    found = individual_risk(np.array([float(f)]), np.array([float(population)]))[0]
    assert found == pytest.approx(float(total), abs=2e-9 + 1e-9 / max(1, place) + float(1 - mass) / place)


@TINY
@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 3)), min_size=1, max_size=12))
def test_household_risk_is_that_of_any_member(members):
    numbers = {number: place for place, number in enumerate(dict.fromkeys(number for _, number in members))}
    homes = [numbers[number] for _, number in members]
    found = household_risk(np.array([risk for risk, _ in members]), np.array(homes))
    for home, value in zip(homes, found, strict=True):
        # Every outcome of the household: a member is found or not.
        risks = [risk for (risk, _), other in zip(members, homes, strict=True) if other == home]
        outcomes = itertools.product([True, False], repeat=len(risks))
        expected = sum(
            math.prod(risk if hit else 1.0 - risk for risk, hit in zip(risks, outcome, strict=True))
            for outcome in outcomes
            if any(outcome)
        )
        assert value == pytest.approx(expected, abs=1e-12)


def minimal_uniques(rows: Rows, row: int) -> list[tuple[int, ...]]:
    keys = range(len(rows[0]))
    found: list[tuple[int, ...]] = []
    for size in range(1, len(rows[0]) + 1):
        for chosen in itertools.combinations(keys, size):
            own = [rows[row][v] for v in chosen]
            alone = HOLE not in own and sum([other[v] for v in chosen] == own for other in rows) == 1
            if alone and not any(set(one) <= set(chosen) for one in found):
                found.append(chosen)
    return found


@TINY
@given(files(), st.sampled_from(["elliot", "ihsn"]), st.floats(0.01, 0.9))
def test_suda2_and_dis(rows, scoring, fraction):
    keys = len(rows[0])
    weight = {
        "elliot": lambda size: math.factorial(keys - size),
        "ihsn": lambda size: (2 ** (keys - size) - 1) / math.comb(keys, size),
    }[scoring]
    found = suda2(frame_of(rows), [*frame_of(rows)], scoring=scoring, fraction=fraction)
    sets = [minimal_uniques(rows, row) for row in range(len(rows))]
    scores = [sum(weight(len(one)) for one in some) for some in sets]
    assert found.scores.tolist() == pytest.approx(scores)
    sizes = Counter(rows)
    uniques = sum(1 for row in rows if sizes[row] == 1)
    pairs = sum(1 for row in rows if sizes[row] == 2)
    exponent = 1.0 + (8 - keys) / 20
    positive = [score for score in scores if score > 0]
    for score, dis in zip(scores, found.dis, strict=True):
        if score == 0:
            expected = 0.0
        elif pairs == 0:
            expected = 1.0
        else:
            # The odds of a wrong match are those of the file, divided among the uniques by their score.
            match = uniques * fraction / (uniques * fraction + pairs * (1.0 - fraction))
            share = sum((score / other) ** exponent for other in positive)
            expected = 1.0 / (1.0 + uniques * (1.0 - match) / match / share)
        assert dis == pytest.approx(expected, rel=2e-5)  # single precision, as the tools that users compare with


@st.composite
def sensitive_files(draw: Callable[..., object]) -> tuple[Rows, list[int]]:
    rows = draw(files())
    return rows, draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))  # type: ignore


@TINY
@given(sensitive_files(), ALPHAS, st.floats(1.0, 4.0))
def test_l_diversity_of_all_rows_that_a_row_could_be(file, alpha, c):
    rows, values = file
    keys = code_columns(frame_of(rows), [*frame_of(rows)])
    classes = equivalence_classes(keys)
    sensitive = code_columns(pd.DataFrame({"s": values}), ["s"])[0]
    counts = compatible_counts(class_counts(classes, sensitive), pack_keys(keys).take(classes.first), Missing(alpha))
    found, shares = diversity(counts, c=c), alpha_k(counts)
    for row, own in enumerate(rows):
        seen = Counter(value for other, value in zip(rows, values, strict=True) if matches(own, other, alpha) > 0)
        total, place = sum(seen.values()), int(classes.ids[row])
        descending = sorted(seen.values(), reverse=True)
        entropy = -sum(n / total * math.log(n / total) for n in descending)
        fitting = [least for least in range(1, len(descending) + 1) if descending[0] < c * sum(descending[least - 1 :])]
        near = any(
            abs(descending[0] - c * sum(descending[least - 1 :])) < 1e-9 for least in range(1, len(descending) + 1)
        )
        assert found.distinct[place] == len(seen)
        assert found.entropy[place] == pytest.approx(math.exp(entropy))
        assert near or found.recursive[place] == max(fitting, default=0)
        assert shares[place] == pytest.approx(descending[0] / total)


def transport(own: Sequence[float], file: Sequence[float], ground: np.ndarray) -> float:
    """The least cost of turning one distribution into the other, as a linear programme."""
    m = len(own)
    rows = [np.kron(np.eye(m)[i], np.ones(m)) for i in range(m)] + [np.kron(np.ones(m), np.eye(m)[j]) for j in range(m)]
    return float(linprog(ground.ravel(), A_eq=np.array(rows), b_eq=[*own, *file], bounds=(0, None)).fun)


@TINY
@given(sensitive_files(), st.booleans())
def test_t_closeness_is_the_earth_movers_distance(file, ordered):
    rows, values = file
    classes = equivalence_classes(code_columns(frame_of(rows), [*frame_of(rows)]))
    counts = class_counts(classes, code_columns(pd.DataFrame({"s": values}), ["s"])[0])
    found = t_closeness(counts, ordered=ordered)
    present = sorted(set(values))
    m = len(present)
    steps = np.abs(np.subtract.outer(range(m), range(m))) / max(1, m - 1)
    ground = steps if ordered else 1.0 - np.eye(m)
    whole = [values.count(value) / len(values) for value in present]
    for place in range(len(classes)):
        inside = [value for value, own in zip(values, classes.ids, strict=True) if own == place]
        shares = [inside.count(value) / len(inside) for value in present]
        assert found[place] == pytest.approx(transport(shares, whole, ground), abs=1e-7)


CELLS = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


@st.composite
def masked_numbers(draw: Callable[..., object]) -> tuple[list[list[float]], list[list[float]]]:
    rows, columns = draw(st.integers(2, 8)), draw(st.integers(2, 3))  # type: ignore[call-overload]
    table = st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    return draw(table), draw(table)  # type: ignore[return-value]


@TINY
@given(masked_numbers())
def test_il1s_and_eigenvalues(tables):
    before, after = tables
    total = 0.0
    for j in range(len(before[0])):
        column = [row[j] for row in before]
        mean = math.fsum(column) / len(column)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in column) / (len(column) - 1))
        assume(spread == 0 or spread > 1e-6)
        if spread > 0 and len(set(column)) > 1:
            total += math.fsum(abs(a[j] - b[j]) for a, b in zip(before, after, strict=True)) / (math.sqrt(2) * spread)
    found = il1s(np.array(before), np.array(after))
    assert found.total == pytest.approx(total, rel=1e-6, abs=1e-9)
    assert found.mean == pytest.approx(total / (len(before) * len(before[0])), rel=1e-6, abs=1e-9)

    def eigenvalues(table: list[list[float]], columns: list[int]) -> np.ndarray:
        """Of the correlation matrix, by its characteristic polynomial."""
        data = [[row[j] for row in table] for j in columns]
        means = [math.fsum(column) / len(column) for column in data]
        moved = [[value - mean for value in column] for column, mean in zip(data, means, strict=True)]
        norms = [math.sqrt(math.fsum(value * value for value in column)) for column in moved]
        matrix = [
            [math.fsum(x * y for x, y in zip(a, b, strict=True)) / na / nb for b, nb in zip(moved, norms, strict=True)]
            for a, na in zip(moved, norms, strict=True)
        ]
        return np.sort(np.roots(np.poly(np.array(matrix))).real)[::-1]

    varying = [j for j in range(len(before[0])) if all(np.std([row[j] for row in t]) > 1e-3 for t in tables)]
    assume(len(varying) == len(before[0]))
    own, masked = eigenvalues(before, varying), eigenvalues(after, varying)
    assume(own[-1] > 1e-3)
    expected = sum(abs(a - b) / a for a, b in zip(own, masked, strict=True))
    assert eigenvalue_drift(np.array(before), np.array(after)) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@TINY
@given(
    st.lists(st.one_of(st.integers(0, 30), st.integers(0, 10**9)), min_size=2, max_size=6),
    st.one_of(st.sampled_from([0.0, 1e-9, 1.0 - 1e-9]), st.floats(0.0, 1.0)),
)
@example([2, 16, 17], 0.0)  # the largest nearly equals the others together: the factors lie far apart
@example([10**8, 10**8, 2 * 10**8 - 1], 0.0)
@example([10**6, 10**6, 1], 0.8)
def test_invariant_retention_keeps_frequencies_and_what_was_asked(counts, retain):
    t = np.array(counts, float)
    matrix = invariant_retention(retain, t)
    assert (matrix >= 0.0).all()
    assert matrix.sum(axis=1) == pytest.approx(np.ones(len(t)))
    assert t @ matrix == pytest.approx(t, rel=1e-9, abs=1e-9)
    present = [i for i, n in enumerate(counts) if n]
    if len(present) < 2:
        return
    largest = max(counts)
    for i in present:
        others = sum(counts) - counts[i]
        if counts[i] == largest and counts[i] > others:
            # All that the others give up comes from it, and no more.
            least = 1e-9 + 1e-14 * counts[i]  # what a float of 1 - p keeps
            assert counts[i] * (1 - matrix[i, i]) == pytest.approx(others * (1 - retain), rel=1e-6, abs=least)
        else:
            assert matrix[i, i] == pytest.approx(retain, abs=1e-9)


@TINY
@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_the_two_stage_matrix_is_bayes_rule(categories, random):
    matrix = np.array([[random.randint(0, 5) + (i == j) for j in range(categories)] for i in range(categories)], float)
    matrix /= matrix.sum(axis=1, keepdims=True)
    counts = [random.randint(0, 9) for _ in range(categories)]
    assume(sum(counts) > 0)
    found = invariant_matrix(matrix, np.array(counts))
    for i in range(categories):
        for k in range(categories):
            if not counts[i]:
                expected = float(i == k)
            else:
                expected = 0.0
                for j in range(categories):  # i becomes j, and j becomes k as often as k had become j
                    reached = sum(counts[source] * matrix[source, j] for source in range(categories))
                    expected += matrix[i, j] * (matrix[k, j] * counts[k] / reached if reached else float(j == k))
            assert found[i, k] == pytest.approx(expected, abs=1e-12)
    assert np.array(counts) @ found == pytest.approx(np.array(counts, float))


@TINY
@given(st.lists(st.integers(-1, 3), min_size=4, max_size=40), st.floats(0.1, 0.9), st.integers(0, 10**6))
def test_pram_draws_only_what_its_effective_matrix_allows(codes, retain, seed):
    column = code_columns(pd.DataFrame({"c": [None if code < 0 else f"v{code}" for code in codes]}), ["c"])[0]
    assume(len(column.labels) > 0)
    done = pram(column, np.random.default_rng(seed), retain=retain)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels))
    assert np.allclose(done.matrices[0], invariant_retention(retain, counts))
    stays = np.diag(done.matrices[0])[counts > 0]
    assert done.retained == pytest.approx((stays.min(), stays.max()))
    assert done.changed == sum(a != b for a, b in zip(column.codes, done.column.codes, strict=True))
    for before, after in zip(column.codes, done.column.codes, strict=True):
        assert (before < 0) == (after < 0)
        assert before < 0 or done.matrices[0][before, after] > 0


@TINY
@given(
    st.lists(st.one_of(st.integers(0, 5), st.just(HOLE)), min_size=1, max_size=30),
    st.floats(0.01, 1.0),
    st.integers(0, 10**6),
)
def test_rank_swapping_moves_each_value_within_its_window(values, window, seed):
    numbers = np.array([np.nan if value is HOLE else float(value) for value in values])
    swapped = rank_swap(numbers, window, np.random.default_rng(seed))
    assert np.array_equal(np.isnan(numbers), np.isnan(swapped))
    known = numbers[~np.isnan(numbers)]
    after = swapped[~np.isnan(swapped)]
    assert sorted(after) == sorted(known)
    reach = max(1, round(window * len(known)))
    ranks = {value: [rank for rank, other in enumerate(sorted(known)) if other == value] for value in set(known)}
    for old, new in zip(known, after, strict=True):
        # Equal values have any of their ranks: the nearest two must be within the window.
        assert min(abs(a - b) for a in ranks[old] for b in ranks[new]) <= reach
