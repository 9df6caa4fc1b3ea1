"""The blocks of a pass: the keyed hash of each record's block, one row per person, and rows block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wasl.holder.encoding.blocking_keys import PartDigests
from wasl.holder.encoding.pseudonym import LABEL_BYTES, hash_messages, permute_labels
from wasl.holder.keys import RoundKey
from wasl.holder.profile import EncodingPass, Part
from wasl.registers.compiled import njit

__all__ = [
    "Blocks",
    "block_hashes",
    "one_row_per_person",
    "order_labels",
    "order_renamed",
    "rows_with",
    "sort_into_blocks",
]

HASHED_AT_A_TIME = 1 << 18
"""Rows whose blocks are hashed together."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Rows of a pass, block by block.

    Attributes:
        rows: Records (int32), in block order and within a block in theirs.
        starts: Where each block begins, and the number of rows.
        labels: (blocks, 16) bytes, public.
        seeds: (blocks, 12) bytes, secret.
    """

    rows: NDArray[np.int32] = field(repr=False)
    starts: NDArray[np.int64] = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    seeds: NDArray[np.uint8] = field(repr=False)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each block."""
        return np.diff(self.starts)

    @property
    def block_of(self) -> NDArray[np.int32]:
        """The block of each row."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), self.sizes)


def rows_with(step: EncodingPass, parts: Mapping[Part, PartDigests], by_id: NDArray[np.int32]) -> NDArray[np.int32]:
    """Records that have every part of the block, in the order of their ids: the register's own order plays no part.

    Args:
        step: The pass.
        parts: Parts by name.
        by_id: (records,) the records in the order of their ids.
    """
    present = np.ones(len(by_id), dtype=bool)
    for part in step.block:
        present &= parts[part].present
    return by_id[present[by_id]]


def block_hashes(
    step: EncodingPass, key: RoundKey, parts: Mapping[Part, PartDigests], rows: NDArray[np.int32], turn: int
) -> NDArray[np.uint8]:
    """The keyed hash of each row's block, another one in every turn: (rows, 32) bytes."""
    secret = key.derive("block", pass_=step.name)
    mark = np.full((1, 1 if turn else 0), turn, np.uint8)
    if not step.block:
        return np.broadcast_to(hash_messages(secret, mark), (len(rows), 32))
    held = [parts[part] for part in step.block]
    if len(held) == 1 and len(held[0].distinct) < len(rows):  # each value once
        distinct = held[0].distinct
        marks = np.broadcast_to(mark, (len(distinct), mark.shape[1]))
        once = hash_messages(secret, np.concatenate([marks, distinct], axis=1))
        return once.take(held[0].places[rows], axis=0)
    hashed = np.empty((len(rows), 32), np.uint8)
    for start in range(0, len(rows), HASHED_AT_A_TIME):
        some = rows[start : start + HASHED_AT_A_TIME]
        marks = np.broadcast_to(mark, (len(some), mark.shape[1]))
        message = np.concatenate([marks, *(part.of(some) for part in held)], axis=1)
        hashed[start : start + HASHED_AT_A_TIME] = hash_messages(secret, message)
    return hashed


def one_row_per_person(
    hashed: NDArray[np.uint8],
    members: NDArray[np.int32],
    person: NDArray[np.int32],
    present: Sequence[NDArray[np.bool_]],
    record_ids: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Of the members of a pass those that get a row, and for every member the place of the one that stands for it.

    The record with most filters (``present``, per group) stands for its person, of several the one with the smallest
    record id.
    """
    stands = np.arange(len(members), dtype=np.int32)
    repeated = np.flatnonzero(_repeated(person, members))
    if not len(repeated):
        return stands, stands
    mine = members[repeated]
    lacking = -sum(there[mine].astype(np.int64) for there in present)
    ids = _numbers(record_ids[mine])
    block = _numbers(hashed[repeated])
    order = np.lexsort((ids, np.broadcast_to(lacking, len(mine)), person[mine], block))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (person[mine][order][1:] != person[mine][order][:-1]) | (block[order][1:] != block[order][:-1])
    stands[repeated[order]] = repeated[order[first]][np.cumsum(first) - 1]
    return np.flatnonzero(stands == np.arange(len(members))).astype(np.int32), stands


@njit(cache=True, nogil=True)
def _repeated(person: NDArray[np.int32], members: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether another of the members is of the same person."""
    held = np.zeros(len(person), np.uint8)
    for member in members:
        if held[person[member]] < 2:
            held[person[member]] += 1
    repeated = np.empty(len(members), np.bool_)
    for place in range(len(members)):
        repeated[place] = held[person[members[place]]] > 1
    return repeated


def sort_into_blocks(rows: NDArray[np.int32], hashed: NDArray[np.uint8]) -> Blocks:
    """Rows by the hash of their block: half of it is the public label, twelve bytes more the block's secret seed."""
    values = _numbers(hashed)
    order = np.argsort(values)
    values = values[order]
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    del values
    starts = np.concatenate(([0], edges, [len(rows)][: len(rows)])).astype(np.int64)
    del edges
    _settle(order, starts)
    own = hashed.take(order[starts[:-1]], axis=0)
    return Blocks(
        rows[order],
        starts,
        np.ascontiguousarray(own[:, :LABEL_BYTES]),
        np.ascontiguousarray(own[:, LABEL_BYTES : LABEL_BYTES + 12]),
    )


def order_labels(labels: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The order in which keyed labels ascend: to whoever lacks the key, at random.

    By their first eight bytes; two labels that share those (chance below n² / 2**65) stand in either order.
    """
    return np.argsort(_numbers(labels)).astype(np.int32)


def order_renamed(key: bytes, labels: NDArray[np.uint8], rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """The order in which the labels of some rows ascend under the keyed permutation, renamed a few at a time."""
    values = np.empty(len(rows), np.uint64)
    for start in range(0, len(rows), HASHED_AT_A_TIME):
        some = rows[start : start + HASHED_AT_A_TIME]
        values[start : start + HASHED_AT_A_TIME] = _numbers(permute_labels(key, labels.take(some, axis=0)))
    return np.argsort(values).astype(np.int32)


def _numbers(labels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The first eight bytes of each row as a number."""
    return np.ascontiguousarray(labels[:, :8]).view(">u8").ravel().astype(np.uint64)


@njit(cache=True, nogil=True)
def _settle(order: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
    """Rows of one block in their own order, whatever the sort made of them."""
    for block in range(len(starts) - 1):
        if starts[block + 1] - starts[block] > 1:
            order[starts[block] : starts[block + 1]].sort()
