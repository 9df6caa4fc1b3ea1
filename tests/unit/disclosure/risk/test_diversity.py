import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from wasl.disclosure.keys.classes import equivalence_classes, pack_keys
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing
from wasl.disclosure.keys.hierarchy import Hierarchy
from wasl.disclosure.risk.diversity import (
    alpha_k,
    beta_likeness,
    class_counts,
    compatible_counts,
    delta_disclosure,
    diversity,
    l_diversity,
    t_closeness,
    t_closeness_hierarchical,
)
from wasl.errors import InputError


def counts_of(frame, keys, sensitive):
    return class_counts(equivalence_classes(frame, keys), code_columns(frame, [sensitive])[0])


def test_l_diversity_by_hand(small):
    distinct, entropy, recursive = l_diversity(small, ["sex"], "illness")
    # F: a 3, b 2; M: a 2, b 2, c 1
    f = np.exp(-(0.6 * np.log(0.6) + 0.4 * np.log(0.4)))
    m = np.exp(-(2 * 0.4 * np.log(0.4) + 0.2 * np.log(0.2)))
    women = (small["sex"] == "F").to_numpy()
    assert set(distinct[women]) == {2}
    assert set(distinct[~women]) == {3}
    np.testing.assert_allclose(entropy[women], f)
    np.testing.assert_allclose(entropy[~women], m)
    assert set(recursive[women]) == {2}  # 3 < 2 · 2
    assert set(recursive[~women]) == {2}  # 2 < 2 · (2 + 1), not 2 < 2 · 1


def test_shares_and_ratios_by_hand(small):
    counts = counts_of(small, ["sex"], "illness")
    np.testing.assert_allclose(alpha_k(counts), [0.6, 0.4])
    # file: a .5, b .4, c .1
    np.testing.assert_allclose(beta_likeness(counts), [0.2, 1.0])
    assert delta_disclosure(counts)[0] == np.inf
    assert delta_disclosure(counts)[1] == pytest.approx(np.log(2))
    np.testing.assert_allclose(t_closeness(counts), [0.1, 0.1])
    np.testing.assert_allclose(t_closeness(counts, ordered=True), [(0.1 + 0.1) / 2, (0.1 + 0.1) / 2])


def transport(p, q, ground):
    """Earth mover's distance as a linear programme."""
    m = len(p)
    rows = [np.kron(np.eye(m)[i], np.ones(m)) for i in range(m)] + [np.kron(np.ones(m), np.eye(m)[j]) for j in range(m)]
    return linprog(ground.ravel(), A_eq=np.array(rows), b_eq=np.concatenate([p, q]), bounds=(0, None)).fun


def test_distances_agree_with_a_linear_programme(rng):
    leaves = ["a", "b", "c", "d", "e"]
    hierarchy = Hierarchy("s", tuple(leaves), (("ab", "ab", "cd", "cd", "e"), ("x", "x", "x", "x", "e"), ("*",) * 5))
    frame = pd.DataFrame({"k": rng.integers(0, 4, 80), "s": rng.choice(leaves, 80)})
    counts = counts_of(frame, ["k"], "s")
    groups = [list(leaves), *map(list, hierarchy.levels)]

    def height(i, j):
        return next(level for level in range(4) if groups[level][i] == groups[level][j]) / 3

    grounds = {
        "equal": 1.0 - np.eye(5),
        "ordered": np.abs(np.subtract.outer(range(5), range(5))) / 4,
        "hierarchical": np.array([[height(i, j) for j in range(5)] for i in range(5)]),
    }
    found = {
        "equal": t_closeness(counts),
        "ordered": t_closeness(counts, ordered=True),
        "hierarchical": t_closeness_hierarchical(counts, leaves, hierarchy),
    }
    file = frame["s"].value_counts(normalize=True).reindex(leaves).to_numpy()
    classes = equivalence_classes(frame, ["k"])
    for c in range(len(classes)):
        own = frame.loc[classes.ids == c, "s"].value_counts(normalize=True).reindex(leaves).fillna(0).to_numpy()
        for name, ground in grounds.items():
            assert found[name][c] == pytest.approx(transport(own, file, ground), abs=1e-9)


def test_hierarchical_distance_needs_a_single_root():
    frame = pd.DataFrame({"k": [1, 1], "s": ["a", "b"]})
    with pytest.raises(InputError, match="single category"):
        t_closeness_hierarchical(counts_of(frame, ["k"], "s"), ["a", "b"], Hierarchy("s", ("a", "b"), ()))


@pytest.mark.parametrize("alpha", [1.0, 0.0])
def test_a_suppressed_row_hides_among_all_it_is_compatible_with(rng, alpha):
    frame = pd.DataFrame({"a": rng.integers(0, 3, 50).astype(float), "b": rng.integers(0, 3, 50).astype(float)})
    frame = frame.mask(rng.random(frame.shape) < 0.2)
    frame["s"] = rng.integers(0, 4, 50)
    keys = code_columns(frame, ["a", "b"])
    classes = equivalence_classes(keys)
    own = class_counts(classes, code_columns(frame, ["s"])[0])
    pooled = compatible_counts(own, pack_keys(keys).take(classes.first), Missing.wildcard(alpha))
    distinct = diversity(pooled).distinct
    holes = frame[["a", "b"]].isna().to_numpy()
    values = frame[["a", "b"]].to_numpy()
    for i in range(50):
        seen = set()
        for j in range(50):
            possible = np.all(holes[i] | holes[j] | (values[i] == values[j]))
            certain = not holes[j].any() or (holes[i] == holes[j]).all()
            if possible and (certain or alpha > 0):
                seen.add(frame["s"][j])
        assert distinct[classes.ids[i]] == len(seen)
