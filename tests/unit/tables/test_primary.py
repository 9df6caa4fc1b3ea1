"""Primary rules on tables small enough to compute by hand; structural zeros; a contributor alone in several cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from wasl.errors import InputError
from wasl.tables.attacker import attack_tables
from wasl.tables.build import build_table
from wasl.tables.primary import find_primary
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec


def spec_of(**changes):
    document = {
        "name": "t",
        "input": {"value": "amount", "weight": "weight"},
        "dimensions": [{"name": "place"}],
        "primary": {"minimum_contributors": 0, "p_percent": 15},
    }
    return TablesSpec.model_validate(document | changes)


def judged(amounts, weights, **changes):
    """The total's cell under the rules: (value, unsafe, level)."""
    data = pa.table({"place": ["a"] * len(amounts), "amount": amounts, "weight": weights})
    table = spec_of(**changes).tables[0]
    cells = build_table(data, table, {}).table
    found = find_primary(cells, table.primary, table.protection)
    assert found.lower[0] == found.upper[0]
    return float(cells.value[0]), bool(found.unsafe[0]), float(found.upper[0])


@pytest.mark.parametrize(
    ("amounts", "weights", "value", "unsafe", "level"),
    [
        # The second largest, 10, knows its own and estimates 100 + 2 * 3 = 106: off by 6, and 15 are asked.
        ([100.0, 10.0, 3.0], [1.0, 1.0, 2.0], 116.0, True, 9.0),
        # The record of 10 stands for three contributors of 10; one of them sees 10 + 10 + 6 = 26 beside the largest.
        ([100.0, 10.0, 3.0], [1.0, 3.0, 2.0], 136.0, False, 0.0),
        # Two contributors of 100: each estimates the other to within the 5 of the third.
        ([100.0, 5.0], [2.0, 1.0], 205.0, True, 10.0),
        # Three of them: the third covers the largest.
        ([100.0, 5.0], [3.0, 1.0], 305.0, False, 0.0),
        # Weight 1.5: the second contributor is half of 100 and half of 20, which is 60; 10 remain beside the two.
        ([100.0, 20.0], [1.5, 1.0], 170.0, True, 5.0),
        # Nobody stands behind the largest: the whole 15 percent are missing.
        ([100.0], [1.0], 100.0, True, 15.0),
        # A refund of 100 is as large a contribution as a payment of 100.
        ([-100.0, 10.0, 3.0], [1.0, 1.0, 2.0], -84.0, True, 9.0),
        # The rest may be negative, too: its size counts.
        ([100.0, 10.0, -3.0], [1.0, 1.0, 2.0], 104.0, True, 9.0),
        ([100.0, 10.0, -8.0], [1.0, 1.0, 2.0], 94.0, False, 0.0),
    ],
)
def test_p_percent_with_sampling_weights(amounts, weights, value, unsafe, level):
    assert judged(amounts, weights) == (value, unsafe, pytest.approx(level))


def test_weights_can_be_left_out_of_the_rules():
    rules = {"minimum_contributors": 0, "p_percent": 15, "weighted": False}
    value, unsafe, _ = judged([100.0, 5.0], [3.0, 1.0], primary=rules)
    assert value == 305.0
    assert not unsafe  # 100 * 3 + 5 - 100 - 5 = 200 remain beside the two largest records


def test_pq_asks_for_less_where_everybody_knows_much():
    rules = {"minimum_contributors": 0, "pq": [10, 50]}
    # p / q * 100 = 20, and 6 remain beside the two largest.
    assert judged([100.0, 10.0, 3.0], [1.0, 1.0, 2.0], primary=rules) == (116.0, True, pytest.approx(14.0))


STRUCTURAL = [{"sex": ["M"], "reason": ["leave"]}]


def leaves():
    return pa.table(
        {
            "sex": ["F"] * 9 + ["M"] * 9,
            "reason": ["illness"] * 4 + ["maternity"] * 5 + ["illness"] * 9,
        }
    )


def declared(zeros):
    return spec_of(
        input={"value": "count"},
        dimensions=[{"name": "sex"}, {"name": "reason", "hierarchy": "reasons.csv"}],
        primary={"minimum_contributors": 3, "zeros": "unsafe"},
        protection={"attacker_bounds": [0.0, 2.0]},
        structural_zeros=zeros,
    )


