"""The attack is strong enough to vouch for anything: what must fall falls, and `guarded` stands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.lab.self_test import Trial, plan_trials, run_trials
from wasl.population.generate import generate


def rates(trial: Trial, attacks: tuple[str, ...], starts: int = 2) -> dict[str, float]:
    outcomes = run_trials([trial], seed=1, attacks=attacks, starts=starts)
    return {outcome.attack: outcome.rate or 0.0 for outcome in outcomes}


def test_plain_filters_fall() -> None:
    found = rates(Trial("plain", 600, 1.0), ("graph matching", "extension 10 %"))
    assert found["graph matching"] > 0.95
    assert found["extension 10 %"] > 0.95


@pytest.mark.slow
def test_plain_filters_fall_at_half_overlap() -> None:
    assert rates(Trial("plain", 1000, 0.5), ("graph matching",), starts=6)["graph matching"] >= 0.9


@pytest.mark.slow
def test_one_key_diffusion_at_low_fill_falls() -> None:
    assert rates(Trial("one-key", 1000, 1.0), ("graph matching",), starts=6)["graph matching"] >= 0.9


def test_to_be_told_who_shares_a_block_helps_and_is_reported_apart() -> None:
    trials = [Trial("guarded", 1000, 1.0, told=told) for told in (False, True)]
    outcomes = list(run_trials(trials, seed=1, attacks=("graph matching",), starts=2))
    rate = {outcome.view: outcome.rate for outcome in outcomes if outcome.attack == "graph matching"}
    assert rate["linkage"] < rate["told"] <= 0.03


def test_guarded_stands_where_persons_have_several_records() -> None:
    trial = Trial("guarded", 2000, 1.0, ("taechir-contracts",))
    found = rates(trial, ("equality", "frequencies", "graph matching", "extension 20 %"))
    assert max(rate for attack, rate in found.items() if attack != "membership") <= 0.04


def test_what_a_profile_is_worth_is_measured_beside() -> None:
    from wasl.attack.linkage_quality import linkage_f1
    from wasl.lab.self_test import tested_profile

    found = linkage_f1("tokens", tested_profile("tokens"), np.random.default_rng(1), persons=1000)
    assert found["FEBRL 4 cut"] > 0.93
    assert found["six registers"] > 0.95


def test_guarded_stands() -> None:
    found = rates(Trial("guarded", 1000, 1.0), ("equality", "frequencies", "graph matching", "extension 20 %"))
    assert max(rate for attack, rate in found.items() if attack != "membership") <= 0.02


def test_trials_are_planned_small_first() -> None:
    plan = plan_trials(["open", "guarded"], [500, 100], [1.0, 0.5])
    alone = [trial for trial in plan if trial.registers == ("dgsn-permits",) and not trial.told]
    assert [trial.records for trial in alone] == [100] * 4 + [500] * 4
    assert {trial.profile for trial in plan if trial.told} == {"guarded"}
    beyond = plan_trials(["open", "guarded"], [500], [1.0], largest_graph=100)
    assert {trial.profile for trial in beyond} == {"guarded"}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A delivery, its join map, its keep map and the register it was made of."""
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.registers.schema import RegisterSchema

    folder = tmp_path_factory.mktemp("encoded")
    register = generate(150, 4).registers["dgsn-permits"]
    pyarrow.csv.write_csv(register, folder / "register.csv")
    made = encode(
        register,
        RegisterSchema.load("dgsn-permits"),
        LinkageKey(bytes(32), "test"),
        EncodingProfile.load("plain"),
        created="2026-01-01T00:00:00Z",
        rng=np.random.default_rng(0),
    )
    made.delivery.write(folder / "delivery.parquet")
    made.join_map.write(folder / "join.parquet")
    pyarrow.csv.write_csv(made.keep_map, folder / "keep.csv")
    return folder


def run(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> dict[str, object]:
    monkeypatch.setenv("WASL_HOME", str(out / "home"))
    files = [
        str(folder / "delivery.parquet"),
        "--population",
        str(folder / "register.csv"),
        "--register",
        "dgsn-permits",
        "--out",
        str(out),
    ]
    command = ["attack", *files, "--starts", "2", "--json", *options]
    done = CliRunner().invoke(build_app(["wasl.cli.attack"]), command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_delivery_is_attacked_and_scored(encoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scoring = ("--join", str(encoded / "join.parquet"), "--keep-map", str(encoded / "keep.csv"))
    outcomes = run(encoded, tmp_path, monkeypatch, "--view", "joined", *scoring)["outcomes"]
    by_attack = {outcome["attack"]: outcome for outcome in outcomes}
    assert by_attack["graph matching"]["rate"] > 0.5
    assert by_attack["membership"]["view"] == "joined"
    low, high = by_attack["graph matching"]["interval"]
    assert low < by_attack["graph matching"]["rate"] <= high
    assert (tmp_path / "attacks.svg").read_bytes().startswith(b"<?xml")
    assert "graph matching" in (tmp_path / "attacks.md").read_text(encoding="utf-8")


def test_without_the_truth_claims_are_counted_and_no_rate_is_given(
    encoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = run(encoded, tmp_path, monkeypatch)["outcomes"]
    assert all(outcome["rate"] is None for outcome in outcomes)
    assert any(outcome["claimed"] > 0 for outcome in outcomes)


@pytest.mark.parametrize(
    "options",
    [
        ["--out", "o"],
        ["--out", "o", "--self-test", "--profiles", "unheard-of"],
        ["--out", "o", "--self-test", "--overlaps", "much"],
        ["--out", "o", "--self-test", "--view", "sideways"],
    ],
)
def test_what_cannot_be_attacked_is_refused(
    options: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WASL_HOME", str(tmp_path))
    with pytest.raises(InputError):
        CliRunner().invoke(build_app(["wasl.cli.attack"]), ["attack", *options], catch_exceptions=False)
