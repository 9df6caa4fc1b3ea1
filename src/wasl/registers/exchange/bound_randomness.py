"""Randomness that follows from a seed together with the data: a seed alone undoes nothing.

Otherwise an intruder who tries all small seeds, or an auditor who reads one, knows the order of rows, the noise of each
number and the exchanged cells. With the data in the derivation they need the data, too. Two policies on the same data
draw independently. With one seed alone their noises would be multiples of each other, and two releases would give the
original exactly.

*Does not protect against* an intruder who knows the seed and all data but a few cells, and tries every value of these.
So the machine draws the seed unless the user gives one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import numpy as np

from wasl.registers.exchange.digests import canonical_json, digest_table

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["bound_generator", "bound_secret", "table_secret"]

PREFIX = b"wasl random choices/1\n"
"""Begins what is hashed, so that the result has nothing in common with the digest of the table in the log."""


def bound_secret(seed: int, content: bytes, *names: str) -> bytes:
    """32 bytes that follow from a seed, confidential content and names.

    Args:
        seed: The seed.
        content: Of the data, such as `table_secret` gives; never a digest that stands in a log.
        names: What the randomness is for: the digest of a policy, a purpose.
    """
    return hmac.digest(content, PREFIX + canonical_json([seed, *names]), hashlib.sha256)


def bound_generator(secret: bytes, *names: str) -> np.random.Generator:
    """A generator for one purpose, from a secret of `bound_secret`."""
    words = np.frombuffer(hmac.digest(secret, PREFIX + canonical_json(list(names)), hashlib.sha256), np.uint32)
    return np.random.Generator(np.random.PCG64(words.tolist()))


def table_secret(table: pa.Table) -> bytes:
    """32 bytes that follow from a table's content, and not from its digest."""
    return bytes.fromhex(digest_table(table, prefix=PREFIX).removeprefix("sha256:"))
