"""An intruder who knows all rows but one learns next to nothing from the report, whatever the method.

The released file stays the same, and one cell of the original had another value. A statement of the report may then be
at most twice as likely, over the secret of its bands.
"""

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import _utility, protect
from wasl.disclosure.report.bands import DISTANCES, FIGURE_EPSILON, SHARES, Blur
from wasl.registers.documents import validate_document

SECRETS = 240

SMALLEST_COUNT = 40
"""Statements that are seen less often are not compared: chance alone makes their counts differ by a fifth."""


def secrets(count):
    rng = np.random.default_rng(7)
    return [rng.bytes(32) for _ in range(count)]


def policy_of(methods, **changes):
    document = {
        "name": "neighbours",
        "variables": [
            {"name": "sex", "role": "key"},
            {"name": "age", "role": "key", "hierarchy": {"levels": [{"width": 10, "bottom": 20, "top": 70}]}},
            {"name": "zone", "role": "key"},
            {"name": "pay", "role": "sensitive"},
        ],
        "thresholds": {"removed_rows": 1.0},
        "no_thresholds": "a test of the report",
        "methods": methods,
    }
    return validate_document(DisclosurePolicy, {**document, **changes}, "test")


@pytest.fixture
def people(rng):
    n = 100
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "age": rng.integers(15, 90, n),
            "zone": rng.choice(list("abcd"), n),
            "pay": rng.lognormal(8, 1, n).round(2),
        }
    )


def statements(done):
    """How often each report is published, over the secrets."""
    return Counter(
        json.dumps(replace(done, secret=one).public_report()["information_loss"], sort_keys=True)
        for one in secrets(SECRETS)
    )


def with_cell(done, name, row, value):
    """The same released file, made of an original with another value in one cell."""
    cells = done.prepared.table.column(name).to_pylist()
    cells[row] = value
    place = done.prepared.table.column_names.index(name)
    kind = done.prepared.table.column(name).type
    original = replace(done.prepared, table=done.prepared.table.set_column(place, name, pa.array(cells, kind)))
    utility = _utility(original, replace(done.prepared, table=done.table), done.origin)
    return replace(done, prepared=original, utility=utility)


