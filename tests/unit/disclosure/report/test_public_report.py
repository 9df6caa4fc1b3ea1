"""The public report gives nothing away: whoever has the file and the report cannot compute a masked value."""

import json

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.methods.steps.step import Change
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.report.pages import public_page
from wasl.disclosure.report.sentences import sentence
from wasl.registers.documents import validate_document


def policy_of(methods, **changes):
    document = {
        "name": "report",
        "variables": [
            {"name": "sex", "role": "key", "importance": 1, "label": "Sex", "label_fr": "Sexe", "label_ar": "الجنس"},
            {"name": "region", "role": "key"},
            {"name": "wage", "role": "sensitive"},
        ],
        "thresholds": {"k": 2},
        "unlisted": "free",
        "methods": methods,
    }
    return validate_document(DisclosurePolicy, {**document, **changes}, "test")


@pytest.fixture
def micro(rng):
    n = 400
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "region": rng.choice(["north", "south", "east"], n),
            "wage": rng.uniform(2_000, 20_000, n).round(2),
        }
    )


TOP = [{"kind": "top_bottom", "variable": "wage", "top": 30_000, "top_value": 30_000}]


def released(frame, policy):
    """What the public has: the file and the report."""
    done = protect(frame, policy, seed=4)
    return done.table, json.dumps(done.public_report(), sort_keys=True), public_page(done)


@pytest.mark.usefixtures("same_draws")
@pytest.mark.parametrize("wage", [31_000.0, 48_000.0, 250_000.0])
@pytest.mark.parametrize("factor", [0.97, 1.1, 1.2])
def test_a_top_coded_wage_cannot_be_solved_for(micro, wage, factor):
    micro.loc[17, "wage"] = wage
    other = micro.copy()
    other.loc[17, "wage"] = max(wage * factor, 30_001.0)
    for one, two in zip(released(micro, policy_of(TOP)), released(other, policy_of(TOP)), strict=True):
        assert one == two


@pytest.mark.usefixtures("same_draws")
def test_two_top_coded_wages_cannot_be_solved_for(micro):
    micro.loc[[17, 90], "wage"] = [41_000.0, 77_000.0]
    other = micro.copy()
    other.loc[[17, 90], "wage"] = [49_000.0, 70_000.0]
    assert released(micro, policy_of(TOP))[1] == released(other, policy_of(TOP))[1]


@pytest.mark.parametrize("variable", ["sex", "region"])
def test_a_suppressed_category_cannot_be_solved_for(micro, variable):
    """One cell is suppressed; the report is the same whichever category it had."""
    reports = set()
    for category in micro[variable].unique():
        frame = micro.copy()
        frame.loc[5, variable] = category
        frame["rare"] = "usual"
        frame.loc[5, "rare"] = "alone"
        document = policy_of([{"kind": "local_suppression"}]).model_dump(mode="json")
        document["variables"].append({"name": "rare", "role": "key", "importance": 9, "never_suppress": True})
        document["thresholds"] = {"combinations": [{"name": "x", "keys": [variable], "k": 2}]}
        document["methods"] = [{"kind": "risk_suppression", "threshold": 0.9, "variables": [variable]}]
        done = protect(frame, validate_document(DisclosurePolicy, document, "test"), seed=1)
        assert done.table.column(variable).null_count == 1
        reports.add(json.dumps(done.public_report()["information_loss"]["variables"][variable], sort_keys=True))
    assert len(reports) == 1


@pytest.mark.usefixtures("same_draws")
def test_a_removed_record_cannot_be_solved_for(micro):
    """A record that is removed leaves no figure behind but that fewer than ten were."""
    reports = []
    for wage in (2_500.0, 9_000_000.0):
        frame = pd.concat([micro, pd.DataFrame({"sex": ["F"], "region": ["moon"], "wage": [wage]})], ignore_index=True)
        policy = policy_of([{"kind": "suppress_records", "max_share": 0.1}], thresholds={"k": 3})
        done = protect(frame, policy, seed=1)
        assert done.removed == 1
        assert done.public_report()["rows_removed"] == {"from": 0.0, "below": 10.0}
        reports.append(json.dumps(done.public_report(), sort_keys=True))
    assert reports[0] == reports[1]


def test_no_moment_of_the_original_is_published(micro):
    micro.loc[17, "wage"] = 48_000.0
    done = protect(micro, policy_of(TOP), seed=4)
    public = json.dumps(done.public_report()) + public_page(done)
    number = done.utility.numbers["wage"]
    for figure in (number.mean_before, number.sd_before, number.il1s, done.utility.pmse, done.utility.il1):
        for digits in (3, 6, 17):
            assert f"{figure:.{digits}g}" not in public
    assert "mean_before" in json.dumps(done.internal_report())


def test_the_text_claims_only_what_happened(micro):
    untouched = protect(micro, policy_of([{"kind": "local_suppression"}, *TOP]), seed=1)
    assert [m["method"] for m in untouched.public_report()["methods"]] == ["shuffle_rows"]
    page = public_page(untouched)
    for word in ("suppressed", "supprimé", "حُذفت"):
        assert word not in page
    assert untouched.internal_report()["changes"][0]["description"] == "No value had to be suppressed."
    grouped = [{"kind": "group_rare", "variable": "region", "below": 200, "into": "other"}]
    done = protect(micro, policy_of(grouped), seed=1)
    assert done.public_report()["methods"][0]["description"] == "Rare categories of region are grouped."
    done = protect(micro, policy_of([{**grouped[0], "below": 2}]), seed=1)
    assert done.internal_report()["changes"][0]["description"] == "No category of region is rare."
    assert [m["method"] for m in done.public_report()["methods"]] == ["shuffle_rows"]


def test_every_released_variable_is_listed(micro):
    done = protect(micro.assign(surplus="x"), policy_of([]), seed=1)
    assert [v["name"] for v in done.public_report()["variables"]] == done.table.column_names
    assert "surplus" in public_page(done)


def test_french_arabic_and_english(micro):
    micro.loc[:2, "region"] = "moon"
    done = protect(micro, policy_of([{"kind": "local_suppression"}, *TOP], thresholds={"k": 6}), seed=1)
    for method in done.public_report()["methods"]:
        assert method["description"] != method["description_fr"] != method["description_ar"]
    whole = public_page(done)
    for text in ('<section lang="fr"', '<section lang="ar" id="ar" dir="rtl"', "Des valeurs isolées", "الجنس"):
        assert text in whole
    french, arabic = public_page(done, "fr"), public_page(done, "ar")
    assert 'lang="fr"' in french
    assert "Des valeurs isolées" in french
    assert "Sexe" in french
    assert 'lang="ar" dir="rtl"' in arabic
    assert "الجنس" in arabic
    for english in ("Records", "Methods", "Variables, ", "suppressed"):
        assert english not in arabic


def test_bands_hold_their_figures(rng):
    from wasl.disclosure.report.bands import SHARES, banded

    for value in [0.0, 1.0, *rng.random(200)]:
        band = banded(float(value), SHARES)
        assert band.low <= value <= band.high
        assert np.isfinite(band.high)


EACH_END = {"fr": "à chaque extrémité", "ar": "في كل طرف", "en": "at each end"}


@pytest.mark.parametrize("bounds", [{"top": 3}, {"bottom": 0}, {"bottom": 0, "top": 3}])
@pytest.mark.parametrize("language", EACH_END)
def test_a_bound_at_one_end_is_not_called_two(bounds, language):
    said = sentence(Change("top_bottom", ("wage",), bounds, {"cells": 1}, ""), language)
    assert (EACH_END[language] in said) == (len(bounds) == 2)