REASONS = {
    "reasons.csv": pa.table({"group": ["leave", "leave", "other"], "reason": ["maternity", "nursing", "illness"]})
}


def test_structural_zeros_are_neither_unsafe_nor_withheld():
    plain = protect_tables(declared([]), [leaves()], REASONS).tables[0]
    table = protect_tables(declared(STRUCTURAL), [leaves()], REASONS).tables[0]
    at = {table.cells.label(i): i for i in range(table.cells.size)}
    for label in ("sex=M, reason=leave", "sex=M, reason=maternity", "sex=M, reason=nursing"):
        assert table.published[at[label]] == 0
        assert np.isnan(plain.published[at[label]])
    assert table.status[at["sex=F, reason=nursing"]] == 1  # an empty cell that is not declared stays unsafe


def test_structural_zero_that_is_not_empty_is_refused_and_named():
    with pytest.raises(InputError, match="2 cells declared as structural zeros are not empty"):
        protect_tables(declared([{"sex": ["F"], "reason": ["maternity", "leave"]}]), [leaves()], REASONS)


def test_structural_zero_of_an_unknown_code_is_refused():
    with pytest.raises(InputError, match="names the code 'strike'"):
        protect_tables(declared([{"reason": ["strike"]}]), [leaves()], REASONS)


@pytest.mark.parametrize("zeros", [[{}], [{"age": ["1"]}], [{"sex": []}]])
def test_structural_zeros_name_dimensions_of_the_table(zeros):
    with pytest.raises(ValidationError, match="structural_zeros"):
        declared(zeros)


def test_contributor_alone_in_several_cells_knows_them_all(cell_of, published):
    """Firm f1 is alone in two cells of a sum; what it knows must not give away the cell of f2 in the same sum."""
    firms = {("N", "A"): ["f1"], ("N", "B"): ["f1"], ("N", "C"): ["f2"]}
    rows = [("N", "A", "f1", 50.0), ("N", "B", "f1", 40.0), ("N", "C", "f2", 30.0)]
    rows += [(region, sector, f"{region}{sector}{i}", 20.0) for region in "SE" for sector in "ABCD" for i in range(5)]
    rows += [("N", "D", f"d{i}", 15.0) for i in range(5)]
    region, sector, firm, amount = (list(column) for column in zip(*rows, strict=True))
    data = pa.table({"region": region, "sector": sector, "firm": firm, "amount": amount})

    def protected(contributor):
        return protect_tables(
            spec_of(
                input={"value": "amount", **contributor},
                dimensions=[{"name": "region"}, {"name": "sector"}],
                primary={"minimum_contributors": 3},
                protection={"singletons": True},
            ),
            [data],
            {},
        ).tables[0]

    def width(table):
        at = {cell_of(table, i): i for i in range(table.cells.size)}
        known = {
            cell: float(table.cells.value[i])
            for cell, i in at.items()
            if tuple(dict(cell).get(name, "") for name in ("region", "sector")) in firms and dict(cell)["sector"] != "C"
        }
        other = next(cell for cell, i in at.items() if table.cells.label(i) == "region=N, sector=C")
        low, high = attack_tables([published(table)], known=known, only=[other])[other]
        return high - low

    assert width(protected({"contributor": "firm"})) >= 2 * 0.1 * 30 - 1e-6


@pytest.mark.parametrize(
    "rules", [{"minimum_contributors": 3}, {"minimum_contributors": 0, "dominance": [{"n": 2, "k": 60}]}]
)
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_contributions_that_cancel_out_are_protected_by_their_size(rules, share):
    # One of the two knows its own 100 and the published sum of 1: a share of the sum would leave the other at 99 +- .1.
    changes = {"primary": rules, "protection": {"lower": share, "upper": share}}
    assert judged([100.0, -99.0], [1.0, 1.0], **changes) == (1.0, True, pytest.approx(share * 199))
    assert judged([100.0, 99.0], [1.0, 1.0], **changes) == (199.0, True, pytest.approx(share * 199))
