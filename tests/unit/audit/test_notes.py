from __future__ import annotations

import base64

import pytest

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.merkle import Frontier, leaf_hash
from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import KeyFileError, VerificationError

# The key pair in the documentation of Go's note package, which defined the format.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNED = TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer():
    return NoteSigner("example.org/log", bytes(range(32)))


def test_known_keys_and_note():
    signer = NoteSigner.parse(SKEY)
    assert str(signer.verifier) == VKEY
    assert signer.export() == SKEY
    assert signer.sign(TEXT) == SIGNED
    assert NoteVerifier.parse(VKEY + "\n").open(SIGNED) == TEXT


def test_the_secret_is_not_shown(signer):
    assert "seed" not in repr(signer)


def test_any_flipped_byte_of_a_note_is_found(signer):
    note = signer.sign("origin\n3\nsomething\n").encode()
    for position in range(len(note)):
        changed = bytearray(note)
        changed[position] ^= 1
        with pytest.raises((VerificationError, UnicodeDecodeError)):
            signer.verifier.open(changed.decode())


def test_other_signatures_are_passed_over_but_not_enough(signer):
    other = NoteSigner.generate("somebody")
    text = "origin\n"
    note = other.sign(text) + signer.sign(text).rpartition("\n\n")[2]
    assert signer.verifier.open(note) == text
    with pytest.raises(VerificationError, match="not signed by"):
        signer.verifier.open(other.sign(text))


@pytest.mark.parametrize("text", ["", "nonsense", VKEY[:-4], VKEY.replace("c74f", "c74e"), SKEY, "a b+00000000+AQ=="])
def test_bad_verifier_keys_are_refused(text):
    with pytest.raises(KeyFileError):
        NoteVerifier.parse(text)


def test_bad_names_are_refused():
    for name in ("", "two words", "a+b"):
        with pytest.raises(KeyFileError):
            NoteSigner.generate(name)


def test_checkpoint_says_origin_size_and_root(signer):
    frontier = Frontier().extend([leaf_hash(b"a"), leaf_hash(b"b")])
    checkpoint = Checkpoint.of(signer.name, frontier)
    assert checkpoint.text == f"example.org/log\n2\n{base64.b64encode(frontier.root).decode()}\n"
    assert Checkpoint.open(checkpoint.sign(signer), signer.verifier) == checkpoint


def test_checkpoint_of_another_log_is_refused(signer):
    checkpoint = Checkpoint("another", 0, Frontier().root)
    with pytest.raises(ValueError, match="named for it"):
        checkpoint.sign(signer)
    with pytest.raises(VerificationError, match="is of the log 'another'"):
        Checkpoint.open(signer.sign(checkpoint.text), signer.verifier)


@pytest.mark.parametrize(
    "text", ["", "o\n1\n", "o\n01\nAAAA\n", "o\n-1\nAAAA\n", "o\n1\nAAAA\n", "o\n1\n!\n", "\n1\nAAAA\n"]
)
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(VerificationError):
        Checkpoint.parse(text)


def test_extension_lines_are_passed_over():
    root = base64.b64encode(bytes(32)).decode()
    assert Checkpoint.parse(f"o\n7\n{root}\nmore\n") == Checkpoint("o", 7, bytes(32))
