"""Strata that lie within regions undo the joining of regions, and are refused; other variables are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import PolicyError
from wasl.registers.documents import config_dir, validate_document

FILE = "region-neighbours.csv"
NEIGHBOURS = (config_dir() / "disclosure" / "hierarchies" / FILE).read_text(encoding="utf-8")
REGIONS = ("06", "09", "07", "02", "10", "11", "08")
SHARES = (0.4, 0.2, 0.2, 0.1, 0.04, 0.03, 0.03)
ROWS = 600


def policy(**stratum: object) -> DisclosurePolicy:
    document = {
        "name": "areas",
        "thresholds": {"k": 3},
        "variables": [
            {"name": "region", "role": "key", "never_suppress": True},
            {"name": "sex", "role": "key"},
            {"name": "stratum", "role": "free", **stratum},
            {"name": "weight", "role": "weight", "type": "number"},
        ],
        "methods": [
            {"kind": "group_areas", "variable": "region", "below": 40, "neighbours": FILE},
            {"kind": "local_suppression"},
        ],
    }
    made = validate_document(DisclosurePolicy, document, "test")
    return made.model_copy(update={"hierarchy_texts": {FILE: NEIGHBOURS}})


def survey(seed: int, stratum: str) -> pa.Table:
    rng = np.random.default_rng(seed)
    region = rng.choice(len(SHARES), ROWS, p=SHARES)
    other = rng.integers(0, 4, ROWS)
    made = {
        "nested": [f"{r}-{o}" for r, o in zip(region, other, strict=True)],
        "numbered": region * 10 + other,
        "apart": [f"S{o}" for o in other],
        "of many values": [f"S{o}" for o in rng.integers(0, 60, ROWS)],
        "one a row": [f"N{n}" for n in range(ROWS)],
        "missing": [None] * ROWS,
    }[stratum]
    sex, weight = rng.choice(["F", "M"], ROWS), np.full(ROWS, 10.0)
    return pa.table({"region": [REGIONS[r] for r in region], "sex": sex, "stratum": pa.array(made), "weight": weight})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stratum", ["nested", "numbered"])
def test_a_stratum_within_a_region_is_refused_with_its_name(seed: int, stratum: str) -> None:
    with pytest.raises(PolicyError, match=r"release\.areas: stratum tells the region of \d+ of \d+ rows"):
        protect(survey(seed, stratum), policy(), seed=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stratum", ["apart", "of many values", "one a row", "missing"])
def test_a_variable_that_knows_nothing_of_regions_is_released(seed: int, stratum: str) -> None:
    protected = protect(survey(seed, stratum), policy(), seed=1).table
    assert "stratum" in protected.column_names
    assert any("+" in value for value in protected["region"].to_pylist())


@pytest.mark.parametrize("stratum", ["nested", "numbered"])
def test_without_the_stratum_the_file_is_released(stratum: str) -> None:
    protected = protect(survey(1, stratum), policy(role="drop"), seed=1).table
    assert "stratum" not in protected.column_names


def test_where_no_region_is_joined_a_stratum_may_lie_within_one() -> None:
    data = survey(1, "nested")
    large = data.filter(pa.array([value in {"06", "07", "09"} for value in data["region"].to_pylist()]))
    assert "stratum" in protect(large, policy(), seed=1).table.column_names


def weighted(seed: int, kind: str) -> pa.Table:
    """The survey whose strata tell nothing, with weights of one kind."""
    table = survey(seed, "apart")
    place = np.array([REGIONS.index(code) for code in table["region"].to_pylist()])
    other = np.array([int(text[1:]) for text in table["stratum"].to_pylist()])
    rng = np.random.default_rng(seed)
    made = {
        "by region": 8.0 + place / 3,
        "by region and stratum": 8.0 + place / 3 + other / 7,
        "by stratum": 8.0 + other / 7,
        "equal": np.full(ROWS, 10.0),
        "equal in the joined regions": 8.0 + np.minimum(place, 4) / 3,
        "one a row": 8.0 + rng.random(ROWS),
    }[kind]
    return table.set_column(table.column_names.index("weight"), "weight", pa.array(made))


@pytest.mark.parametrize("kind", ["by region", "by region and stratum"])
def test_weights_of_a_region_are_refused_with_their_name(kind: str) -> None:
    for seed in range(2):
        with pytest.raises(PolicyError, match=r"weight weight tells the region of \d+ of \d+ rows"):
            protect(weighted(seed, kind), policy(), seed=1)


@pytest.mark.parametrize("kind", ["by stratum", "equal", "equal in the joined regions", "one a row"])
def test_weights_that_tell_no_region_are_not(kind: str) -> None:
    assert protect(weighted(0, kind), policy(), seed=1).table.num_rows > 0
