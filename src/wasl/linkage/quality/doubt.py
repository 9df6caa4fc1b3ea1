"""How many of the expected matches rest on probabilities that are neither high nor low."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["describe_doubt"]

LOW, HIGH = 0.1, 0.9
"""Probabilities between these are in doubt."""
MUCH = 0.05
"""Share of the expected matches from which on probabilities are called uncertain. In the laboratory it is below .01 on
censuses, .03 to .08 on registers of the 19th century and of names and birth dates, and more for foreigners. Calibration
errors were .002, .01 to .03 and up to .06."""


def describe_doubt(probability: NDArray[np.float64]) -> dict[str, Any]:
    """The share of the expected matches that is in doubt, and what to think of such probabilities.

    Args:
        probability: (pairs) of all candidates.
    """
    doubt = (probability >= LOW) & (probability < HIGH)
    matches = float(probability[probability >= LOW].sum())
    share = float(probability[doubt].sum()) / matches if matches else 0.0
    uncertain = share > MUCH
    message = (
        f"{share:.0%} of the expected matches are pairs with probabilities between {LOW} and {HIGH}. There the model's "
        "assumption that comparisons are independent decides, and such probabilities can be off by several hundredths. "
        "Have a sample of these pairs reviewed."
        if uncertain
        else "Few of the expected matches are in doubt."
    )
    return {"doubtful": round(share, 4), "uncertain": uncertain, "message": message}
