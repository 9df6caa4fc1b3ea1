"""Files of rounds joined by person, and the flows counted from them, against sets of persons."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.cli.estimate import make_estimates as of_files
from wasl.errors import InputError
from wasl.estimation.estimate import make_estimates
from wasl.estimation.rounds import join_rounds
from wasl.estimation.specification import EstimateSpec

NAMES = ("2023", "2024", "2025")


def file_of(members: dict[int, tuple[bool, str | None]]) -> pa.Table:
    """The file of a round: of each person whether a register knows it, and its sex."""
    return pa.table(
        {
            "person_id": pa.array([f"{one:08d}" for one in members], pa.string()),
            "registers": pa.array([1] * len(members), pa.int8()),
            "in_permits": pa.array([flag for flag, _ in members.values()], pa.bool_()),
            "sex": pa.array([sex for _, sex in members.values()], pa.string()),
        }
    )


rounds_of_persons = st.lists(
    st.dictionaries(st.integers(0, 30), st.tuples(st.booleans(), st.sampled_from(["F", "M", None])), min_size=1),
    min_size=3, max_size=3,
).filter(lambda rounds: any(set(a) & set(b) for a, b in itertools.pairwise(rounds)))  # fmt: skip


@given(rounds_of_persons)
def test_rounds_are_joined_as_sets_of_persons_are(rounds: list[dict[int, tuple[bool, str | None]]]) -> None:
    made = join_rounds({name: file_of(one) for name, one in zip(NAMES, rounds, strict=True)}).to_pylist()
    everybody = set().union(*rounds)
    assert {int(row["person_id"]) for row in made} == everybody
    assert len(made) == len(everybody)
    for row in made:
        who = int(row["person_id"])
        assert [row[name] for name in NAMES] == [who in one for one in rounds]
        assert [row[f"in_permits_{name}"] for name in NAMES] == [one.get(who, (None, None))[0] for one in rounds]
        known = [one[who][1] for one in rounds if who in one and one[who][1] is not None]
        assert row["sex"] == (known[-1] if known else None)


@given(rounds_of_persons)
def test_flows_are_those_of_the_persons_on_the_list(rounds: list[dict[int, tuple[bool, str | None]]]) -> None:
    data = join_rounds({name: file_of(one) for name, one in zip(NAMES, rounds, strict=True)})
    asked = [{"name": name, "column": f"in_permits_{name}"} for name in NAMES]
    spec = EstimateSpec.model_validate({"name": "f", "flows": {"rounds": asked}})
    found = {row["what"]: row["linked"] for row in make_estimates(data, spec, seed=1).rows}
    on = [{who for who, (flag, _) in one.items() if flag} for one in rounds]
    assert found["stayers, 2023 to 2024"] == len(on[0] & on[1])
    assert found["stayers, 2024 to 2025"] == len(on[1] & on[2])
    assert found["stayers, all rounds"] == len(on[0] & on[1] & on[2])


def test_what_cannot_be_joined_is_refused() -> None:
    one, other = file_of({1: (True, "F")}), file_of({2: (True, "M")})
    with pytest.raises(InputError, match="person in common"):
        join_rounds({"a": one, "b": other})
    with pytest.raises(InputError, match="person_id"):
        join_rounds({"a": one, "b": other.drop_columns(["person_id"])})
    with pytest.raises(InputError, match="round b have a person twice"):
        join_rounds({"a": one, "b": pa.concat_tables([one, one])})
    with pytest.raises(InputError, match="name of a column: sex"):
        join_rounds({"sex": one, "b": one})
    numbers = one.set_column(3, "sex", pa.array([[1]]))
    with pytest.raises(InputError, match="'sex' is of another kind"):
        join_rounds({"a": one, "b": numbers})


def test_files_of_rounds_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    for name in NAMES[:2]:
        pq.write_table(file_of({1: (True, "F"), int(name): (True, "M")}), tmp_path / f"{name}.parquet")
    spec = tmp_path / "flows.toml"
    spec.write_text('name = "f"\n[flows]\nrounds = [{ name = "2023" }, { name = "2024" }]\n', encoding="utf-8")
    files = [f"{name}={tmp_path / name}.parquet" for name in NAMES[:2]]
    assert of_files(files, str(spec), tmp_path / "out", seed=1).report["results"][0]["linked"] == 1
    for wrong in ([files[0], str(tmp_path / "2024.parquet")], [files[0], files[0]], [f"={files[0]}"]):
        with pytest.raises(InputError, match="rounds"):
            of_files(wrong, str(spec), tmp_path / "out", seed=1)
