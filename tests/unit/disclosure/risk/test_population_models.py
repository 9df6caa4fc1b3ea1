import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.risk.loglinear import expected_counts, loglinear_risk
from wasl.disclosure.risk.uniqueness import (
    dankar_choice,
    pitman_uniques,
    population_uniques,
    snb_uniques,
    zayatz_uniques,
)
from wasl.errors import InputError


def population(rng, rows=60_000):
    return pd.DataFrame(
        {
            "a": np.minimum(rng.geometric(0.08, rows), 60),
            "b": np.minimum(rng.geometric(0.2, rows), 25),
            "c": np.minimum(rng.geometric(0.4, rows), 8),
        }
    )


@pytest.mark.parametrize("fraction", [0.05, 0.2])
def test_estimates_lie_near_the_truth(rng, fraction):
    everyone = population(rng)
    truth = int(np.count_nonzero(equivalence_classes(everyone, ["a", "b", "c"]).sizes == 1))
    sample = everyone.sample(frac=fraction, random_state=3)
    sizes = equivalence_classes(sample, ["a", "b", "c"]).sizes
    found = population_uniques(sizes, len(everyone))
    assert found.chosen == ("pitman" if fraction < 0.1 else found.chosen)
    for estimate in (found.pitman, found.snb, found.zayatz):
        assert truth / 2 < estimate < truth * 6  # all three err on the safe side in small samples
    assert truth / 2 < found.estimate < truth * 2
    assert 0 < found.share_of_sample_uniques < 1


def test_the_whole_population_has_its_own_uniques():
    sizes = np.array([1, 1, 1, 2, 2, 5, 9])
    assert zayatz_uniques(sizes, 21) == pytest.approx(3.0)
    assert snb_uniques(sizes, 21) == pytest.approx(3.0)


def test_no_sample_unique_means_none_expected():
    sizes = np.array([4, 7, 9])
    assert (pitman_uniques(sizes, 1000), zayatz_uniques(sizes, 1000), snb_uniques(sizes, 1000)) == (0.0, 0.0, 0.0)


def test_models_that_do_not_apply_say_so():
    assert snb_uniques(np.array([1, 1, 3]), 100) is None
    assert pitman_uniques(np.array([1, 1, 1]), 100) is None
    with pytest.raises(InputError, match="smaller than the file"):
        population_uniques(np.array([2, 3]), 4)


def test_the_decision_rule():
    assert dankar_choice(0.05, 7.0, 9.0, 8.0) == ("pitman", 7.0)
    assert dankar_choice(0.05, None, 9.0, 8.0) == ("zayatz", 9.0)
    assert dankar_choice(0.5, 7.0, 9.0, 8.0) == ("snb", 8.0)
    assert dankar_choice(0.5, 7.0, 9.0, None) == ("zayatz", 9.0)


def test_main_effects_are_products_of_shares(rng):
    frame = population(rng, 500)
    means = expected_counts(code_columns(frame, ["a", "b", "c"]), "main")
    shares = [frame[v].map(frame[v].value_counts(normalize=True)) for v in "abc"]
    np.testing.assert_allclose(means, 500 * shares[0] * shares[1] * shares[2])


def test_two_way_fit_meets_every_two_way_margin(rng):
    frame = pd.DataFrame({v: rng.integers(0, 3, 400) for v in "abc"})
    frame["c"] = (frame["a"] + rng.integers(0, 2, 400)) % 3
    cells = frame.groupby(["a", "b", "c"]).size()
    means = pd.Series(expected_counts(code_columns(frame, ["a", "b", "c"]), "two-way"))
    fitted = means.groupby([frame["a"], frame["b"], frame["c"]]).first()
    assert len(cells) == len(fitted)
    for pair in (["a", "b"], ["a", "c"], ["b", "c"]):
        margin = fitted.groupby(level=pair).sum()
        observed = frame.groupby(pair).size()
        # Cells that are empty in the sample carry the small rest.
        assert (margin <= observed + 1e-6).all()
        assert margin.sum() == pytest.approx(400, rel=0.05)


def test_loglinear_risk_is_near_the_truth(rng):
    everyone = population(rng, 40_000)
    everyone["F"] = everyone.groupby(["a", "b", "c"])["a"].transform("size")
    sample = everyone.sample(frac=0.1, random_state=4)
    sizes = equivalence_classes(sample, ["a", "b", "c"])
    unique = sizes.sizes[sizes.ids] == 1
    truth = float((1.0 / sample["F"].to_numpy()[unique]).sum())
    for model in ("main", "two-way"):
        found = loglinear_risk(sample, ["a", "b", "c"], fraction=0.1, model=model)
        assert found.correct_matches == pytest.approx(truth, rel=0.3)
        assert found.population_uniques < found.correct_matches
        assert (found.risk[~unique] == 0).all()
        assert found.risk.sum() == pytest.approx(found.correct_matches)
    whole = loglinear_risk(sample, ["a", "b", "c"], fraction=1.0)
    assert whole.correct_matches == pytest.approx(unique.sum())
    with pytest.raises(InputError, match="sampling fraction"):
        loglinear_risk(sample, ["a"], fraction=0.0)
