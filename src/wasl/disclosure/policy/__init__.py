"""The disclosure policy as a document, the methods it can name, and the release gate."""

from wasl.disclosure.policy.document import (
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
)

__all__ = [
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
]
