"""Known answers for the Merkle tree: the eight leaves every Certificate Transparency implementation is tried on."""

from __future__ import annotations

import hashlib

import pytest

from wasl.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash
from wasl.audit.tree import MemoryNodes, consistency_proof, inclusion_proof

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def definition_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 defines it, by recursion: the independent recomputation."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + definition_root(leaves[:k]) + definition_root(leaves[k:])).digest()


def definition_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*definition_path(m, leaves[:k]), definition_root(leaves[k:])]
    return [*definition_path(m - k, leaves[k:]), definition_root(leaves[:k])]


def definition_consistency(m: int, leaves: list[bytes], complete: bool = True) -> list[bytes]:
    n = len(leaves)
    if m == n:
        return [] if complete else [definition_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*definition_consistency(m, leaves[:k], complete), definition_root(leaves[k:])]
    return [*definition_consistency(m - k, leaves[k:], False), definition_root(leaves[:k])]


def test_empty_root_is_the_hash_of_nothing():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_root_of_the_first_leaves(size):
    frontier = Frontier().extend(leaf_hash(leaf) for leaf in LEAVES[:size])
    assert frontier.root.hex() == ROOTS[size - 1]
    assert definition_root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_published_inclusion_path():
    path = inclusion_proof(MemoryNodes(leaf_hash(leaf) for leaf in LEAVES), 5, 8).path
    assert [value.hex() for value in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_published_consistency_path():
    path = consistency_proof(MemoryNodes(leaf_hash(leaf) for leaf in LEAVES), 6, 8).path
    assert [value.hex() for value in path] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7, 8, 11, 16, 21])
def test_proofs_are_those_of_the_definition(size):
    leaves = [bytes([number]) for number in range(size)]
    nodes = MemoryNodes(leaf_hash(leaf) for leaf in leaves)
    for index in range(size):
        assert list(inclusion_proof(nodes, index, size).path) == definition_path(index, leaves)
    for old in range(1, size + 1):
        assert list(consistency_proof(nodes, old, size).path) == definition_consistency(old, leaves)
