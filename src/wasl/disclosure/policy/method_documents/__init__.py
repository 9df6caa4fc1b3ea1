"""The methods a policy can name, each as a document; what they do is in the modules they are named after."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Option

from wasl.disclosure.policy.method_documents.perturbation import (
    AddNoise,
    Microaggregate,
    Pram,
    RankSwap,
    ShuffleValues,
    SwapRecords,
)
from wasl.disclosure.policy.method_documents.recoding import (
    GroupAreas,
    GroupCategories,
    GroupRare,
    Recode,
    Round,
    TopBottom,
)
from wasl.disclosure.policy.method_documents.suppression import (
    DropVariables,
    LocalSuppression,
    RiskSuppression,
    SuppressRecords,
)

__all__ = [
    "AddNoise",
    "DropVariables",
    "GroupAreas",
    "GroupCategories",
    "GroupRare",
    "LocalSuppression",
    "Method",
    "Microaggregate",
    "Pram",
    "RankSwap",
    "Recode",
    "RiskSuppression",
    "Round",
    "ShuffleValues",
    "SuppressRecords",
    "SwapRecords",
    "TopBottom",
]

Method = Annotated[
    Recode
    | TopBottom
    | GroupAreas
    | GroupCategories
    | GroupRare
    | Round
    | LocalSuppression
    | RiskSuppression
    | SuppressRecords
    | Microaggregate
    | Pram
    | AddNoise
    | RankSwap
    | ShuffleValues
    | SwapRecords
    | DropVariables,
    Option(discriminator="kind"),
]
"""Any method, told apart by its ``kind``."""
