"""J4: Foreign Affairs' consular register linked to ANAPEC's workers placed abroad; neither has a nationality."""

from __future__ import annotations

import json

import pytest

from wasl.population.generate import generate

pytestmark = pytest.mark.slow

CONSULAR, PLACED = "consular-register", "anapec-placed-abroad"


@pytest.fixture(scope="module", params=[2, 5])
def linked(request, call, fixed_key, tmp_path_factory):
    """Both registers encoded by their offices and linked; two draws of the population."""
    folder = tmp_path_factory.mktemp("abroad")
    home = folder / "home"
    made = generate(4000, seed=request.param, scope="all")
    fixed_key(folder / "key", "abroad")
    words: list = [folder / f"{name}.delivery" for name in (CONSULAR, PLACED)]
    maps: list = []
    for name in (CONSULAR, PLACED):
        made.registers[name].to_pandas().to_csv(folder / f"{name}.csv", index=False)
        call(
            home, "encode", folder / f"{name}.csv", "--register", name, "--key", folder / "key", "--round", "2025",
            "--out", folder / f"{name}.delivery", "--join", folder / f"{name}.join",
            "--keep-map", folder / f"keep-map-{name}.csv",
        )  # fmt: skip
        words += ["--join", folder / f"{name}.join"]
        maps += ["--keep-map", folder / f"keep-map-{name}.csv"]
    report = json.loads(call(home, "link", "morocco", *words, "--out", folder / "linked", "--accept", "--json").stdout)
    made.truth.to_pandas().to_csv(folder / "truth.csv", index=False)
    words = ["evaluate", folder / "linked", "--truth", folder / "truth.csv", *maps, "--json"]
    return report, json.loads(call(home, *words).stdout)


def test_moroccans_abroad_are_found(linked):
    _, scored = linked
    assert scored["pairwise"]["true"] > 300
    assert scored["pairwise"]["recall"] >= 0.97


def test_the_report_claims_no_more_recall_than_can_be_known(linked):
    report, scored = linked
    claimed = report["quality"]["recall"]
    if "cannot" in json.dumps(claimed):
        return
    assert claimed["low"] <= scored["pairwise"]["recall"] <= claimed["high"]
