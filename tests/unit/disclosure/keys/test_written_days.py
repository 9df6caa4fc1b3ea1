"""Days in CSV files are read as people write them where the column tells day and month apart, else refused."""

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.keys.variable_types import as_days
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.errors import InputError
from wasl.registers.documents import validate_document

SOME = [date(2024, 3, 31), date(2024, 2, 1), date(1999, 12, 5), date(2020, 2, 29)]


def column(cells):
    return pa.chunked_array([pa.array(cells, pa.string())])


LAYOUTS = ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d %m %Y", "%Y-%m-%d", "%d/%m/%Y 08:30", "%Y-%m-%dT10:00"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_the_same_days(layout):
    cells = [*(one.strftime(layout) for one in SOME), None, ""]
    assert as_days("d", column(cells)).to_pylist() == [*SOME, None, None]


def test_digits_of_any_script_and_mixed_layouts_are_read():
    cells = ["٣١/٠٣/٢٠٢٤", "2024-02-01", "5.12.1999", "29/2/2020"]
    assert as_days("d", column(cells)).to_pylist() == SOME


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["01/02/2024", "03/02/2024"], "do not tell day and month apart"),
        (["31/03/2024", "1/31/2024"], "cells are not"),
        (["31/03/24"], "cells are not"),
        (["20240331"], "cells are not"),
        (["31/02/2024"], "cells are not"),
        (["31/03/2024", "03/2024"], "cells are not"),
        (["31/03/2024", "yesterday"], "1 of 2 cells are not, first in row 2"),
        (["31/03/2024 23:30Z"], "cells are not"),
    ],
)
def test_what_would_be_guessed_is_refused(cells, what):
    with pytest.raises(InputError, match=what):
        as_days("d", column(cells))


def test_days_whose_two_readings_agree_need_no_evidence():
    assert as_days("d", column(["02/02/2024", "03/03/2024"])).to_pylist() == [date(2024, 2, 2), date(2024, 3, 3)]


def test_a_file_is_protected_alike_whatever_the_layout(rng):
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 365, 300), unit="D")
    sex = rng.choice(["F", "M"], 300)
    variable = {"name": "entry", "role": "key", "hierarchy": {"levels": [{"date": "quarter"}]}}
    document = {
        "name": "days",
        "variables": [variable, {"name": "sex", "role": "key"}],
        "thresholds": {"k": 3},
        "methods": [{"kind": "recode", "variable": "entry", "level": 1}, {"kind": "local_suppression"}],
    }
    policy = validate_document(DisclosurePolicy, document, "test")
    made = [
        protect(pd.DataFrame({"entry": days.strftime(layout), "sex": sex}), policy, seed=1).table
        for layout in ("%Y-%m-%d", "%d/%m/%Y")
    ]
    assert made[0].equals(made[1])
