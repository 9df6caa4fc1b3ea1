"""What a holder gets back: its own records only, other registers as rules allow, nothing where the schema says none."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import AccessError, InputError, MismatchError, SchemaError
from wasl.holder.returned import open_return, return_workbook
from wasl.linkage.plan import LinkagePlan
from wasl.linkage.resolve import LINKS_SCHEMA
from wasl.registers.documents import validate_document
from wasl.registers.exchange.holder_return import HolderReturn
from wasl.registers.exchange.payload import Payload
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.holder_return import holder_return

NAMES = ("dgsn-permits", "cnss-employees", "cnss-pensioners", "unhcr-refugees")
SCHEMAS = {name: RegisterSchema.load(name) for name in NAMES}
PLAN = LinkagePlan.load("morocco")


def identity(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()[:16]


def linkage(persons: dict[str, list[int]], disagree: frozenset[int] = frozenset()):
    """A linkage in which record k of a register is person ``persons[register][k]``; some differ in nationality."""
    rows = [(identity("p", p), name, identity(name, k)) for name, list_ in persons.items() for k, p in enumerate(list_)]
    spine = pa.table(
        {
            "person_id": pa.array([row[0] for row in rows], pa.binary(16)),
            "register": pa.array([row[1] for row in rows]).dictionary_encode(),
            "record_id": pa.array([row[2] for row in rows], pa.binary(16)),
        }
    )
    links = []
    names = list(persons)
    for x, left in enumerate(names):
        for right in names[x + 1 :]:
            for i, p in enumerate(persons[left]):
                for j, q in enumerate(persons[right]):
                    if p == q:
                        pattern = "names:2 birth:11" if p in disagree else "names:11 birth:."
                        ends = (left, identity(left, i), right, identity(right, j))
                        links.append((*ends, 9.0, 0.99, "link", pattern, ""))
    columns = list(zip(*links, strict=True)) if links else [[] for _ in LINKS_SCHEMA.names]
    table = pa.table(
        [pa.array(list(values), field.type) for values, field in zip(columns, LINKS_SCHEMA, strict=True)],
        schema=LINKS_SCHEMA,
    )
    payloads = [
        Payload(
            name,
            "",
            "",
            "",
            pa.table(
                {
                    "record_id": pa.array([identity(name, k) for k in range(len(list_))], pa.binary(16)),
                    "nationality": pa.array(
                        ["SEN" if p in disagree and name == names[0] else "MLI" for p in list_], pa.string()
                    ),
                    f"only_{name[:4]}": pa.array([f"value-of-{name}"] * len(list_)),
                }
            ),
        )
        for name, list_ in persons.items()
    ]
    report = {
        "run": "r1",
        "plan_digest": PLAN.digest,
        "sources": [{"register": name, "project": "p"} for name in names],
        "model": [{"comparisons": [{"name": "names", "states": 12}, {"name": "birth", "states": 12}]}],
    }
    return spine, table, payloads, report


def returned(persons, register, *, plan=PLAN, disagree=frozenset(), **more):
    spine, links, payloads, report = linkage(persons, disagree)
    return holder_return(plan, SCHEMAS, register, spine, links, payloads, report, RunOptions(), **more)


def with_rules(**returns):
    return validate_document(LinkagePlan, {**PLAN.model_dump(mode="json"), "returns": returns}, "plan")


def test_only_own_records_and_no_value_of_others():
    act = returned({"dgsn-permits": list(range(40)), "cnss-employees": list(range(20, 60))}, "dgsn-permits")
    rows = act.result.rows
    assert rows["record_id"].to_pylist() == [identity("dgsn-permits", k) for k in range(40)]
    text = repr(rows.to_pydict()) + repr(act.report) + repr(act.event)
    assert "value-of" not in text
    assert "MLI" not in text


def test_another_office_is_told_by_a_rule_only():
    persons = {"dgsn-permits": list(range(40)), "cnss-employees": list(range(20, 60))}
    assert returned(persons, "dgsn-permits").result.told == ()
    act = returned(persons, "dgsn-permits", plan=with_rules(told={"dgsn-permits": ["cnss-employees"]}))
    told = act.result.rows["linked:cnss-employees"].to_pylist()
    assert told == ["none"] * 20 + ["link"] * 20
    assert act.event.told == ("cnss-employees",)


def test_registers_of_one_holder_are_told_of_each_other():
    act = returned({"cnss-employees": [1, 2, 3], "cnss-pensioners": [3, 4]}, "cnss-employees")
    assert act.result.rows["linked:cnss-pensioners"].to_pylist() == ["none", "none", "link"]
    assert act.report["registers"] == [{"register": "cnss-pensioners", "told": True, "withheld": False, "linked": 1}]


@pytest.mark.parametrize(
    ("linked", "stated"), [(0, None), (9, None), (10, 10), (27, 20), (30, 30), (31, None), (40, None)]
)
def test_counts_of_registers_that_are_not_told_are_coarse(linked, stated):
    persons = {"dgsn-permits": list(range(40)), "cnss-employees": [*range(linked), 99]}
    [count] = returned(persons, "dgsn-permits").report["registers"]
    assert count["linked"] == stated
    assert count["withheld"] == (stated is None)


def test_a_register_without_return_gets_nothing_and_is_never_told():
    persons = {"dgsn-permits": list(range(40)), "unhcr-refugees": list(range(30))}
    with pytest.raises(AccessError):
        returned(persons, "unhcr-refugees")
    act = returned(persons, "dgsn-permits")
    assert act.report["registers"] == []
    assert act.report["agreement"] == []
    assert act.report["registers_not_shown"] == 1
    assert "unhcr" not in repr(act.report)
    with pytest.raises(AccessError, match="unhcr"):
        returned(persons, "dgsn-permits", plan=with_rules(told={"dgsn-permits": ["unhcr-refugees"]}))


@pytest.mark.parametrize("change", [{}, {"holder": "UNHCR Maroc"}, {"holder": "Bureau HCR"}, {"holder": "MAECAMRE"}])
def test_the_return_of_unhcr_cannot_be_switched_on(change):
    value = SCHEMAS["unhcr-refugees"].model_dump(mode="json", by_alias=True)
    with pytest.raises(SchemaError, match="get nothing back"):
        validate_document(RegisterSchema, {**value, **change, "return": "results"}, "schema")


@pytest.mark.parametrize(
    ("holder", "id_"),
    [
        ("Haut-Commissariat des Nations unies pour les réfugiés", "dossiers"),
        ("UN High Commissioner for Refugees, Rabat", "cases"),
        ("ACNUR España", "solicitantes"),
        ("المفوضية السامية للأمم المتحدة لشؤون اللاجئين", "files"),
        ("Partner", "hcr2026-arrivals"),
    ],
)
def test_unhcr_is_known_by_its_name_in_full(holder, id_):
    value = SCHEMAS["unhcr-refugees"].model_dump(mode="json", by_alias=True)
    with pytest.raises(SchemaError, match="get nothing back"):
        validate_document(RegisterSchema, {**value, "holder": holder, "id": id_, "return": "results"}, "schema")


@pytest.mark.parametrize(
    ("holder", "id_"),
    [
        ("Haut-Commissariat au Plan", "enquete-refugies"),
        ("Bureau des réfugiés et apatrides", "refugees-recognized"),
        ("المندوبية السامية للتخطيط", "census"),
        ("CHCR Hôpital", "patients"),
    ],
)
def test_other_holders_may_have_a_return(holder, id_):
    value = SCHEMAS["unhcr-refugees"].model_dump(mode="json", by_alias=True)
    schema = validate_document(RegisterSchema, {**value, "holder": holder, "id": id_, "return": "results"}, "schema")
    assert schema.returns == "results"


def test_the_schema_of_every_register_is_needed():
    spine, links, payloads, report = linkage({"dgsn-permits": [1], "other": [1]})
    with pytest.raises(InputError, match="schema of other"):
        holder_return(PLAN, SCHEMAS, "dgsn-permits", spine, links, payloads, report, RunOptions())


def test_another_plan_is_refused_but_for_its_returns():
    other = validate_document(LinkagePlan, {**PLAN.model_dump(mode="json"), "dedupe": True}, "plan")
    with pytest.raises(MismatchError, match="plan"):
        returned({"dgsn-permits": [1], "cnss-employees": [1]}, "dgsn-permits", plan=other)


def test_rates_of_agreement():
    persons = {"dgsn-permits": list(range(40)), "cnss-employees": list(range(40))}
    act = returned(persons, "dgsn-permits", disagree=frozenset(range(10)))
    rates = {(one["kind"], one["variable"]): one["rate"] for one in act.report["agreement"]}
    assert rates == {("comparison", "birth"): 1.0, ("comparison", "names"): 0.75, ("value", "nationality"): 0.75}
    few = returned({"dgsn-permits": list(range(9)), "cnss-employees": list(range(9))}, "dgsn-permits")
    assert all(one["withheld"] and one["rate"] is None for one in few.report["agreement"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.lists(st.integers(0, 30), max_size=40))
def test_what_is_told_is_what_the_spine_says(own, others):
    others = others or [99]
    plan = with_rules(told={"dgsn-permits": ["cnss-employees"]})
    act = returned({"dgsn-permits": own, "cnss-employees": others}, "dgsn-permits", plan=plan)
    rows = act.result.rows
    assert [value != "none" for value in rows["linked:cnss-employees"].to_pylist()] == [p in set(others) for p in own]
    group = rows["duplicates"].to_pylist()
    for k, p in enumerate(own):
        same = [j for j, q in enumerate(own) if q == p]
        assert (group[k] is None) == (len(same) == 1)
        assert all(group[j] == group[k] for j in same)
    assert len({g for g in group if g}) == sum(own.count(p) > 1 for p in set(own))


def test_rounds_follow_one_another(tmp_path):
    persons = {"dgsn-permits": list(range(40)), "cnss-employees": list(range(20, 60))}
    first = returned(persons, "dgsn-permits").result
    first.write(tmp_path / "first")
    spine, links, payloads, report = linkage({**persons, "dgsn-permits": list(range(35))})
    act = holder_return(
        PLAN, SCHEMAS, "dgsn-permits", spine, links, payloads, {**report, "run": "r2"}, RunOptions(),
        earlier=[HolderReturn.read(tmp_path / "first")],
    )  # fmt: skip
    assert [(one["run"], one["records"]) for one in act.report["rounds"]] == [("r1", 40), ("r2", 35)]
    with pytest.raises(MismatchError):
        returned(persons, "cnss-employees", earlier=[first])


def keep_map(count):
    return pd.DataFrame(
        {
            "register": ["dgsn-permits"] * count,
            "record": [f"=N{k}" for k in range(count)],
            "record_id": [identity("dgsn-permits", k).hex() for k in range(count)],
        }
    )


@pytest.mark.parametrize("language", ["fr", "ar", "en"])
def test_opened_at_home_by_own_numbers(language):
    persons = {"dgsn-permits": [0, 1, 1, *range(3, 40)], "cnss-employees": list(range(20, 60))}
    act = returned(persons, "dgsn-permits", plan=with_rules(told={"dgsn-permits": ["cnss-employees"]}))
    opened = open_return(act.result, keep_map(45))
    assert (opened.unknown_records, opened.absent_records) == (0, 5)
    assert opened.rows["record"].to_pylist() == [f"=N{k}" for k in range(40)]
    book = openpyxl.load_workbook(io.BytesIO(return_workbook(opened, language)))
    assert len(book.sheetnames) == 6
    assert [row[1].value for row in book.worksheets[2].iter_rows(min_row=2)] == ["=N1", "=N2"]
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    figures = [str(row[0].value) for row in book.worksheets[5].iter_rows(min_row=2)]
    assert not [name for name in figures if "/" in name or "birth_year" in name], "words, no codes"


def test_a_keep_map_of_another_delivery_is_refused():
    act = returned({"dgsn-permits": [1], "cnss-employees": [1]}, "dgsn-permits")
    wrong = keep_map(1).assign(record_id=identity("another key", 1).hex())
    with pytest.raises(InputError, match="knows no record"):
        open_return(act.result, wrong)
    with pytest.raises(InputError, match="lacks the columns"):
        open_return(act.result, keep_map(1).drop(columns="record"))


def test_a_plan_without_rules_keeps_the_digest_it_had():
    value = PLAN.model_dump(mode="json")
    assert with_rules(minimum=10).digest == PLAN.digest
    assert with_rules(told={"a": ["b"]}).digest != PLAN.digest
    assert "returns" in value


def test_duplicates_are_numbered_in_the_order_of_the_records():
    act = returned({"dgsn-permits": [5, 3, 5, 3, 7], "cnss-employees": [1]}, "dgsn-permits")
    assert act.result.rows["duplicates"].to_pylist() == [1, 2, 1, 2, None]
    assert np.array_equal([act.report["persons"], act.report["duplicate_records"]], [3, 4])
