"""The act of protection: what every caller gets, whoever calls it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from wasl.audit.events import ProtectionApplied, ProtectionFailed, ProtectionRefused
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError, PolicyError
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect

POLICY = {
    "name": "p",
    "thresholds": {"k": 2},
    "variables": [
        {"name": "sex", "role": "key"},
        {"name": "age", "role": "key", "hierarchy": {"levels": [{"width": 30}]}},
    ],
    "methods": [{"kind": "recode", "variable": "age", "level": 1}, {"kind": "local_suppression"}],
}


def policy(**changes):
    return DisclosurePolicy.model_validate({**POLICY, **changes})


@pytest.fixture
def people():
    rng = np.random.default_rng(1)
    return pd.DataFrame({"sex": rng.choice(["F", "M"], 200), "age": rng.integers(0, 90, 200)})


def test_the_person_id_never_survives_even_where_unlisted_variables_are_free(people):
    people["person_id"] = [f"{number:032x}" for number in range(len(people))]
    people["note"] = "x"
    act = protect(people, policy(unlisted="free"), RunOptions(seed=1), attack=False)
    assert "person_id" not in act.result.table.column_names
    assert "note" in act.result.table.column_names


def test_a_least_age_of_the_data_is_judged_by_the_day_of_release(people):
    rules = policy(release={"min_age_days": 30, "reference_date": "2026-01-01"})
    act = protect(people, rules, RunOptions(seed=1, today=date(2026, 3, 1)), attack=False)
    assert isinstance(act.event, ProtectionApplied)
    with pytest.raises(PolicyError, match="min_age_days") as caught:
        protect(people, rules, RunOptions(seed=1, today=date(2026, 1, 2)), attack=False)
    assert isinstance(caught.value.event, ProtectionRefused)


def test_an_input_fault_is_no_missed_threshold(people):
    with pytest.raises(InputError) as caught:
        protect(people.drop(columns="age"), policy(), RunOptions(seed=1))
    assert isinstance(caught.value.event, ProtectionFailed)
    assert caught.value.event.reason


def test_a_seed_is_asked_for(people):
    with pytest.raises(InputError, match="seed"):
        protect(people, policy(), RunOptions())


def test_the_file_is_attacked_unless_told_not_to(people):
    attacked = protect(people, policy(), RunOptions(seed=1))
    assert attacked.event.attacked
    assert attacked.result.attacks["attacks"]
    spared = protect(people, policy(), RunOptions(seed=1), attack=False)
    assert not spared.event.attacked
    assert spared.result.attacks is None


def test_no_attack_is_heeded_where_earlier_releases_are_compared(people):
    first = protect(people, policy(), RunOptions(seed=1), attack=False)
    second = protect(people, policy(), RunOptions(seed=1), attack=False, earlier=[first.result.table])
    assert "differencing" in second.result.attacks
    assert "attacks" not in second.result.attacks
    assert second.event.earlier_releases == 1


def test_the_seed_stays_out_of_the_event_and_of_the_options_text(people):
    act = protect(people, policy(), RunOptions(seed=123456789), attack=False)
    assert "123456789" not in str(act.event)
    assert "123456789" not in repr(RunOptions(seed=123456789))
