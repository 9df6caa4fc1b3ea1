"""The disclosure policy as a document, the methods it can name, and the release gate."""

from wasl.disclosure.policy.document import (
    DisclosurePolicy,
    InequalityRule,
    SearchSpec,
    SynthesisSpec,
    require_thresholds,
)
from wasl.disclosure.policy.thresholds import AllCombinations, CombinationRule, ReleaseRules, SensitiveRule, Thresholds
from wasl.disclosure.policy.variables import HierarchySpec, LevelRule, MissingRule, Role, VariableSpec, VariableType

__all__ = [
    "AllCombinations",
    "CombinationRule",
    "DisclosurePolicy",
    "HierarchySpec",
    "InequalityRule",
    "LevelRule",
    "MissingRule",
    "ReleaseRules",
    "Role",
    "SearchSpec",
    "SensitiveRule",
    "SynthesisSpec",
    "Thresholds",
    "VariableSpec",
    "VariableType",
    "require_thresholds",
]
