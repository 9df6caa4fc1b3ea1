"""Without a control set, a trial file shows how much attacks gain from a file made under the policy."""

import html

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.attacks import control
from wasl.disclosure.attacks.control import held_out, trial_excess
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.report.pages import internal_page
from wasl.locale import messages
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect as protect_act


def policy_of(**changes):
    document = {
        "name": "p",
        "no_thresholds": "a test",
        "variables": [
            {"name": "town", "role": "key"},
            {"name": "age", "role": "key"},
            {"name": "illness", "role": "sensitive"},
            {"name": "house", "role": "household"},
        ],
        "methods": [],
    }
    return DisclosurePolicy.model_validate({**document, **changes})


@pytest.fixture
def people():
    rng = np.random.default_rng(4)
    rows = 800
    return pd.DataFrame(
        {
            "town": rng.integers(0, 40, rows),
            "age": rng.integers(0, 90, rows),
            "illness": rng.choice(list("abcd"), rows),
            "house": np.arange(rows) // 3,
        }
    )


def inference(found):
    return next(item for item in found["attacks"] if item["attack"] == "inference of illness")


def test_what_only_the_file_tells_is_excess_and_what_everybody_knows_is_none(people):
    policy = policy_of()
    telling = inference(trial_excess(people, protect(people, policy, seed=1)))
    assert telling["risk"] > 0.6
    people["illness"] = np.where(people["town"] < 20, "a", "b")
    known = inference(trial_excess(people, protect(people, policy, seed=1)))
    assert known["main"]["value"] > 0.9
    assert known["control"]["value"] > 0.9
    assert known["main"]["value"] - known["control"]["value"] < 0.1


def test_whole_households_are_held_out_and_the_share_is_said(people):
    policy = policy_of()
    found = trial_excess(people, protect(people, policy, seed=1))
    assert found["source"] == "trial"
    assert found["share"] == 0.2
    fitted, others = held_out(people, policy, seed=1)
    assert found["held_out"] == others.num_rows
    assert fitted.num_rows + others.num_rows == 800
    assert not set(fitted["house"].to_pylist()) & set(others["house"].to_pylist())


def test_where_nothing_can_be_held_out_the_excess_cannot_be_known(people, monkeypatch):
    policy = policy_of()
    few = people.head(100)
    assert "too few" in trial_excess(few, protect(few, policy, seed=1))["reason"]
    same = people.assign(illness="a")
    keyed = policy_of(thresholds={"k": 800}, variables=[{"name": "illness", "role": "key"}], unlisted="drop")
    assert "not met" in trial_excess(same, protect(same, keyed, seed=1))["reason"]
    monkeypatch.setattr(control, "TRIAL_ROWS", 100)
    assert "too large" in trial_excess(people, protect(people, policy, seed=1))["reason"]


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_report_says_where_the_excess_comes_from(people, language):
    words = messages(language)
    act = protect_act(people, policy_of(), RunOptions(seed=1))
    assert act.report["attacks"]["excess"]["source"] == "trial"
    page = internal_page(act.result, language)
    assert page.count(words.text("on persons not in the file")) == 2
    few = protect_act(people.head(60), policy_of(), RunOptions(seed=1))
    page = internal_page(few.result, language)
    assert words.text("the file has too few records to hold some out") in html.unescape(page)
    given = protect_act(people.head(60), policy_of(), RunOptions(seed=1), control=people.tail(60))
    assert given.report["attacks"]["excess"] == {"source": "given"}
