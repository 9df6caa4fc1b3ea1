"""The library tells its caller what was lost, takes documents by name, file or value, and shows no person's value."""

from __future__ import annotations

import secrets
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import wasl
from wasl.errors import InputError
from wasl.facade.linkage import LinkageResult

REGISTER = """
id = "clinic"
version = "1"
holder = "Clinic"
title = "Clinic"
record = "number"
profiles = "febrl"

[[fields]]
name = "number"
role = "identifier"
[[fields]]
name = "surname"
role = "name"
feature = "surname"
[[fields]]
name = "given"
role = "name"
feature = "given"
[[fields]]
name = "birth"
role = "birth"
type = "date"
feature = "birth_date"
[[fields]]
name = "province"
role = "payload"
type = "code"
classification = "province"
"""
SURNAMES = ("ALAOUI", "DIALLO", "TRAORE", "MARTIN", "BENALI", "OUEDRAOGO", "SANCHEZ", "KONE", "IDRISSI", "CAMARA")
GIVEN = ("Fatima", "Moussa", "Awa", "Jean", "Karim", "Salif", "Maria", "Issa", "Zineb", "Ibrahima", "Aicha", "Omar")
UNREADABLE = "Xyzzy-31/31/31"


def people(count: int = 120, *, start: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    days = pd.Timestamp("1970-01-01") + pd.to_timedelta(rng.integers(0, 12_000, 400), unit="D")
    whole = pd.DataFrame(
        {
            "number": [f"R{row}" for row in range(400)],
            "surname": [SURNAMES[row % len(SURNAMES)] for row in range(400)],
            "given": [GIVEN[(row // len(SURNAMES)) % len(GIVEN)] for row in range(400)],
            "birth": days.strftime("%Y-%m-%d"),
            "province": rng.choice(["06.141", "04.501", "01.051"], 400),
        }
    )
    return whole.iloc[start : start + count].reset_index(drop=True)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.toml"
    path.write_text(REGISTER, encoding="utf-8")
    return path


def key() -> wasl.LinkageKey:
    return wasl.LinkageKey.new("clinics", bytes(range(32)))


def test_every_name_of_the_library_is_there() -> None:
    assert all(getattr(wasl, name) is not None for name in wasl.__all__)
    assert sorted(wasl.__all__) == wasl.__all__


def test_a_document_is_a_value_a_file_or_a_name(schema_file: Path) -> None:
    frame = people()
    schema = wasl.RegisterSchema.load(schema_file)
    given = [
        wasl.encode(frame, one, key(), profile="guarded", round="r") for one in (schema, schema_file, str(schema_file))
    ]
    assert len({one.delivery.header.content_digest for one in given}) == 1
    assert wasl.LinkagePlan.load("morocco").name == "morocco"


def test_unreadable_rows_and_cells_are_told_listed_and_not_shown(schema_file: Path) -> None:
    frame = people()
    frame.loc[3, "birth"] = UNREADABLE
    frame.loc[5, "number"] = frame.loc[4, "number"]
    frame.loc[9, "province"] = "nowhere"
    with pytest.warns(wasl.DataWarning) as told:
        encoded = wasl.encode(frame, schema_file, key(), profile="guarded")
    said = " ".join(str(one.message) for one in told)
    assert "clinic: " in said
    assert "province" in said
    assert UNREADABLE not in said + repr(encoded)
    assert all(one.filename == __file__ for one in told)
    assert set(encoded.rejects["column"].to_pylist()) >= {"birth"}
    assert encoded.delivery.header.rejects == encoded.rejects.to_pandas().query("kind == 'row'").row.nunique()
    assert {(note.check, note.column, note.count) for note in encoded.notes} >= {("spellings-unknown", "province", 1)}


def test_a_clean_register_warns_of_nothing(schema_file: Path) -> None:
    encoded = wasl.encode(people(), schema_file, key(), profile="guarded")
    assert encoded.rejects.num_rows == 0
    assert encoded.notes == ()
    assert (
        repr(encoded)
        == f"Encoded(clinic: 120 records in {len(encoded.delivery.header.passes)} passes, 0 rows rejected)"
    )


@pytest.mark.parametrize("kind", [np.float64, pd.Float64Dtype(), object])
def test_codes_that_pandas_made_numbers_keep_their_meaning(schema_file: Path, kind: object) -> None:
    frame = people()
    typed = frame.assign(province=frame["province"].astype(float).astype(kind))
    asked = {"profile": "guarded", "round": "r"}
    plain, numbers = wasl.encode(frame, schema_file, key(), **asked), wasl.encode(typed, schema_file, key(), **asked)
    assert numbers.payload.rows.equals(plain.payload.rows)


def test_frames_of_pandas_and_arrow_are_encoded_alike(schema_file: Path) -> None:
    frame = people()
    asked = {"profile": "guarded", "round": "r"}
    of_arrow = wasl.encode(pa.Table.from_pandas(frame, preserve_index=False), schema_file, key(), **asked)
    of_pandas = wasl.encode(frame.set_index(np.arange(5, 125)), schema_file, key(), **asked)
    assert of_arrow.delivery.header.content_digest == of_pandas.delivery.header.content_digest


def linked(schema_file: Path) -> tuple[LinkageResult, pd.DataFrame, list[pa.Table]]:
    sides = [
        wasl.encode(people(160, start=start), schema_file, key(), profile="guarded", name=name)
        for name, start in (("north", 0), ("south", 60))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wasl.DataWarning)
        result = wasl.link([one.delivery for one in sides], "febrl4", joins=[one.join_map for one in sides])
    maps = [one.keep_map for one in sides]
    truth = pd.concat([one.to_pandas()[["register", "record"]] for one in maps])
    return result, truth.assign(person=truth["record"]), maps


def test_persons_are_evaluated_from_frames(schema_file: Path) -> None:
    result, truth, maps = linked(schema_file)
    found = wasl.evaluate(result, truth, keep_maps=maps)
    assert found.report["pairwise"]["true"] == 100
    assert found.report["pairwise"]["recall"] > 0.9
    of_spine = wasl.evaluate(result.spine, pa.Table.from_pandas(truth), keep_maps=[one.to_pandas() for one in maps])
    assert of_spine.report["pairwise"] == found.report["pairwise"]


def test_a_failed_self_check_is_told_and_kept(schema_file: Path) -> None:
    result, _, _ = linked(schema_file)
    checks = [{"name": "twins", "passed": False, "message": "3 links look like twins."}]
    failed = replace(result, report={**result.report, "checks": checks})
    assert failed.failed == ("links that look like twins: 3 links look like twins.",)
    assert "1 self-check failed" in repr(failed)
    assert replace(result, report={**result.report, "checks": []}).failed == ()


def test_a_linkage_that_fails_its_checks_warns(schema_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinkageResult, "failed", property(lambda _self: ("a check: it found something.",)))
    sides = [wasl.encode(people(80), schema_file, key(), profile="guarded", name=name) for name in ("north", "south")]
    with pytest.warns(wasl.DataWarning, match="it found something") as told:
        wasl.link([one.delivery for one in sides], "febrl4")
    assert [one.filename for one in told] == [__file__]


def test_without_join_maps_there_are_no_persons(schema_file: Path) -> None:
    result, truth, maps = linked(schema_file)
    pairs = replace(result, spine=None, links=None)
    assert "persons" not in repr(pairs)
    with pytest.raises(InputError, match="join maps"):
        wasl.evaluate(pairs, truth, keep_maps=maps)
    with pytest.raises(InputError, match="join maps"):
        wasl.assemble(pairs, [], "foreign-workers")


def test_new_keys_differ_and_do_not_show_themselves() -> None:
    first, second = wasl.new_key("clinics"), wasl.new_key("clinics")
    assert first != second
    assert first.encoded_secret() not in repr(first)
    assert len(first.secret) == len(secrets.token_bytes())


def test_registers_are_merged_as_frames_or_as_read(schema_file: Path, tmp_path: Path) -> None:
    left, right = people(160), people(160, start=60)
    for name, frame in (("left", left), ("right", right)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    schema = wasl.RegisterSchema.load(schema_file)
    read = [wasl.read_register(tmp_path / f"{name}.csv", schema, with_dropped=True) for name in ("left", "right")]
    of_frames = wasl.merge(left, right, (schema_file, schema))
    assert of_frames.artifacts["merged.csv"] == wasl.merge(*read, (schema, schema)).artifacts["merged.csv"]
    left.loc[3, "birth"] = UNREADABLE
    with pytest.warns(wasl.DataWarning, match="0 rows and 1 cell could") as told:
        wasl.merge(left, right, (schema, schema))
    assert all(one.filename == __file__ for one in told)
