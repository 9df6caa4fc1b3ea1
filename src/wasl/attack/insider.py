"""The insider: a holder with the project's key who gets hold of another holder's encodings.

The insider has the key, the profile and the name of the round. It encodes a list of its own and compares: equal block
labels and equal filters mean equal values. Nothing in the encoding prevents this. Keys per project and round limit what
one key opens.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wasl.attack.claims import Claims
from wasl.attack.observation import PassView

__all__ = ["match_with_key"]

Ints = npt.NDArray[np.int64]


def match_with_key(view: PassView, theirs: int, rng: np.random.Generator) -> Claims:
    """Rows of the other holder and of the insider's own encoding with the same block, tokens and filters.

    Args:
        view: One pass of all deliveries, those of the other holder first and the insider's own after them.
        theirs: How many deliveries are the other holder's.
        rng: Breaks ties between equal rows.

    Returns:
        Rows of the other holder, and places among the insider's own rows (in their order in ``view``).
    """
    names = sorted(view.classes)
    columns = np.stack([view.block, *(view.classes[name] for name in names)], axis=1)
    _, code = np.unique(columns, axis=0, return_inverse=True)
    code = code.ravel()
    other, own = np.flatnonzero(view.source < theirs), np.flatnonzero(view.source >= theirs)
    order = rng.permutation(len(own))
    order = order[np.argsort(code[own][order], kind="stable")]
    starts = np.searchsorted(code[own][order], code[other], side="left")
    counts = np.searchsorted(code[own][order], code[other], side="right") - starts
    has = np.flatnonzero(counts > 0)
    return Claims(other[has], order[starts[has]], 1.0 / counts[has])
