"""Agreement with somebody rare weighs more than with somebody frequent, without a name being seen."""

from __future__ import annotations

import numpy as np
import pytest

from wasl.linkage.plan import LinkagePlan
from wasl.linkage.score import score_pairs


@pytest.fixture(scope="module")
def crowded(simulator):
    """Two registers of 400; half of the people in each bear one and the same name."""
    people = simulator.persons(500, seed=31)
    people.loc[:249, ["given", "surname"]] = ["kari", "mosadu"]
    return [
        simulator.delivered(people.iloc[rows].reset_index(drop=True), name, profile="open", seed=seed)
        for seed, (name, rows) in enumerate((("alpha", slice(0, 400)), ("beta", slice(100, 500))), 1)
    ]


def weights(parts, plan, names, **options):
    chosen = plan.model_copy(update={"model": plan.model.model_copy(update={"term_frequency": names})})
    return score_pairs(chosen, [part.delivery for part in parts], **options).pairs


def test_frequent_names_weigh_less_and_rare_ones_more(crowded, plan):
    plain, adjusted = weights(crowded, plan, ()), weights(crowded, plan, ("names",))
    assert plain.column("left_row_id").equals(adjusted.column("left_row_id"))
    pattern = np.array(plain.column("pattern").to_pylist())
    best = pattern == max(set(pattern), key=lambda text: (text.count("+"), text))
    change = adjusted.column("weight").to_numpy() - plain.column("weight").to_numpy()
    # Of pairs that agree on everything, those among the many of one name lose and the others gain or stay.
    assert best.sum() > 100
    assert change[best].min() < -0.3
    assert change[best].max() > change[best].min() + 0.5
    assert np.abs(change).max() <= 3.0 / np.log(2) + 1e-9
    before, after = (table.column("probability").to_numpy() for table in (plain, adjusted))
    doubtful = (before < 0.999) & (after < 0.999)
    where = np.flatnonzero(doubtful)
    odds = np.log2(after[where] / (1 - after[where])) - np.log2(before[where] / (1 - before[where]))
    assert np.allclose(odds, change[where])


def test_comparisons_not_named_stay_as_they_are(crowded, plan):
    plain = weights(crowded, plan, ())
    assert weights(crowded, plan, ("nothing-of-the-kind",)).equals(plain)


def test_threads_and_order_make_no_difference(crowded, plan):
    once = weights(crowded, plan, ("names", "birth"), threads=1)
    assert weights(list(reversed(crowded)), plan, ("names", "birth"), threads=2).equals(once)


def test_blocks_and_missing_filters(three_registers, plan):
    plain, adjusted = weights(three_registers, plan, ()), weights(three_registers, plan, ("names", "birth"))
    assert plain.num_rows == adjusted.num_rows
    assert np.isfinite(adjusted.column("weight").to_numpy()).all()
    assert adjusted.column("probability").to_numpy().max() <= 1


def test_names_are_weighed_by_frequency_where_there_are_no_blocks(crowded, plan):
    """A plan that says nothing has the comparisons of names; an empty list turns it off."""
    usual, named, off = (weights(crowded, plan, names) for names in (None, ("names", "surname", "given"), ()))
    assert usual.equals(named)
    assert not usual.column("weight").equals(off.column("weight"))
    assert plan.weighs_frequency(2) == ()
    stated = plan.model_copy(update={"model": plan.model.model_copy(update={"term_frequency": ("birth",)})})
    assert stated.weighs_frequency(1) == stated.weighs_frequency(2) == ("birth",)


def test_a_plan_that_says_nothing_of_frequency_keeps_its_digest(plan):
    """Before, nothing said was an empty list; a plan that says an empty list now is another one."""
    said = {
        names: LinkagePlan.model_validate({"name": "p", "model": {"term_frequency": names}}).digest
        for names in (None, (), ("names",))
    }
    assert said[None] == LinkagePlan(name="p").digest == DIGEST_BEFORE
    assert len(set(said.values())) == 3


DIGEST_BEFORE = "sha256:f65a243fba5ae08c4f8eb7abdae517c04f092aac82b1c8a78685c30b9e556a2c"
