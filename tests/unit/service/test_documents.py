"""Documents over the wire: a name alone means the shipped document; another one may not take its name."""

from __future__ import annotations

import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import SchemaError
from wasl.linkage.plan import LinkagePlan
from wasl.service.documents import accept_description, accept_plan, accept_policy, accept_specification


def test_a_plan_by_name_is_the_shipped_one():
    assert accept_plan({"name": "morocco"}).digest == LinkagePlan.load("morocco").digest


def test_a_round_may_be_named_beside_the_shipped_plan():
    assert accept_plan({"name": "morocco", "round": "2026-03"}).round == "2026-03"
    assert accept_plan({"name": "morocco", "round": "2026-03"}).resolution == LinkagePlan.load("morocco").resolution


def test_a_plan_sent_whole_is_the_same():
    shipped = LinkagePlan.load("morocco")
    assert accept_plan(shipped.model_dump(mode="json")).digest == shipped.digest


@pytest.mark.parametrize("change", [{"resolution": {"keep": 0.6}}, {"model": {"seed": 99}}, {"title": "mine"}])
def test_another_plan_may_not_take_a_shipped_name(change):
    with pytest.raises(SchemaError, match="ships under this name"):
        accept_plan({"name": "morocco", **change})
    assert accept_plan({"name": "mine", **change}).name == "mine"


@pytest.mark.parametrize("accept", [accept_plan, accept_policy, accept_specification, accept_description])
@pytest.mark.parametrize("name", ["nowhere", "../registers/febrl", "/etc/passwd", "a/b", "", 7])
def test_no_other_file_is_read(accept, name):
    with pytest.raises(SchemaError):
        accept({"name": name})


def test_the_other_documents_are_found_by_name():
    assert accept_policy({"name": "public-use"})["name"] == DisclosurePolicy.load("public-use").name
    assert accept_policy({"name": "public-use"})["hierarchy_texts"]
    assert accept_specification({"name": "foreign-workers"})["variables"]
    assert accept_description({"name": "foreign-workers-puf"})["id"]


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", "a/b.csv"])
def test_neighbours_and_code_lists_are_named_never_paths(path):
    variable = {"name": "region", "role": "key"}
    areas = {"kind": "group_areas", "variable": "region", "below": 5, "neighbours": path}
    with pytest.raises(SchemaError, match="not a path"):
        accept_policy({"name": "p", "variables": [variable], "methods": [areas], "thresholds": {"k": 3}})
    derived = {"name": "r", "rule": "parent", "source": "v", "classification": path}
    with pytest.raises(SchemaError, match="not a path"):
        accept_specification({"name": "s", "variables": [{"name": "v"}], "derived": [derived]})


def test_a_policy_sent_whole_finds_the_shipped_neighbours():
    areas = {"kind": "group_areas", "variable": "region", "below": 5, "neighbours": "region-neighbours.csv"}
    document = {"name": "p", "variables": [{"name": "region", "role": "key"}], "methods": [areas]}
    accepted = accept_policy({**document, "thresholds": {"k": 3}})
    assert accepted["hierarchy_texts"]["region-neighbours.csv"].count("\n") == 13
