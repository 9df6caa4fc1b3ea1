"""A published total less the values that a file shows is the one value that the file masks."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document
from wasl.tables.earlier import read_earlier
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect

TOP = 20_000.0


def persons(seed, highs, rows=240):
    """Persons of four regions, of whom as many as said earn more than the bound in each."""
    rng = np.random.default_rng(seed)
    region = rng.permutation(np.resize(list("ABCD"), rows))
    wage = rng.uniform(3_000, 19_000, rows).round(2)
    for name, count in zip("ABCD", highs, strict=True):
        places = np.flatnonzero(region == name)[:count]
        wage[places] = rng.uniform(21_000, 40_000, count).round(2)
    return pd.DataFrame({"region": region, "sex": rng.choice(["F", "M"], rows), "wage": wage})


def published(data, **changes):
    """A table of wages by region whose rules all hold."""
    document = {
        "name": "wages",
        "dimensions": [{"name": "region"}],
        "input": {"value": "wage"},
        "primary": {"minimum_contributors": 3},
    }
    table = pa.Table.from_pandas(data, preserve_index=False)
    made = protect_tables(TablesSpec.model_validate(document | changes), [table], {})
    return read_earlier("first", made.report["tables"][0], made.tables[0].internal())


def released(data, tables, *, methods=(), k=3, role="key"):
    document = {
        "name": "wages",
        "variables": [
            {"name": "region", "role": role},
            {"name": "sex", "role": "key"},
            {"name": "wage", "role": "sensitive"},
        ],
        "thresholds": {"k": k},
        "methods": list(methods) or [{"kind": "top_bottom", "variable": "wage", "top": TOP}],
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    return protect(data, policy, RunOptions(seed=1), earlier=tables, attack=False).result.table


@pytest.mark.parametrize("highs", [(1, 5, 5, 5), (5, 2, 5, 5), (1, 1, 1, 1)])
def test_a_region_with_few_coded_wages_and_a_published_total_is_refused(highs):
    data = persons(sum(highs), highs)
    table = published(data)
    assert not table.hidden.any()
    few = sum(0 < count < 3 for count in highs)
    with pytest.raises(PolicyError, match=rf"masked numbers follow from {few} published totals: first/wages: region="):
        released(data, [table])
    assert released(data, []).num_rows == len(data)


@pytest.mark.parametrize(
    ("methods", "role"),
    [
        # as many as k in each region
        ([{"kind": "top_bottom", "variable": "wage", "top": 15_000.0}], "key"),
        # the file does not say who is in which region
        ([], "drop"),
        # rounding hides the rest of the total
        (
            [
                {"kind": "top_bottom", "variable": "wage", "top": TOP},
                {"kind": "round", "variable": "wage", "base": 500},
            ],
            "key",
        ),
    ],
    ids=["many", "unknown", "rounded"],
)
def test_what_hides_the_sum_is_released(methods, role):
    data = persons(3, (1, 5, 5, 5))
    assert released(data, [published(data)], methods=methods, role=role).num_rows == len(data)


def test_a_withheld_or_perturbed_total_or_one_of_other_data_tells_nothing():
    data = persons(4, (1, 5, 5, 5))
    other = published(persons(5, (5, 5, 5, 5)))
    counts = published(data, input={})
    hidden = published(data, primary={"minimum_contributors": 61})
    assert hidden.hidden.any()
    assert released(data, [other, counts, hidden]).num_rows == len(data)
    with pytest.raises(PolicyError, match="1 published totals"):
        released(data, [other, counts, published(data)])


def test_numbers_masked_in_all_records_of_a_cell_are_shown_by_the_table_alone():
    data = persons(6, (0, 0, 0, 0), rows=16)
    noise = [{"kind": "noise", "variables": ["wage"], "amount": 0.5}]
    with_few = published(data, primary={"minimum_contributors": 2})
    assert not with_few.hidden.any()
    assert released(data.assign(sex="F"), [with_few], methods=noise, k=6, role="free").num_rows == 16
