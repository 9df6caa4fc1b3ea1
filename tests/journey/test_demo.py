"""The main job on embedded defaults: what `wasl demo` promises, and what happens to whoever tampers with it."""

from __future__ import annotations

import io
import json
import random
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

Demo = tuple[Path, dict[str, Any]]


def test_the_demo_keeps_its_promises(demo: Demo) -> None:
    _, result = demo
    assert result["f1"] >= 0.98
    assert result["protection"]["k_after"] >= result["protection"]["k_required"] == 5
    assert result["protection"]["k_before"] < result["protection"]["k_after"]
    assert result["verification"]["release"] is True
    assert result["verification"]["log"] is True


def test_the_demo_ends_with_protected_regional_tables_in_sdmx_and_px(demo: Demo) -> None:
    import sdmx
    from pyaxis import pyaxis

    out, result = demo
    assert result["tables"]["audit_passed"]
    assert result["tables"]["unsafe_cells"] > 0
    tables = out / "tables"
    assert {path.name for path in tables.iterdir()} == set(result["tables"]["files"])
    assert not [path for path in tables.iterdir() if "internal" in path.name or path.name == "report.json"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyaxis itself uses what pandas gives up
        frame = pyaxis.parse(str(tables / "sex-by-province.px"), encoding="utf-8")["DATA"]
    structure = sdmx.read_sdmx(io.BytesIO((tables / "sex-by-province.structure.sdmx-2.1.xml").read_bytes()))
    (dsd,) = structure.structure.values()
    message = sdmx.read_sdmx(io.BytesIO((tables / "sex-by-province.data.sdmx-2.1.xml").read_bytes()), structure=dsd)
    figures = [float(one.value) for one in message.data[0].obs if one.value not in (None, "", "NaN")]
    read = [float(value) for value in frame["DATA"].astype(str) if value not in ("", ".", "..", "nan")]
    assert sum(figures) == sum(read) > 0
    assert "Souss-Massa" in (tables / "profile-09.fr.html").read_text(encoding="utf-8")


def test_every_stage_left_its_event(demo: Demo) -> None:
    out, result = demo
    lines = (out / "log" / "export.jsonl").read_text(encoding="utf-8")
    for kind in (
        "KeyCreated",
        "RegisterEncoded",
        "LinkageCompleted",
        "SpineResolved",
        "LinkageEvaluated",
        "MicrodataAssembled",
        "ProtectionApplied",
        "ReleasePublished",
        "TablesProtected",
        "ReleaseVerified",
    ):
        assert kind in lines, kind
    assert result["verification"]["log_entries"] >= 9


def test_each_party_has_only_what_it_may_see(demo: Demo) -> None:
    out, _ = demo
    assert not list((out / "linkage-unit").rglob("*join*"))
    assert not list((out / "linkage-unit").rglob("*payload*"))
    assert not list((out / "spine-keeper").rglob("*delivery*"))
    assert not [path for path in out.rglob("*.key") if "holders" not in path.parts and "log" not in path.parts]


@pytest.mark.slow
def test_a_flipped_byte_of_any_published_file_is_found_and_the_file_named(
    demo: Demo, tmp_path: Path, call: Any
) -> None:
    out, result = demo
    release = tmp_path / "release"
    shutil.copytree(out / "release", release)
    rng = random.Random(7)  # noqa: S311 - which byte is harmed
    for path in sorted(p for p in release.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        place = rng.randrange(len(whole))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        done = call(tmp_path, "verify", release, "--public-key", result["release"]["public_key"], code=3)
        assert path.name in done.stdout + done.stderr, path.name
        path.write_bytes(whole)
    call(tmp_path, "verify", release, "--public-key", result["release"]["public_key"])


@pytest.mark.parametrize("harm", ["alter", "remove", "swap", "cut"])
def test_a_log_that_was_tampered_with_does_not_verify(demo: Demo, tmp_path: Path, wasl: Any, harm: str) -> None:
    out, result = demo
    lines = (out / "log" / "export.jsonl").read_bytes().splitlines(keepends=True)
    if harm == "alter":
        position = next(i for i, line in enumerate(lines) if b"SpineResolved" in line)
        lines[position] = lines[position].replace(b"SpineResolved", b"SpineResolveD")
    elif harm == "remove":
        del lines[5]
    elif harm == "swap":
        lines[4], lines[6] = lines[6], lines[4]
    else:
        del lines[-1]
    tampered = tmp_path / "export.jsonl"
    tampered.write_bytes(b"".join(lines))
    key = result["verification"]["log_public_key"]
    done = wasl("audit", "verify", tampered, "--public-key", key, code=3)
    assert "entry" in (done.stdout + done.stderr).lower()
    wasl("audit", "verify", out / "log" / "export.jsonl", "--public-key", key)


def test_the_demo_never_overwrites(demo: Demo, wasl: Any) -> None:
    out, _ = demo
    before = (out / "release" / "manifest.json").read_bytes()
    assert "exists" in wasl("demo", "--out", out, code=1).stderr
    assert (out / "release" / "manifest.json").read_bytes() == before


def test_the_spine_holds_every_encoded_record(demo: Demo) -> None:
    out, result = demo
    encoded = sum(row["records"] for row in result["encoding"])
    linked = result["linkage"]
    assert linked["all"]["records"] + linked["abroad"]["records"] == encoded
    report = json.loads((out / "spine-keeper" / "all" / "report.json").read_text(encoding="utf-8"))
    assert report["records"] == linked["all"]["records"]
    assert len(result["encoding"]) == 16