METHODS = {
    "pram": ("sex", [{"kind": "pram", "variables": ["sex"], "retain": 0.95}]),
    "plain pram": ("zone", [{"kind": "pram", "variables": ["zone"], "retain": 0.8, "invariant": False}]),
    "recoding": ("age", [{"kind": "recode", "variable": "age", "level": 1}]),
    "rare categories": ("zone", [{"kind": "group_rare", "variable": "zone", "below": 24, "into": "rest"}]),
    "swapping": ("zone", [{"kind": "swap_records", "areas": ["zone"], "risk_variables": ["sex"], "rate": 0.1}]),
    "noise": ("pay", [{"kind": "noise", "variables": ["pay"]}]),
    "rounding": ("pay", [{"kind": "round", "variable": "pay", "base": 100}]),
    "top coding": ("pay", [{"kind": "top_bottom", "variable": "pay", "top": 9_000, "top_value": 9_999}]),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("place", [3])
def test_no_statement_is_more_than_twice_as_likely_for_another_value(people, method, place):
    name, methods = METHODS[method]
    done = protect(people, policy_of(methods), seed=place)
    cells = done.prepared.table.column(name).to_pylist()
    row = int(done.origin[place])
    others = sorted(set(cells) - {cells[row]})
    told = statements(done)
    for other in others[-1:]:
        neighbour = statements(with_cell(done, name, row, other))
        for statement, count in (told | neighbour).items():
            if count >= SMALLEST_COUNT:
                both = sorted((told[statement], neighbour[statement]))
                assert both[1] <= 2.0 * both[0] + 4.0 * math.sqrt(both[1]), (statement, both)


@pytest.mark.parametrize("reach", [0.001, 0.01, 0.05])
@pytest.mark.parametrize("ends", [SHARES, DISTANCES])
@pytest.mark.parametrize("value", [0.0, 0.0499, 0.05, 0.1, 0.97])
def test_one_record_moves_no_band_by_more_than_its_share_of_privacy(reach, ends, value):
    bands = [
        Counter(Blur(one).band("figure", value + step, reach, ends) for one in secrets(4000)) for step in (0.0, reach)
    ]
    for band, count in bands[0].items():
        other = bands[1][band]
        if min(count, other) > 200:
            assert abs(math.log(count / other)) <= FIGURE_EPSILON + 0.2


def test_bands_hold_their_figure_in_99_of_100_cases():
    rng = np.random.default_rng(3)
    held = []
    for one in secrets(3000):
        value, reach = float(rng.random()), float(rng.choice([0.0005, 0.002, 0.01]))
        band = Blur(one).band("figure", value, reach, SHARES)
        held.append(band is None or band.low <= value <= band.high)
    assert np.mean(held) > 0.985


def test_repeated_reports_of_one_protection_are_the_same(people):
    done = protect(people, policy_of(METHODS["pram"][1]), seed=1)
    assert done.public_report() == done.public_report() == protect(people, done.policy, seed=1).public_report()


@pytest.mark.parametrize(
    "method",
    [
        {"kind": "pram", "variables": ["sex"], "retain": 1.0 - 1e-12, "invariant": False},
        {"kind": "round", "variable": "pay", "base": 0.01},
        {"kind": "swap_records", "areas": ["zone"], "risk_variables": ["sex"], "rate": 0.0, "k": 2},
        {"kind": "suppress_records", "max_share": 0.5},
    ],
)
def test_a_method_that_happened_to_change_nothing_is_named(people, method):
    """That it changed nothing would tell that every value is the person's own, or that nobody was removed."""
    done = protect(people, policy_of([method]), seed=1)
    report = done.public_report()
    assert method["kind"] in [one["method"] for one in report["methods"]]
    if method["kind"] == "suppress_records":
        assert report["rows_removed"] == {"from": 0.0, "below": 10.0}


@pytest.mark.parametrize("removed", range(12))
def test_the_count_of_removed_records_hides_one_record(people, removed):
    policy = policy_of([{"kind": "suppress_records", "max_share": 1.0}])
    done = protect(people, policy, seed=1)
    found = [Counter(), Counter()]
    for one in secrets(SECRETS):
        for more, counts in enumerate(found):
            band = replace(done, removed=removed + more, secret=one).public_report()["rows_removed"]
            counts[band["from"], band["below"]] += 1
    assert sum(count for (low, high), count in found[0].items() if low <= removed <= high) > 0.94 * SECRETS
    for band, count in (found[0] | found[1]).items():
        if count >= SMALLEST_COUNT:
            both = sorted((found[0][band], found[1][band]))
            assert both[1] <= 2.0 * both[0] + 4.0 * math.sqrt(both[1])


def test_the_share_of_suppressed_cells_hides_one_cell(people):
    people.loc[:4, "zone"] = list("vwxyz")
    policy = policy_of([{"kind": "local_suppression", "k": 2}])
    done = protect(people.assign(age=30, sex="F"), policy, seed=1)
    assert done.table.column("zone").null_count == 5
    shares = Counter(
        str(replace(done, secret=one).public_report()["suppressed_cells"]["zone"]) for one in secrets(SECRETS)
    )
    assert len(shares) > 1


def test_the_file_has_no_category_that_its_rows_lack(people):
    """A file keeps the dictionary of a column; a suppressed or removed category could be read in it."""
    people.loc[3, "zone"] = "moon"
    people["zone"] = pd.Categorical(people.zone, categories=["moon", *"dcba", "mars"], ordered=True)
    for methods in ([{"kind": "local_suppression", "k": 2}], [{"kind": "suppress_records", "max_share": 1.0}]):
        thresholds = {"combinations": [{"name": "z", "keys": ["zone"], "k": 2}]}
        done = protect(people, policy_of(methods, thresholds=thresholds, no_thresholds=""), seed=1)
        zone = done.table.column("zone").combine_chunks()
        values = (
            zone.dictionary.to_pylist() if pa.types.is_dictionary(zone.type) else sorted(set(zone.to_pylist()) - {None})
        )
        assert "moon" not in values
        assert "mars" not in values
        kept = set(done.origin.tolist()) - {3}
        after = dict(zip(done.origin.tolist(), zone.to_pylist(), strict=True))
        assert all(after[row] in (None, people.zone[row]) for row in kept)
