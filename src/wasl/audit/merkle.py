"""The Merkle tree of the log: hashes, growing roots, and proofs that need no trust in whoever gives them.

Leaves and inner nodes are hashed under different prefixes, so that neither can be passed off as the other. Everything
here is a pure function of bytes; where nodes are kept between runs is `wasl.audit.tree`'s matter.

Source: RFC 6962 section 2.1 (tree, audit path, consistency proof) and RFC 9162 sections 2.1.3.2 and 2.1.4.2
(verification).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wasl.errors import VerificationError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "ConsistencyProof",
    "Frontier",
    "InclusionProof",
    "Node",
    "Place",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

Place = tuple[int, int]
"""Level (0: leaves) and index of a node that covers the 2**level leaves from index * 2**level on."""

Node = tuple[Place, bytes]
"""A complete subtree's place and its hash: once written, it never changes."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and the entry's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and the hashes of its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that must be remembered of a tree to grow it: the roots of its complete subtrees.

    Attributes:
        size: Number of leaves.
        hashes: One hash per set bit of ``size``, the largest subtree first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError("a frontier has one hash for each set bit of its size")

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the frontier's hashes stand in the tree, in the same order."""
        return frontier_places(self.size)

    def append(self, leaf: bytes) -> tuple[Frontier, tuple[Node, ...]]:
        """The frontier with one more leaf (given by its hash), and the nodes that became complete, the leaf first.

        Takes O(log size) steps at worst and two hashes on average.
        """
        hashes = list(self.hashes)
        level, index, node = 0, self.size, leaf
        grown: list[Node] = [((0, index), leaf)]
        while index & 1:
            node = node_hash(hashes.pop(), node)
            level, index = level + 1, index >> 1
            grown.append(((level, index), node))
        return Frontier(self.size + 1, (*hashes, node)), tuple(grown)

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier with more leaves, given by their hashes."""
        frontier = self
        for leaf in leaves:
            frontier, _ = frontier.append(leaf)
        return frontier


def frontier_places(size: int) -> tuple[Place, ...]:
    """Where the complete subtrees of a tree of ``size`` leaves stand, the largest first."""
    return tuple((level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1)


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is in the tree.

    Attributes:
        index: The entry's number, from 0.
        size: Leaves of the tree the proof is for.
        path: Sibling hashes from the leaf to the root.
    """

    index: int
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That a tree only grew: the first ``old_size`` leaves of the new tree are those of the old one.

    Attributes:
        old_size, size: Leaves of the old and of the new tree.
        path: Hashes of subtrees, as RFC 6962 orders them.
    """

    old_size: int
    size: int
    path: tuple[bytes, ...]


def verify_inclusion(proof: InclusionProof, leaf: bytes, root: bytes) -> None:
    """Check that the leaf with this hash is entry ``proof.index`` of the tree with this root.

    Raises:
        VerificationError: It is not, or the proof is malformed.

    Source: RFC 9162 section 2.1.3.2.
    """
    if not 0 <= proof.index < proof.size:
        raise VerificationError(f"entry {proof.index} lies outside a log of {proof.size} entries.")
    position, last, value = proof.index, proof.size - 1, leaf
    for sibling in proof.path:
        if last == 0:
            raise VerificationError("the inclusion proof is longer than the tree is high.")
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or value != root:
        raise VerificationError(f"the proof does not lead from entry {proof.index} to the root of the checkpoint.")


def verify_consistency(proof: ConsistencyProof, old_root: bytes, root: bytes) -> None:
    """Check that the tree with ``root`` continues the tree with ``old_root``.

    Raises:
        VerificationError: It does not (the log was rewritten or forked), or the proof is malformed.

    Source: RFC 9162 section 2.1.4.2.
    """
    forked = VerificationError(
        f"the log of {proof.size} entries does not continue the log of {proof.old_size} entries: "
        "it was rewritten or forked."
    )
    if not 0 <= proof.old_size <= proof.size:
        raise VerificationError(f"a log of {proof.size} entries cannot continue one of {proof.old_size}.")
    if proof.old_size in (0, proof.size):
        expected = EMPTY_ROOT if proof.old_size == 0 else root
        if proof.path or old_root != expected:
            raise forked
        return
    path: Sequence[bytes] = proof.path
    if proof.old_size & (proof.old_size - 1) == 0:
        path = (old_root, *path)
    if not path:
        raise forked
    position, last = proof.old_size - 1, proof.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_value = value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise forked
        if position & 1 or position == last:
            old_value, value = node_hash(sibling, old_value), node_hash(sibling, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or old_value != old_root or value != root:
        raise forked
