"""Whatever lies in a package, checking it ends in a verdict, never in a traceback."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.audit.notes import NoteSigner
from wasl.publication.manifest import MANIFEST_FORMAT, FileEntry, Manifest, sign_manifest
from wasl.publication.package import verify_package

SIGNER = NoteSigner("example.org/releases", bytes(range(32)))
LAWS = settings(max_examples=60, deadline=None)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def package(content=b"a,b\n1,2\n"):
    files = {"data/a.csv": content, "public-key.txt": f"{SIGNER.verifier}\n".encode()}
    entries = {path: FileEntry.of(data) for path, data in files.items()}
    manifest = Manifest("a", "1", "A", "2026", "wasl", 1, "d", "r", str(SIGNER.verifier), "", entries).to_bytes()
    return {**files, "manifest.json": manifest, "manifest.json.sig": sign_manifest(manifest, "a", SIGNER)}


def test_the_package_itself_verifies():
    assert verify_package(package(), SIGNER.verifier).verified


@LAWS
@given(st.dictionaries(st.sampled_from(sorted(package())), st.binary(max_size=60), min_size=1))
def test_files_replaced_by_anything(replaced):
    honest = package()
    result = verify_package({**honest, **replaced})
    changed = {path for path, data in replaced.items() if data != honest[path]}
    assert changed <= {faulty.path for faulty in result.faults} or "manifest.json" in changed
    assert result.verified is not bool(changed)


@LAWS
@given(st.sampled_from([*json.loads(package()["manifest.json"]), "surplus"]), json_values)
def test_manifest_fields_replaced_by_anything(field, value):
    honest = package()
    fields = json.loads(honest["manifest.json"])
    changed = json.dumps({**fields, field: value}).encode()
    for signed in (False, True):  # by somebody who does not have the key, and by its owner
        files = {**honest, "manifest.json": changed}
        if signed:
            files["manifest.json.sig"] = sign_manifest(changed, "a", SIGNER)
        result = verify_package(files, SIGNER.verifier)
        assert isinstance(result.to_json()["verified"], bool)
        assert signed or not result.verified


@LAWS
@given(json_values)
def test_any_json_as_manifest(value):
    changed = json.dumps(value).encode()
    result = verify_package({**package(), "manifest.json": changed})
    assert not result.verified
    assert MANIFEST_FORMAT not in str(value)


@LAWS
@given(st.binary(min_size=1, max_size=200), st.integers(0, 3))
def test_noise_in_any_file(noise, number):
    honest = package()
    path = sorted(honest)[number]
    assert path in {faulty.path for faulty in verify_package({**honest, path: honest[path] + noise}).faults}
