"""Known answers that travel with the repository: ``make_vectors.py`` computes them from the definitions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.frequencies import Missing, frequencies
from wasl.disclosure.methods.local_suppression import local_suppression
from wasl.disclosure.methods.microaggregation import microaggregate
from wasl.disclosure.risk.diversity import class_counts, l_diversity, t_closeness
from wasl.disclosure.risk.reidentification import household_risk, individual_risk
from wasl.disclosure.risk.suda2 import suda2

FOLDER = Path(__file__).parent
VALUES = json.loads((FOLDER / "values.json").read_text())
KEYS = VALUES["keys"]


@pytest.fixture
def people():
    text = pd.read_csv(FOLDER / "people.csv", dtype=str, keep_default_na=False, na_values=[""])
    return text.assign(**{name: text[name].astype(float) for name in ("weight", "wage", "hours")})


@pytest.mark.parametrize("meaning", ["1", "0.5", "0", "category"])
def test_frequencies_and_risks(people, meaning):
    expected = VALUES["frequencies"][meaning]
    missing = Missing.category() if meaning == "category" else Missing.wildcard(float(meaning))
    found = frequencies(people, KEYS, weight="weight", missing=missing)
    np.testing.assert_allclose(found.sample, expected["sample"], rtol=1e-14)
    np.testing.assert_allclose(found.population, expected["population"], rtol=1e-14)
    risks = individual_risk(found.sample, found.population)
    np.testing.assert_allclose(risks, expected["risk"], rtol=1e-12)
    houses = pd.factorize(people["house"])[0]
    np.testing.assert_allclose(household_risk(risks, houses), expected["household_risk"], rtol=1e-12)


def test_suda2(people):
    np.testing.assert_array_equal(suda2(people, KEYS).scores, VALUES["suda2"])


def test_diversity(people):
    keys = ["sex", "region"]
    distinct, entropy, _ = l_diversity(people, keys, "ill")
    np.testing.assert_array_equal(distinct, VALUES["diversity"]["distinct"])
    np.testing.assert_allclose(entropy, VALUES["diversity"]["entropy"], rtol=1e-12)
    classes = equivalence_classes(people, keys)
    distance = t_closeness(class_counts(classes, code_columns(people, ["ill"])[0]))
    np.testing.assert_allclose(distance[classes.ids], VALUES["diversity"]["t"], rtol=1e-12, atol=1e-15)


def test_mdav(people):
    done = microaggregate(people[["wage", "hours"]].to_numpy(), 3)
    np.testing.assert_array_equal(done.groups, VALUES["mdav"])


@pytest.mark.parametrize(("k", "cells"), [(2, 20), (3, 40), (5, 59)])
def test_local_suppression_needs_no_more_cells_than_before(people, k, cells):
    """Upper limits: what the search of sets without putting values back needed when this was written."""
    columns = code_columns(people, KEYS)
    done = local_suppression(columns, k)
    assert done.total <= cells
    assert frequencies(done.columns).sample.min() >= k
