"""The encoding scheme, recomputed bit by bit with nothing but hmac, hashlib, AES and Python integers.

`encoding.json` holds known answers: if any of them changes, deliveries of two releases can no longer be compared, and
SCHEME_VERSION must rise. `profile.toml` is the profile they were made with, `profile.json` its canonical form.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.schema import RegisterSchema

VECTORS = Path(__file__).with_name("encoding.json")
SECRET = bytes(range(32))
PROJECT = "vectors"
ROUND = "2026-Q1"
LEVELS = [5, 6, 7, 8, 9, 11, 13, 15, 18, 21, 24, 28, 33, 39, 46, 54, 63, 74, 87, 102, 128]


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


PROFILE_DIGEST = "sha256:" + hashlib.sha256(VECTORS.with_name("profile.json").read_bytes().strip()).hexdigest()


def expand(context: list[object]) -> bytes:
    """HKDF-SHA-256 (RFC 5869) for 32 bytes, written out."""
    extracted = hmac.digest(b"wasl linkage key", SECRET, "sha256")
    return hmac.digest(extracted, canonical(context) + b"\x01", "sha256")


def lasting(purpose: str) -> bytes:
    """What is derived without round and profile: the key's id and the key of record ids, as in version 1."""
    return expand(["wasl", 1, PROJECT, purpose, "", "", ""])


def hkdf(*context: object) -> bytes:
    """What is derived within a round and under a profile."""
    return expand(["wasl", 4, PROJECT, ROUND, PROFILE_DIGEST, *context])


