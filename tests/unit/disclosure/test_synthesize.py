from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.working_file import prepare
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.synthesize import equal_to_uniques, synthesize
from wasl.registers.documents import validate_document

POLICY = validate_document(
    DisclosurePolicy,
    {
        "name": "syn",
        "variables": [
            {"name": "sex", "role": "key"},
            {"name": "age", "role": "key"},
            {"name": "entry", "role": "free"},
            {"name": "birth", "role": "free"},
            {"name": "wage", "role": "sensitive"},
        ],
        "synthesis": {"inequalities": [{"low": "birth", "high": "entry"}]},
    },
    "test",
)


@pytest.fixture
def micro(rng):
    birth = rng.integers(1950, 2000, 200)
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], 200),
            "age": rng.integers(20, 60, 200),
            "birth": birth,
            "entry": birth + rng.integers(0, 40, 200),
            "wage": rng.lognormal(8, 0.5, 200),
        }
    )


def test_rows_equal_to_real_uniques_are_found(micro):
    file = prepare(micro, POLICY)
    counts = micro.groupby(["sex", "age"])["sex"].transform("size").to_numpy()
    keys, whole = equal_to_uniques(file, micro.astype(object))
    np.testing.assert_array_equal(keys, counts == 1)
    assert np.all(whole <= keys)
    assert not equal_to_uniques(file, micro.assign(age=99).astype(object))[0].any()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sdv") is None, reason="needs sdv: pip install -c constraints.txt '.[synth]'")
def test_synthetic_rows_keep_constraints_and_repeat_no_unique(micro):
    done = synthesize(micro, POLICY, 150, seed=3)
    table = done.table.to_pandas()
    assert len(table) == 150
    assert (table["birth"] <= table["entry"]).all()
    assert table["age"].between(20, 59).all()
    assert not equal_to_uniques(prepare(micro, POLICY), table.astype(object))[0].any()
    assert done.uniques.keys <= done.uniques.replaced or done.uniques.keys == 0
    assert done.table.equals(synthesize(micro, POLICY, 150, seed=3).table)
    assert "risk" not in str(done.public_report())
