"""The self-test: what must fall falls, all situations are planned, and what the budget does not allow is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
from typer.testing import CliRunner

from wasl.attack.campaign import known_share
from wasl.attack.outcomes import Outcome
from wasl.cli.app import build_app
from wasl.errors import InputError
from wasl.lab.self_test import KNOWN, OVERLAPS, POPULATIONS, PROFILES, Trial, choose_attacks, plan_trials, run_trials
from wasl.population.generate import generate


def outcomes_of(
    trial: Trial, attacks: tuple[str, ...], starts: int = 2, seeds: tuple[int, ...] = (1,)
) -> list[Outcome]:
    found, left_out = run_trials([trial], seeds, attacks=attacks, starts=starts, arrangements=3)
    assert not left_out.trials
    return found


def rates(trial: Trial, attacks: tuple[str, ...], starts: int = 2) -> dict[str, float]:
    found = outcomes_of(trial, attacks, starts)
    return {each.attack: each.rate or 0.0 for each in found if each.view in ("linkage", "known", "told")}


def test_plain_filters_fall() -> None:
    found = rates(Trial("plain", 600), ("graph matching", "known pairs 10 %"))
    assert found["graph matching"] > 0.95
    assert found["known pairs 10 %"] > 0.95


@pytest.mark.slow
def test_plain_filters_fall_at_half_overlap() -> None:
    assert rates(Trial("plain", 1000, 0.5), ("graph matching",), starts=6)["graph matching"] >= 0.9


@pytest.mark.slow
def test_one_key_diffusion_at_low_fill_falls() -> None:
    assert rates(Trial("one-key", 1000), ("graph matching",), starts=6)["graph matching"] >= 0.9


def test_to_be_told_who_shares_a_block_helps_and_is_reported_apart() -> None:
    attacks = ("likelihood",)
    linkage, told = (
        next(
            each for each in outcomes_of(Trial("guarded", 1000, told=told), attacks) if each.view in ("linkage", "told")
        )
        for told in (False, True)
    )
    # Over all passes it helps. The best of some twenty passes is a dozen persons, and may be better by chance.
    assert (linkage.anywhere or 0) < (told.anywhere or 0)
    views = {each.view for each in outcomes_of(Trial("guarded", 100, told=True), attacks)}
    assert views == {"told"}


def test_the_counts_of_seeds_are_added_up() -> None:
    trial, attacks = Trial("guarded", 100), ("frequencies",)
    one, two, both = (outcomes_of(trial, attacks, seeds=seeds) for seeds in ((1,), (2,), (1, 2)))
    assert [each.attack for each in both] == [each.attack for each in one]
    for first, second, sum_ in zip(one, two, both, strict=True):
        assert sum_.runs == 2
        assert sum_.exposed == (first.exposed or 0) + (second.exposed or 0)
        assert sum_.correct == (first.correct or 0) + (second.correct or 0)


def test_what_does_not_fit_in_the_budget_is_named() -> None:
    trials = [Trial("guarded", n) for n in (100, 200, 400)]
    seconds = iter([0.0, 0.0, 60.0, 60.0, 60.0, 60.0, 60.0])
    found, left_out = run_trials(
        trials, 1, attacks=("frequencies",), arrangements=2, budget=2.0, clock=lambda: next(seconds)
    )
    # The first took a minute: the second, twice as large, is expected to take longer than the minute left.
    assert {each.records for each in found} == {100}
    assert left_out.trials == tuple(trials[1:])
    assert left_out.budget == 2.0


def test_without_a_budget_everything_runs() -> None:
    found, left_out = run_trials(
        [Trial("guarded", 100), Trial("tokens", 100)], 1, attacks=("frequencies",), arrangements=2
    )
    assert {each.profile for each in found} == {"guarded", "tokens"}
    assert left_out.trials == ()


def test_every_situation_is_planned() -> None:
    plan = plan_trials(PROFILES, POPULATIONS, OVERLAPS)
    assert {trial.records for trial in plan} == {1_000, 5_000, 20_000}
    assert {trial.periods for trial in plan} == {1, 12, 36}
    assert {trial.rounds for trial in plan if trial.periods > 1} == {"one", "each"}
    assert any(len(trial.registers) == 6 for trial in plan)
    assert {known_share(attack) for attack in choose_attacks(KNOWN)} == {0.0, 0.1, 0.2}
    assert len(set(map(str, plan))) == len(plan)


def test_trials_of_one_register_leave_out_the_others() -> None:
    plan = plan_trials(["guarded"], [100], [1.0], together=(1,), periods=(1,))
    assert all(len(trial.registers) == 1 and trial.periods == 1 for trial in plan if not trial.told)


@pytest.mark.parametrize("profile", ["tokens", "one-key"])
def test_the_linkage_quality_of_a_profile_is_measured_beside(profile: str) -> None:
    from wasl.attack.linkage_quality import linkage_f1
    from wasl.lab.self_test import tested_profile

    found = linkage_f1(profile, tested_profile(profile), np.random.default_rng(1), persons=1000)
    assert found["FEBRL 4 cut"] > 0.93
    assert found["six registers"] > 0.95


def test_trials_are_planned_small_first() -> None:
    plan = plan_trials(["open", "guarded"], [500, 100], [1.0, 0.5])
    assert [trial.records for trial in plan] == sorted(trial.records for trial in plan)
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
        consent_weak_profile=True,
    )
    made.delivery.write(folder / "delivery.parquet")
    made.join_map.write(folder / "join.parquet")
    made.payload.write(folder / "payload.parquet")
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
    payload = ("--payload", str(encoded / "payload.parquet"))
    scoring = (*payload, "--join", str(encoded / "join.parquet"), "--keep-map", str(encoded / "keep.csv"))
    outcomes = run(encoded, tmp_path, monkeypatch, "--view", "joined", *scoring)["outcomes"]
    by_attack = {outcome["attack"]: outcome for outcome in outcomes}
    assert by_attack["graph matching"]["rate"] > 0.5
    assert by_attack["embedding"]["view"] == "joined"
    assert by_attack["embedding with sex, nationality, birth_year"]["rate"] > 0.5
    assert by_attack["sex, nationality, birth_year"]["view"] == "payload"
    low, high = by_attack["graph matching"]["interval"]
    assert low < by_attack["graph matching"]["rate"] <= high
    assert (tmp_path / "attacks.svg").read_bytes().startswith(b"<?xml")
    assert "graph matching" in (tmp_path / "attacks.md").read_text(encoding="utf-8")


def test_rounds_are_attacked_one_by_one(encoded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.registers.schema import RegisterSchema

    made = encode(
        generate(150, 4).registers["dgsn-permits"],
        RegisterSchema.load("dgsn-permits"),
        LinkageKey(bytes(32), "test"),
        EncodingProfile.load("plain"),
        created="2026-02-01T00:00:00Z",
        rng=np.random.default_rng(0),
        round_name="2026-02",
        consent_weak_profile=True,
    )
    made.delivery.write(tmp_path / "later.parquet")
    outcomes = run(encoded, tmp_path, monkeypatch, str(tmp_path / "later.parquet"))["outcomes"]
    assert {outcome["detail"].split(".")[0] for outcome in outcomes} == {"round 2026-02", "round without a name"}
    assert all(outcome["registers"] == "dgsn-permits" for outcome in outcomes)


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
        ["--out", "o", "--self-test", "--known", "15"],
        ["--out", "o", "--self-test", "--periods", "0"],
        ["--out", "o", "--self-test", "--registers-together", "3"],
        ["--out", "o", "--self-test", "--populations", "10"],
        ["--out", "o", "--self-test", "--seeds", "one"],
    ],
)
def test_what_cannot_be_attacked_is_refused(
    options: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WASL_HOME", str(tmp_path))
    with pytest.raises(InputError):
        CliRunner().invoke(build_app(["wasl.cli.attack"]), ["attack", *options], catch_exceptions=False)
