import itertools

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.hierarchy import Hierarchy, generalize
from wasl.disclosure.lattice.goals import k_goal, k_map_goal, risk_goal, sensitive_goal
from wasl.disclosure.lattice.search import search_lattice
from wasl.disclosure.risk.diversity import class_counts, diversity, t_closeness
from wasl.disclosure.risk.reidentification import individual_risk
from wasl.errors import InputError, PolicyError

HIERARCHIES = [
    Hierarchy("a", ("1", "2", "3", "4"), (("12", "12", "34", "34"), ("*",) * 4)),
    Hierarchy("b", ("1", "2", "3"), (("*",) * 3,)),
    Hierarchy("c", ("1", "2", "3", "4"), (("1", "234", "234", "234"), ("*",) * 4)),
]


@pytest.fixture
def frame(rng):
    return pd.DataFrame(
        {
            "a": rng.choice(["1", "2", "3", "4"], 120, p=[0.4, 0.3, 0.2, 0.1]),
            "b": rng.choice(["1", "2", "3"], 120),
            "c": rng.choice(["1", "2", "3", "4"], 120, p=[0.7, 0.15, 0.1, 0.05]),
            "s": rng.choice(["x", "y", "z"], 120, p=[0.6, 0.3, 0.1]),
            "w": rng.uniform(1, 30, 120),
        }
    )


def brute_force(frame, violates, objective, limit):
    """The score of every node that meets the goal, by generalizing rows and counting them."""
    columns = code_columns(frame, ["a", "b", "c"])
    n = len(frame)
    scores = {}
    for levels in itertools.product(*(range(h.height + 1) for h in HIERARCHIES)):
        coarse = [generalize(c, h, level) for c, h, level in zip(columns, HIERARCHIES, levels, strict=True)]
        classes = equivalence_classes(coarse)
        bad = violates(classes)[classes.ids]
        if bad.sum() > limit * n:
            continue
        if objective == "discernibility":
            sizes = np.bincount(classes.ids[~bad])
            scores[levels] = (float((sizes**2).sum()) + n * bad.sum()) / n**2
        elif objective == "aecs":
            scores[levels] = 1.0 / (len(set(classes.ids[~bad])) + bool(bad.any()))
        else:
            parts = []
            for column, hierarchy, level, after in zip(columns, HIERARCHIES, levels, coarse, strict=True):
                leaves = len(hierarchy.leaves)
                if objective == "loss":
                    shares = hierarchy.shares(level)
                    cell = np.array([shares[after.texts[code]] for code in after.codes])
                    cell = (np.where(bad, 1.0, cell) - 1 / leaves) / (1 - 1 / leaves)
                elif objective == "precision":
                    cell = np.where(bad, 1.0, level / hierarchy.height)
                else:
                    fine = np.bincount(column.codes)[column.codes]
                    broad = np.where(bad, n, np.bincount(after.codes)[after.codes])
                    most = np.log2(n / fine).sum()
                    cell = np.log2(broad / fine) * n / most
                parts.append(cell.mean())
            scores[levels] = np.prod([1 + p for p in parts]) ** (1 / 3) - 1 if objective == "loss" else np.mean(parts)
    return scores


@pytest.mark.parametrize("objective", ["loss", "precision", "entropy", "discernibility", "aecs"])
@pytest.mark.parametrize("limit", [0.0, 0.1])
def test_the_optimum_is_that_of_trying_every_node(frame, objective, limit):
    scores = brute_force(frame, lambda classes: classes.sizes < 4, objective, limit)
    found = search_lattice(
        code_columns(frame, ["a", "b", "c"]),
        HIERARCHIES,
        [k_goal(len(frame), 4)],
        objective=objective,
        suppression_limit=limit,
    )
    assert found.best.score == pytest.approx(min(scores.values()), abs=1e-12)
    assert scores[found.best.levels] == pytest.approx(found.best.score, abs=1e-12)
    ranked = sorted(scores.values())
    for runner, expected in zip(found.runners_up, ranked[1:], strict=False):
        assert runner.score == pytest.approx(expected, abs=1e-12)
    assert found.checked + found.pruned_by_monotonicity + found.pruned_by_bound == found.nodes == 18


@pytest.mark.parametrize("limit", [0.0, 0.1])
def test_other_goals_agree_with_trying_every_node(frame, limit):
    columns = code_columns(frame, ["a", "b", "c"])
    base = equivalence_classes(columns)
    sensitive = code_columns(frame, ["s"])[0]
    counts = class_counts(base, sensitive)
    weights = frame["w"].to_numpy()

    def risky(classes):
        totals = np.bincount(classes.ids, weights=weights)
        return individual_risk(classes.sizes.astype(float), totals) > 0.05

    cases = [
        (
            sensitive_goal("l", base, counts, lambda c: diversity(c).distinct < 2, merges=True),
            lambda classes: diversity(class_counts(classes, sensitive)).distinct < 2,
        ),
        (
            sensitive_goal("t", base, counts, lambda c: t_closeness(c) > 0.3, merges=False),
            lambda classes: t_closeness(class_counts(classes, sensitive)) > 0.3,
        ),
        (risk_goal(weights, 0.05), risky),
    ]
    for goal, violates in cases:
        scores = brute_force(frame, violates, "loss", limit)
        found = search_lattice(columns, HIERARCHIES, [goal], suppression_limit=limit)
        assert found.best.score == pytest.approx(min(scores.values()), abs=1e-12)


def test_k_map_uses_the_population_only_for_the_goal(frame):
    population = pd.concat([frame.iloc[:60]] * 4, ignore_index=True)
    both = pd.concat([frame, population], ignore_index=True)
    sample = np.arange(len(both)) < len(frame)
    found = search_lattice(code_columns(both, ["a", "b", "c"]), HIERARCHIES, [k_map_goal(sample, 4)], sample=sample)
    coarse = [
        generalize(c, h, level)
        for c, h, level in zip(code_columns(both, ["a", "b", "c"]), HIERARCHIES, found.best.levels, strict=True)
    ]
    ids = equivalence_classes(coarse).ids
    in_population = np.bincount(ids[~sample], minlength=ids.max() + 1)[ids[sample]]
    assert in_population.min() >= 4
    assert found.best.suppressed == 0


def test_refusals(frame):
    columns = code_columns(frame, ["a", "b", "c"])
    with pytest.raises(PolicyError, match="not even the most general"):
        search_lattice(columns, HIERARCHIES, [k_goal(120, 121)])
    with pytest.raises(InputError, match="18 nodes, more than 10"):
        search_lattice(columns, HIERARCHIES, [k_goal(120, 2)], max_nodes=10)
    with pytest.raises(InputError, match="outside its hierarchy"):
        search_lattice(columns, [Hierarchy("a", ("1", "2"), (("*", "*"),)), *HIERARCHIES[1:]], [k_goal(120, 2)])