def aes(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return encryptor.update(block) + encryptor.finalize()


def stream(key: bytes, seed: bytes, size: int) -> bytes:
    return b"".join(aes(key, seed + i.to_bytes(4, "big")) for i in range(-(-size // 16)))[:size]


def part(name: str, value: str) -> bytes:
    return hmac.digest(hkdf("part", "", name, ""), value.encode(), "sha256")[:16]


def skeleton_set(words: list[str]) -> bytes:
    digests = [part("name_skeletons", word) for word in words]
    halves = [sum(int.from_bytes(d[i : i + 8], "little") for d in digests) % 2**64 for i in (0, 8)]
    return b"".join(half.to_bytes(8, "little") for half in halves)


def filter_positions(pass_name: str, group: str, grams: list[str], bits: int, fill: float) -> set[int]:
    """Positions set in the undiffused filter."""
    wanted = math.log1p(-fill) / math.log1p(-1 / bits) / len(grams)
    level = sum(wanted > math.sqrt(a * b) for a, b in itertools.pairwise(LEVELS))
    key = hkdf("filter", pass_name, "", group)
    found = set()
    for gram in grams:
        data = b"".join(hmac.digest(key, bytes([i]) + gram.encode(), "sha256") for i in range(8))
        positions = [int.from_bytes(data[2 * i : 2 * i + 2], "little") % bits for i in range(128)]
        found |= set(positions[: LEVELS[level]])
    return found


def diffuse(pass_name: str, group: str, seed: bytes, positions: set[int], bits: int, out: int, taps: int) -> bytes:
    """The released filter: each bit the XOR of one bit per tap."""
    spread, key = hkdf("spread", pass_name, "", group), hkdf("diffusion", pass_name, "", group)
    orders = []
    for tap in range(taps):
        data = stream(spread, bytes([tap]) + bytes(11), bits * 8)
        numbers = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(bits)]
        rank = {place: where for where, place in enumerate(sorted(range(bits), key=lambda i: (numbers[i], i)))}
        orders.append({rank[p] for p in positions})
    words = out // 64
    schedule = stream(key, seed, taps * words * 2)
    released = 0
    for j in range(out):
        word, bit = divmod(j, 64)
        value = 0
        for tap in range(taps):
            at = (tap * words + word) * 2
            source = schedule[at] % (bits // 64) * 64 + (bit - schedule[at + 1] % 64) % 64
            value ^= source in orders[tap]
        released |= value << j
    return released.to_bytes(out // 8, "little")


@pytest.fixture(scope="module")
def profile():
    return EncodingProfile.load(VECTORS.with_name("profile.toml"))


@pytest.fixture(scope="module")
def encoded(profile):
    schema = RegisterSchema.load("anapec-projects")
    row = {field.name: [""] for field in schema.fields}
    row |= {
        "num_inscription": ["R1"],
        "num_carte_sejour": ["A 00123"],
        "nom": ["Diallo"],
        "prenom": ["Mamadou"],
        "sexe": ["H"],
        "date_naissance": ["05/02/1990"],
        "nationalite": ["guinéen"],
    }
    key = LinkageKey(SECRET, PROJECT)
    draws = np.random.default_rng(0)
    return encode(pa.table(row), schema, key, profile, created="2026-01-01", rng=draws, round_name=ROUND)


def rows_of(encoded, pass_name):
    return next(row for row in encoded.delivery.rows.to_pylist() if row["pass"] == pass_name)


def test_the_digest_of_a_profile_is_that_of_its_canonical_json(profile, encoded):
    assert encoded.delivery.header.profile_digest == profile.digest == PROFILE_DIGEST


def test_labels_and_tokens_are_what_the_scheme_says(encoded):
    assert encoded.delivery.header.key_id == lasting("key-id")[:8].hex()
    record_id = hmac.digest(lasting("record-id"), b"anapec-projects\0R1", "sha256")[:16]
    assert encoded.payload.rows["record_id"].to_pylist() == [record_id]
    row = rows_of(encoded, "birth")
    assert row["row_id"] == aes(hkdf("row-id", "birth", "", ""), record_id)
    message = part("birth_date", "1990-02-05") + part("nationality", "GIN") + part("sex", "M")
    block = hmac.digest(hkdf("block", "birth", "", ""), message, "sha256")
    assert row["block"] == block[:16]
    token = hmac.digest(hkdf("token", "tokens", "", "permit"), part("permit", "A00123"), "sha256")[:16]
    assert rows_of(encoded, "tokens")["token_permit"] == token
    match_key = skeleton_set(json.loads(VECTORS.read_text())["skeletons"]) + part("birth_date", "1990-02-05")
    block = hmac.digest(hkdf("block", "names-birth", "", ""), match_key, "sha256")[:16]
    assert rows_of(encoded, "names-birth")["block"] == block


def test_a_filter_is_what_the_scheme_says(encoded, profile):
    message = part("birth_date", "1990-02-05") + part("nationality", "GIN") + part("sex", "M")
    seed = hmac.digest(hkdf("block", "birth", "", ""), message, "sha256")[16:28]
    known = json.loads(VECTORS.read_text())
    grams = [f"_{word}_"[i : i + 2] for word in known["canonical"] for i in range(len(word) + 1)]
    positions = filter_positions("birth", "names", grams, profile.bits, profile.group_by_name["names"].fill)
    expected = diffuse("birth", "names", seed, positions, profile.bits, profile.released_bits, profile.taps)
    assert rows_of(encoded, "birth")["filter_names"] == expected


def test_a_filter_of_a_birth_date_is_what_the_scheme_says(encoded, profile):
    smallest = min(part("word_1", word) for word in json.loads(VECTORS.read_text())["skeletons"])
    message = smallest + part("birth_year", "1990") + part("nationality", "GIN") + part("sex", "M")
    seed = hmac.digest(hkdf("block", "word-1", "", ""), message, "sha256")[16:28]
    grams = ["y1990", "w1989", "w1990", "w1991", "y39", "y40", "ys09"]
    for place, text in (("m", "02"), ("d", "05")):
        grams += [f"{place}{text}", f"{place}1{text[0]}", f"{place}2{text[1]}", f"pa{text}", f"pb{text}"]
    positions = filter_positions("word-1", "birth", grams, profile.bits, profile.group_by_name["birth"].fill)
    expected = diffuse("word-1", "birth", seed, positions, profile.bits, profile.released_bits, profile.taps)
    assert rows_of(encoded, "word-1")["filter_birth"] == expected


def test_a_block_of_names_has_no_order(encoded):
    known = json.loads(VECTORS.read_text())
    message = skeleton_set(known["skeletons"]) + part("birth_year", "1990") + part("sex", "M")
    message += part("nationality", "GIN")
    block = hmac.digest(hkdf("block", "names-year", "", ""), message, "sha256")[:16]
    assert rows_of(encoded, "names-year")["block"] == block


@pytest.mark.parametrize("name", ["word_1", "word_2", "word_3"])
def test_a_block_by_one_word_takes_the_one_with_the_smallest_digest(encoded, name):
    smallest = min(part(name, word) for word in json.loads(VECTORS.read_text())["skeletons"])
    message = smallest + part("birth_year", "1990") + part("nationality", "GIN") + part("sex", "M")
    pass_name = name.replace("_", "-")
    block = hmac.digest(hkdf("block", pass_name, "", ""), message, "sha256")[:16]
    assert rows_of(encoded, pass_name)["block"] == block


def test_known_answers_have_not_changed(encoded):
    known = json.loads(VECTORS.read_text())
    row = rows_of(encoded, "birth")
    found = {
        "key_id": encoded.delivery.header.key_id,
        "block": row["block"].hex(),
        "row_id": row["row_id"].hex(),
        "token_permit": rows_of(encoded, "tokens")["token_permit"].hex(),
        "filter_names": hashlib.sha256(row["filter_names"]).hexdigest(),
        "filter_birth": hashlib.sha256(rows_of(encoded, "word-1")["filter_birth"]).hexdigest(),
    }
    assert found == {name: known[name] for name in found}
