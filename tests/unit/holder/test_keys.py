"""Keys and key files: nothing secret shows, and nothing opens with the wrong thing."""

from __future__ import annotations

import json

import pytest

from wasl.errors import KeyFileError
from wasl.holder import keyfile
from wasl.holder.keys import LinkageKey


@pytest.fixture
def key():
    return LinkageKey(bytes(range(32)), "simimo")


def test_the_secret_never_shows(key):
    assert key.secret.hex() not in repr(key) + str(key)
    assert "secret" not in repr(key)


def test_derived_keys_differ_by_everything(key):
    ours = key.for_round("2026-10", "sha256:a")
    found = {
        ours.derive("filter", pass_="a", group="b"),
        ours.derive("filter", pass_="ab"),
        ours.derive("token", pass_="a", group="b"),
        ours.derive("filter", pass_="a", block="b"),
        key.for_round("2026-11", "sha256:a").derive("filter", pass_="a", group="b"),
        key.for_round("2026-10", "sha256:b").derive("filter", pass_="a", group="b"),
        LinkageKey(key.secret, "other").for_round("2026-10", "sha256:a").derive("filter", pass_="a", group="b"),
        key.derive("record-id"),
        key.derive("key-id"),
    }
    assert len(found) == 9
    assert key.secret.hex() not in repr(ours) + str(ours)


def test_keys_compare_by_content(key):
    assert key == LinkageKey(bytes(range(32)), "simimo") != LinkageKey(bytes(32), "simimo")
    assert len({key, LinkageKey(bytes(range(32)), "simimo")}) == 1


@pytest.mark.parametrize(("secret", "project"), [(b"short", "p"), (bytes(32), "")])
def test_a_key_is_32_bytes_and_belongs_to_a_project(secret, project):
    with pytest.raises(KeyFileError):
        LinkageKey(secret, project)


def test_an_open_file_opens(key):
    data = keyfile.seal_open(key)
    assert keyfile.open_key_file(data) == key
    assert keyfile.describe_key_file(data) == {"project": "simimo", "key_id": key.key_id, "protection": "none"}


def test_a_passphrase_opens_and_a_wrong_one_does_not(key, monkeypatch):
    monkeypatch.setattr(keyfile, "SCRYPT_N", 1 << 10)
    data = keyfile.seal_passphrase(key, "a long enough sentence", bytes(range(28)))
    assert key.encoded_secret().encode() not in data
    assert keyfile.open_key_file(data, passphrase="a long enough sentence") == key
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        keyfile.open_key_file(data, passphrase="another long sentence")
    with pytest.raises(KeyFileError, match="under a passphrase"):
        keyfile.open_key_file(data)
    with pytest.raises(KeyFileError, match="shorter"):
        keyfile.seal_passphrase(key, "short", bytes(28))


def test_a_wrapped_file_opens_for_its_recipients_only(key):
    ours, theirs, stranger = (keyfile.new_identity() for _ in range(3))
    data = keyfile.seal_recipients(key, [keyfile.identity_public(ours), keyfile.identity_public(theirs)])
    assert keyfile.open_key_file(data, identity=ours) == keyfile.open_key_file(data, identity=theirs) == key
    with pytest.raises(KeyFileError, match="other holders"):
        keyfile.open_key_file(data, identity=stranger)
    with pytest.raises(KeyFileError, match="--identity"):
        keyfile.open_key_file(data)
    with pytest.raises(KeyFileError, match="malformed"):
        keyfile.seal_recipients(key, ["bm90IGEga2V5"])


@pytest.mark.parametrize("change", [{"project": "other"}, {"key_id": "0" * 16}])
def test_a_relabelled_file_is_refused(key, change):
    identity = keyfile.new_identity()
    for data in (keyfile.seal_open(key), keyfile.seal_recipients(key, [keyfile.identity_public(identity)])):
        altered = json.dumps(json.loads(data) | change).encode()
        with pytest.raises(KeyFileError, match="altered"):
            keyfile.open_key_file(altered, identity=identity)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format": "wasl-key/9"}', b"\xff\xfe"])
def test_what_is_no_key_file_is_refused(data):
    with pytest.raises(KeyFileError, match="not a key file"):
        keyfile.open_key_file(data)
