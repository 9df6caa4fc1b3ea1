"""The disclosure policy as a document, the methods it can name, and the release gate."""

from wasl.disclosure.policy.document import (
    AllCombinations,
    CombinationRule,
    DisclosurePolicy,
    HierarchySpec,
    InequalityRule,
    LevelRule,
    MissingRule,
    ReleaseRules,
    Role,
    SearchSpec,
    SensitiveRule,
    SynthesisSpec,
    Thresholds,
    VariableSpec,
    VariableType,
    require_thresholds,
)

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
