"""A release is whole and signed, and no byte of it can change unseen."""

from __future__ import annotations

import json
import random
import time

import pyarrow as pa
import pytest

from wasl.audit.notes import NoteSigner
from wasl.errors import InputError, VerificationError
from wasl.publication.package import FileFault, build_package, verify_package


@pytest.fixture
def package(table, description, report, signer, created):
    return build_package(table, description, report, signer=signer, created=created, log_checkpoint="checkpoint").files


def test_a_package_holds_all_formats_metadata_report_and_signature(package):
    assert sorted(package) == [
        "README.txt",
        "data/workers-puf.csv",
        "data/workers-puf.dta",
        "data/workers-puf.parquet",
        "data/workers-puf.sav",
        "manifest.json",
        "manifest.json.sig",
        "metadata/citation.bib",
        "metadata/citation.ris",
        "metadata/citation.txt",
        "metadata/dataset.jsonld",
        "metadata/dcat.jsonld",
        "metadata/ddi-codebook.xml",
        "metadata/dictionary.ar.html",
        "metadata/dictionary.csv",
        "metadata/dictionary.fr.html",
        "metadata/dictionary.html",
        "metadata/nada-resources.rdf",
        "metadata/nada-survey.json",
        "metadata/sdmx/data.sdmx-2.1.xml",
        "metadata/sdmx/data.sdmx-3.0.xml",
        "metadata/sdmx/data.sdmx.csv",
        "metadata/sdmx/structure.sdmx-2.1.xml",
        "metadata/sdmx/structure.sdmx-3.0.xml",
        "public-key.txt",
        "report/public-report.html",
        "report/public-report.json",
    ]


def test_the_readme_names_every_other_file_and_the_key(package, signer):
    text = package["README.txt"].decode()
    told = set(package) - {"README.txt", "manifest.json", "manifest.json.sig", "public-key.txt"}
    assert all(path in text for path in told)
    assert str(signer.verifier) in text
    assert "Ne pas tenter d'identifier quiconque." in text


def test_the_manifest_says_what_it_holds_and_how_it_was_made(package, description, signer):
    manifest = json.loads(package["manifest.json"])
    assert set(manifest["files"]) == set(package) - {"manifest.json", "manifest.json.sig"}
    assert manifest["description_digest"] == description.digest
    assert manifest["signer"] == str(signer.verifier)
    assert manifest["created"] == "2026-03-01T09:30:00+00:00"
    assert manifest["log_checkpoint"] == "checkpoint"
    assert manifest["rows"] == 4


def test_the_same_inputs_and_time_give_the_same_bytes(package, table, description, report, signer, created):
    time.sleep(1.1)  # statistical formats carry the time of writing
    again = build_package(table, description, report, signer=signer, created=created, log_checkpoint="checkpoint").files
    assert {path for path in package if package[path] != again[path]} == set()


def test_an_untouched_package_verifies(package, signer):
    for key in (None, signer.verifier):
        result = verify_package(package, key)
        assert result.verified
        result.require()
        assert result.to_json()["signer"] == str(signer.verifier)


def test_every_flipped_byte_is_found_and_its_file_named(package, signer):
    chance = random.Random(7)  # noqa: S311 - positions to try
    for path, data in package.items():
        everywhere = path in ("manifest.json.sig", "public-key.txt")
        positions = (
            range(len(data)) if everywhere else {0, len(data) - 1, *chance.sample(range(len(data)), min(25, len(data)))}
        )
        for position in positions:
            changed = bytearray(data)
            changed[position] ^= 1 << chance.randrange(8)
            for key in (None, signer.verifier):
                result = verify_package({**package, path: bytes(changed)}, key)
                named = {faulty.path for faulty in result.faults}
                # A changed manifest may also seem to accuse the file whose entry was changed.
                assert path in named if path == "manifest.json" else named == {path}, (path, position)
                with pytest.raises(VerificationError, match=path):
                    result.require()


def test_missing_and_added_files_are_named(package):
    for path in package:
        rest = {name: data for name, data in package.items() if name != path}
        result = verify_package(rest)
        assert (path, FileFault.MISSING) in {(faulty.path, faulty.fault) for faulty in result.faults}
    result = verify_package({**package, "data/extra.csv": b""})
    assert [(faulty.path, faulty.fault) for faulty in result.faults] == [("data/extra.csv", FileFault.ADDED)]


def test_swapped_files_are_named(package):
    first, second = "data/workers-puf.csv", "metadata/dictionary.csv"
    swapped = {**package, first: package[second], second: package[first]}
    assert {faulty.path for faulty in verify_package(swapped).faults} == {first, second}


def test_a_package_made_anew_under_another_key_needs_the_publishers_key_to_be_found(
    package, table, description, report, signer, created
):
    forged = build_package(table, description, report, signer=NoteSigner(signer.name, bytes(32)), created=created).files
    assert verify_package(forged).verified
    result = verify_package(forged, signer.verifier)
    assert [(faulty.path, faulty.fault) for faulty in result.faults] == [("manifest.json.sig", FileFault.SIGNATURE)]


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"public-report.html": b"<p>"},
        {"public-report.json": b"nonsense"},
        {"public-report.json": b"{}"},
        {"public-report.json": b'{"k": 5}', "../x": b""},
        {"public-report.json": b'{"rows": 5}'},
        {"public-report.json": b'{"rows": 4, "table_digest": "sha256:00"}'},
    ],
)
def test_no_table_is_published_without_the_report_of_its_protection(table, description, report, signer, created):
    with pytest.raises(InputError):
        build_package(table, description, report, signer=signer, created=created)


def test_an_empty_table_can_be_published(table, description, report, signer, created):
    package = build_package(table.slice(0, 0), description, report, signer=signer, created=created)
    assert verify_package(package.files).verified


def test_nothing_at_all_is_refused():
    assert not verify_package({}).verified
    assert not verify_package({"manifest.json": b"[]", "manifest.json.sig": b"\xff", "public-key.txt": b"x"}).verified


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.append_column("extra", pa.array([1] * 4)), "extra"),
        (lambda table: table.drop_columns(["age"]), "age"),
        (lambda table: table.set_column(1, "status", pa.array(["1", "7", "7", "9"])), "1 codes, in 2 rows"),
        (lambda table: table.set_column(3, "wage", pa.array(["a"] * 4)), "wage"),
        (lambda table: table.set_column(4, "months", pa.array([1.5] * 4)), "months"),
    ],
)
def test_table_and_description_must_agree(table, description, report, signer, created, change, message):
    with pytest.raises(InputError, match=message):
        build_package(change(table), description, report, signer=signer, created=created)


def test_optional_variables_may_be_absent(table, description, report, signer, created):
    variables = tuple(v.model_copy(update={"optional": v.name == "age"}) for v in description.variables)
    package = build_package(
        table.drop_columns(["age"]),
        description.model_copy(update={"variables": variables}),
        report,
        signer=signer,
        created=created,
    ).files
    assert b'"age"' not in package["data/workers-puf.csv"]


def test_truth_values_are_published_as_ones_and_zeros(description, report, signer, created):
    flag = {
        "name": "flag",
        "label": "Flag",
        "kind": "code",
        "codes": [{"code": "0", "label": "no"}, {"code": "1", "label": "yes"}],
    }
    described = type(description).model_validate({**description.model_dump(by_alias=True), "variables": [flag]})
    table = pa.table({"flag": [True, False, None]})
    package = build_package(table, described, report, signer=signer, created=created).files
    assert package["data/workers-puf.csv"] == b'"flag"\n"1"\n"0"\n""\n'
