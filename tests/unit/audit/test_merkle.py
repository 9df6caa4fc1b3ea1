from __future__ import annotations

from dataclasses import replace

import pytest

from wasl.audit.merkle import (
    EMPTY_ROOT,
    ConsistencyProof,
    Frontier,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from wasl.audit.tree import MemoryNodes, consistency_proof, inclusion_proof, load_frontier, root_at
from wasl.errors import NotFoundError, StateError, VerificationError

LEAVES = [leaf_hash(bytes([number])) for number in range(13)]


@pytest.fixture
def nodes():
    return MemoryNodes(LEAVES)


def test_a_node_cannot_pass_for_a_leaf():
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_growing_leaf_by_leaf_gives_the_stored_tree(nodes):
    for size in range(len(LEAVES) + 1):
        frontier = Frontier().extend(LEAVES[:size])
        assert load_frontier(nodes, size) == frontier
        assert root_at(nodes, size) == frontier.root


def test_each_complete_node_is_written_once():
    frontier, seen = Frontier(), []
    for leaf in LEAVES:
        frontier, grown = frontier.append(leaf)
        seen += [place for place, _ in grown]
    assert len(seen) == len(set(seen)) == 2 * len(LEAVES) - len(LEAVES).bit_count()


@pytest.mark.parametrize("size", range(1, 14))
def test_every_inclusion_proof_verifies_and_no_other_leaf_does(nodes, size):
    root = root_at(nodes, size)
    for index in range(size):
        proof = inclusion_proof(nodes, index, size)
        verify_inclusion(proof, LEAVES[index], root)
        with pytest.raises(VerificationError):
            verify_inclusion(proof, leaf_hash(b"other"), root)
        for wrong in (replace(proof, path=(*proof.path, root)), replace(proof, path=proof.path[:-1])):
            if wrong.path != proof.path:
                with pytest.raises(VerificationError):
                    verify_inclusion(wrong, LEAVES[index], root)


@pytest.mark.parametrize("size", range(1, 14))
def test_every_consistency_proof_verifies_and_no_other_root_does(nodes, size):
    root = root_at(nodes, size)
    for old in range(size + 1):
        proof = consistency_proof(nodes, old, size)
        verify_consistency(proof, root_at(nodes, old), root)
        with pytest.raises(VerificationError):
            verify_consistency(proof, leaf_hash(b"other"), root)
        if 0 < old < size:
            with pytest.raises(VerificationError):
                verify_consistency(proof, root_at(nodes, old), leaf_hash(b"other"))
            with pytest.raises(VerificationError):
                verify_consistency(replace(proof, path=proof.path[:-1]), root_at(nodes, old), root)
            with pytest.raises(VerificationError):
                verify_consistency(replace(proof, path=(*proof.path, root)), root_at(nodes, old), root)


def test_impossible_requests_are_refused(nodes):
    for index, size in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(NotFoundError):
            inclusion_proof(nodes, index, size)
    with pytest.raises(NotFoundError):
        consistency_proof(nodes, 6, 5)
    with pytest.raises(StateError, match="lacks the node"):
        root_at(nodes, 14)
    with pytest.raises(VerificationError):
        verify_consistency(ConsistencyProof(9, 5, ()), EMPTY_ROOT, EMPTY_ROOT)
    with pytest.raises(ValueError, match="one hash"):
        Frontier(3, (EMPTY_ROOT,))
