"""J3: ANAPEC's job seekers linked to UNHCR's refugees, by case number where both have it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from wasl.population.generate import generate

pytestmark = pytest.mark.slow

SEEKERS, REFUGEES = "anapec-job-seekers", "unhcr-refugees"


@pytest.fixture(scope="module")
def linked(call, fixed_key, tmp_path_factory):
    """Both registers encoded by their offices, linked and resolved, and the truth."""
    folder = tmp_path_factory.mktemp("refugees")
    home = folder / "home"
    made = generate(20_000, seed=3, scope="all")
    fixed_key(folder / "key", "refugees")
    words: list = [folder / f"{name}.delivery" for name in (SEEKERS, REFUGEES)]
    for name in (SEEKERS, REFUGEES):
        made.registers[name].to_pandas().to_csv(folder / f"{name}.csv", index=False)
        call(
            home, "encode", folder / f"{name}.csv", "--register", name, "--key", folder / "key", "--round", "2025",
            "--out", folder / f"{name}.delivery", "--join", folder / f"{name}.join",
            "--payload", folder / f"{name}.payload", "--keep-map", folder / f"keep-map-{name}.csv",
        )  # fmt: skip
        words += ["--join", folder / f"{name}.join"]
    call(home, "link", "morocco", *words, "--out", folder / "linked", "--accept")
    made.truth.to_pandas().to_csv(folder / "truth.csv", index=False)
    return folder, made


def same_case(made) -> set[tuple[str, str]]:
    """Pairs of records of one person with the same case number, by record number."""
    truth = made.truth.to_pandas().set_index(["register", "record"])["person"]
    seekers, refugees = (made.registers[name].to_pandas() for name in (SEEKERS, REFUGEES))
    both = seekers[seekers["num_hcr"] != ""].merge(refugees, left_on="num_hcr", right_on="case_no")
    return {
        (row["num_dossier"], row["case_no"])
        for row in both.to_dict("records")
        if truth[SEEKERS, row["num_dossier"]] == truth[REFUGEES, row["case_no"]]
    }


def found_pairs(folder) -> set[tuple[str, str]]:
    import pyarrow.parquet as pq

    spine = pq.read_table(folder / "linked" / "spine.parquet").to_pandas()
    kept = pd.concat([pd.read_csv(folder / f"keep-map-{name}.csv", dtype=str) for name in (SEEKERS, REFUGEES)])
    spine["record_id"] = [value.hex() for value in spine["record_id"]]
    rows = spine.astype({"register": str}).merge(kept, on=["register", "record_id"])
    a, b = (rows[rows["register"] == name] for name in (SEEKERS, REFUGEES))
    pairs = a.merge(b, on="person_id")
    return set(zip(pairs["record_x"], pairs["record_y"], strict=True))


def test_equal_case_numbers_are_found(linked):
    folder, made = linked
    wanted, found = same_case(made), found_pairs(folder)
    assert len(wanted) >= 30
    assert len(wanted & found) >= 0.99 * len(wanted)


def test_the_whole_linkage_against_the_truth(call, linked):
    folder, _ = linked
    words = ["evaluate", folder / "linked", "--truth", folder / "truth.csv"]
    for name in (SEEKERS, REFUGEES):
        words += ["--keep-map", folder / f"keep-map-{name}.csv"]
    scored = json.loads(call(folder / "home", *words, "--json").stdout)["pairwise"]
    assert scored["recall"] >= 0.95
    assert scored["precision"] >= 0.93


def test_nothing_comes_back_to_unhcr_and_its_payload_is_bare(call, linked):
    import pyarrow.parquet as pq

    folder, _ = linked
    words = ["return", folder / "linked", "--of", REFUGEES, "--out", folder / "return"]
    assert "return" in call(folder / "home", *words, code=1).stderr
    held = set(pq.read_table(folder / f"{REFUGEES}.payload").schema.names)
    assert not held & {"specific_needs", "ethnicity", "religion", "medical_notes", "phone", "address", "case_no"}
