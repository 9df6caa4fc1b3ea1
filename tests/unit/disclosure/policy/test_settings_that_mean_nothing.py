"""A setting that would do nothing is refused, and each missing code counts whatever the type of its column."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.keys.variable_types import null_codes
from wasl.disclosure.keys.working_file import prepare
from wasl.disclosure.policy.document import DisclosurePolicy, require_thresholds
from wasl.disclosure.protect import protect
from wasl.errors import InputError, SchemaError
from wasl.registers.documents import validate_document

KEYS = [{"name": "region", "role": "key"}, {"name": "sex", "role": "key"}]
WIDE = {"levels": [{"width": 10}]}


def policy_of(*, variables=(), first=None, **changes):
    named = [{**KEYS[0], **(first or {})}, KEYS[1], *variables]
    document = {"name": "p", "unlisted": "drop", "variables": named, "thresholds": {"k": 2}, **changes}
    return validate_document(DisclosurePolicy, document, "test")


def rule(**limits):
    return {"k": 2, "sensitive": [{"variable": "sex", **limits}]}


PRAM = {"kind": "pram", "variables": ["sex"]}
MATRIX = {"matrix": [[0.9, 0.1], [0.1, 0.9]], "categories": ["F", "M"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first": {"hierarchy": {"levels": [{"prefix": 1, "closed": "right"}]}}}, "closed belongs to"),
        ({"first": {"hierarchy": {"levels": [{"to_all": True, "closed": "right"}]}}}, "closed belongs to"),
        ({"first": {"hierarchy": {"levels": [{"prefix": 1, "other": "rest"}]}}}, "other belongs to groups"),
        ({"first": {"level": "household"}}, "needs a variable of role 'household'"),
        ({"variables": [{"name": "wage", "role": "free", "importance": 2}]}, "importance belongs to keys"),
        ({"variables": [{"name": "wage", "role": "drop", "never_suppress": True}]}, "never_suppress belongs to"),
        ({"missing": {"semantics": "category", "alpha": 0.5}}, "alpha belongs to"),
        ({"thresholds": rule(l_distinct=2, distance="ordered")}, "a distance, which belongs to t"),
        ({"thresholds": rule(l_distinct=2, recursive_c=3)}, "recursive_c, which belongs to l_recursive"),
        ({"thresholds": rule(l_distinct=1)}, "states no limit"),
        ({"thresholds": rule(l_entropy=1.0)}, "states no limit"),
        ({"thresholds": rule(t=1.0)}, "states no limit"),
        ({"thresholds": rule(alpha=1.0)}, "states no limit"),
        ({"thresholds": rule(beta=float("inf"))}, "states no limit"),
        ({"search": {}}, "needs a key with a hierarchy"),
        ({"search": {}, "variables": [{"name": "age", "role": "free", "hierarchy": WIDE}]}, "needs a key with"),
        ({"methods": [{"kind": "risk_suppression", "threshold": 0.5, "of": "household"}]}, "role 'household'"),
        ({"methods": [{**PRAM, "categories": ["F", "M"]}]}, "belong together"),
        ({"methods": [{**PRAM, "matrix": MATRIX["matrix"]}]}, "belong together"),
        ({"methods": [{**PRAM, **MATRIX, "retain": 0.5}]}, "exclude each other"),
        ({"methods": [{**PRAM, "retain": 1.0}]}, "changes no category"),
        ({"methods": [{"kind": "rank_swap", "variables": ["sex"], "window": 0}]}, "greater than 0"),
        ({"methods": [{"kind": "group", "variable": "sex", "groups": {}}]}, "at least 1 item"),
        ({"release": {"min_category_rows": {"sex": 1}}}, "greater than or equal to 2"),
        ({"release": {"min_category_rows": {"sex": -3}}}, "greater than or equal to 2"),
    ],
)
def test_a_setting_without_effect_is_refused(changes, said):
    with pytest.raises(SchemaError, match=said):
        policy_of(**changes)


@pytest.mark.parametrize(
    "limits",
    [
        *({name: 1.0} for name in ("individual_risk", "household_risk", "global_risk", "suda_dis", "linkage_risk")),
        {"interval_risk": 1.0, "removed_rows": 0.1},
    ],
)
def test_a_risk_of_one_limits_nothing(limits):
    people = [{"name": "home", "role": "household"}]
    with pytest.raises(SchemaError, match="has no thresholds"):
        require_thresholds(policy_of(variables=people, thresholds=limits))
    require_thresholds(policy_of(variables=people, thresholds={**limits, "k": 3}))
    require_thresholds(policy_of(variables=people, thresholds=dict.fromkeys(limits, 0.99)))


def test_a_policy_that_was_written_out_is_read_again():
    full = policy_of(methods=[PRAM, {**PRAM, **MATRIX}], thresholds=rule(l_recursive=2, recursive_c=3.0))
    assert DisclosurePolicy.model_validate(full.model_dump(mode="json")).digest == full.digest


@pytest.mark.parametrize("beside", [{}, {"other": "rest"}])
def test_groups_of_labels_on_a_file_of_codes_are_refused(beside):
    data = pd.DataFrame({"region": [1, 2, 3] * 10, "sex": ["F", "M"] * 15})
    method = {"kind": "group", "variable": "region", "groups": {"north": ["Rif", "Oriental"]}, **beside}
    with pytest.raises(InputError, match="have codes such as 1 and 2") as refused:
        protect(data, policy_of(methods=[method]), seed=1)
    assert "Rif" not in str(refused.value)
    levels = {"hierarchy": {"levels": [{"groups": {"north": ["Rif"]}, **beside}]}}
    recode = {"kind": "recode", "variable": "region", "level": 1}
    with pytest.raises(InputError, match="have codes such as 1 and 2"):
        protect(data, policy_of(first=levels, methods=[recode]), seed=1)


DAYS = [dt.date(1900, 1, 1), dt.date(1985, 3, 12), None, dt.date(9999, 12, 31)]
NAIVE = [None if day is None else dt.datetime.combine(day, dt.time(5)) for day in DAYS]


@pytest.mark.parametrize(
    ("column", "codes", "left"),
    [
        (pa.array(DAYS), ["1900-01-01", "9999-12-31"], [1]),
        (pa.array(DAYS, pa.date64()), ["1900-01-01", "9999-12-31", "NSP"], [1]),
        (pa.array(NAIVE, pa.timestamp("us")), ["1900-01-01 05:00:00", "9999-12-31 05:00:00"], [1]),
        (pa.array(NAIVE[:3], pa.timestamp("us", tz="UTC")), ["1900-01-01 05:00:00"], [1]),
        (pa.array([True, False, None]), ["false"], [0]),
        (pa.array([True, False, None]), ["NSP"], [0, 1]),
        (pa.array([dt.time(5), dt.time(6), None]), ["05:00:00"], [1]),
        (pa.array(["a", "99", None]), ["99"], [0]),
        (pa.array(["a", "99", None]).dictionary_encode(), ["99"], [0]),
        (pa.array([1, 99, None], pa.uint8()), ["99", "999", "-1"], [0]),
        (pa.array([1.5, 99.0, None], pa.float32()), ["99"], [0]),
        (pa.array([1, 99, None], pa.decimal128(5, 2)), ["99.0"], [0]),
    ],
)
def test_a_missing_code_is_missing_in_a_column_of_any_type(column, codes, left):
    found = null_codes(pa.chunked_array([column]), codes)
    assert np.flatnonzero(~np.array(found.is_null())).tolist() == left


@pytest.mark.parametrize("text", ["99", "99.0", "99,0", " 99 ", "99,00"])
def test_a_missing_code_of_a_number_is_met_by_its_value(text):
    data = pd.DataFrame({"region": [text, "12", "13,5"], "sex": ["F", "M", "F"]})
    file = prepare(data, policy_of(first={"type": "number", "missing": ["99"]}))
    assert file.table.column("region").to_pylist() == [None, 12, 13.5]


def test_sentences_claim_only_what_happened():
    data = pd.DataFrame({"region": ["N", "S"] * 30, "sex": ["F", "M"] * 30, "wage": np.arange(60.0)})
    methods = [
        {"kind": "top_bottom", "variable": "wage", "top": 1000.0},
        {"kind": "swap_records", "areas": ["region"], "risk_variables": ["sex"], "rate": 0.0},
        {**PRAM, "retain": 1.0 - 1e-12},
    ]
    done = protect(data, policy_of(variables=[{"name": "wage", "role": "free"}], methods=methods), seed=1)
    told = {change.method: change.sentence for change in done.changes}
    assert told["top_bottom"] == "No value of wage is replaced."
    assert told["swap_records"] == "No record exchanged its region."
    assert told["pram"].endswith("None was changed.")
