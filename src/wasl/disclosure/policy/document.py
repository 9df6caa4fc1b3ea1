"""The disclosure policy: what each variable is, what must hold before anything leaves, and how to get there.

A policy is a TOML document (``config/disclosure/*.toml`` ships some). It names every variable of the data with its
role, the meaning of missing values, the thresholds, and either an ordered list of methods or a lattice search. The
thresholds are never weakened: protection reaches them or refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.policy.method_documents import Method
from wasl.disclosure.policy.thresholds import ReleaseRules, Thresholds
from wasl.disclosure.policy.variables import MissingRule, Role, Share, VariableSpec, VariableType
from wasl.errors import SchemaError
from wasl.registers.documents import Document, config_dir, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json

__all__ = [
    "DisclosurePolicy",
    "InequalityRule",
    "SearchSpec",
    "SynthesisSpec",
    "require_thresholds",
]


class SearchSpec(Document):
    """Optimal generalization by lattice search instead of named recodings.

    Attributes:
        objective: The loss that is minimized.
        suppression_limit: Largest share of rows that may be suppressed instead of generalized.
        max_nodes: The search gives up, with a message, on larger lattices than it can prove.
    """

    objective: Literal["loss", "precision", "discernibility", "entropy", "aecs"] = "loss"
    suppression_limit: Share = 0.0
    max_nodes: int = Option(default=2_000_000, ge=1)


class InequalityRule(Document):
    """A variable that is never above another in any record (a birth and an entry year, say)."""

    low: str
    high: str
    strict: bool = False


class SynthesisSpec(Document):
    """What synthetic records must keep.

    Attributes:
        inequalities: Pairs of numeric variables in order.
        fixed_combinations: Sets of variables whose combinations must occur in the data (province and region, say).
    """

    inequalities: tuple[InequalityRule, ...] = ()
    fixed_combinations: tuple[tuple[str, ...], ...] = ()


class DisclosurePolicy(Document):
    """A whole policy.

    Attributes:
        name, title, source: What it is called and where its rules come from.
        variables: Every variable with its role.
        unlisted: What happens to a column the policy does not name.
        missing: The meaning of missing values.
        sampling_fraction: Share of the population in the file, for DIS scores. Default: rows over the sum of weights.
        thresholds: What must hold. A policy that limits no risk is refused by ``assess`` and ``protect``, unless
            ``no_thresholds`` gives the reason.
        no_thresholds: Why this policy limits no risk; stated in the internal report.
        release: Conditions of a release.
        methods: What is done, in order.
        search: Lattice search, done before the methods.
        synthesis: What synthetic records must keep.
        hierarchy_texts: The contents of the files of hierarchies and neighbours, by name; filled by ``load``.
    """

    name: str
    title: str = ""
    source: str = ""
    variables: tuple[VariableSpec, ...] = Option(min_length=1)
    unlisted: Literal["refuse", "drop", "free"] = "refuse"
    missing: MissingRule = MissingRule()
    sampling_fraction: float | None = Option(default=None, gt=0.0, le=1.0)
    thresholds: Thresholds = Thresholds()
    no_thresholds: str = ""
    release: ReleaseRules = ReleaseRules()
    methods: tuple[Method, ...] = ()
    search: SearchSpec | None = None
    synthesis: SynthesisSpec = SynthesisSpec()
    hierarchy_texts: dict[str, str] = Option(default={}, exclude=True)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The policy in a file, or a shipped one by name (``public-use``), with the texts of its hierarchy files.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        path = resolve_document("disclosure", name_or_path)
        policy = load_document(cls, path)
        own = policy.hierarchy_texts  # a document of a service brings the texts with it
        texts = {file: own[file] if file in own else _hierarchy_text(file, path) for file in policy.files}
        return policy.model_copy(update={"hierarchy_texts": texts})

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        known_names = [variable.name for variable in self.variables]
        if len(set(known_names)) != len(known_names):
            raise ValueError("a variable is listed twice")
        for role in (Role.WEIGHT, Role.HOUSEHOLD):
            if len(self.named(role)) > 1:
                raise ValueError(f"more than one variable has the role {role.value!r}")
        keys = set(self.named(Role.KEY))
        mentioned = {key for rule in self.thresholds.combinations for key in rule.keys}
        for method in self.methods:
            mentioned |= set(method.key_names)
        if stray := sorted(mentioned - keys):
            raise ValueError(f"used as keys but not of role 'key': {', '.join(stray)}")
        known = set(known_names)
        used = {rule.variable for rule in self.thresholds.sensitive} | {n for m in self.methods for n in m.names}
        used |= {name for rule in self.synthesis.inequalities for name in (rule.low, rule.high)}
        used |= {name for names in self.synthesis.fixed_combinations for name in names}
        used |= {*self.release.min_category_rows, *self.release.min_category_population}
        if stray := sorted(used - known):
            raise ValueError(f"not among the variables: {', '.join(stray)}")
        for rule in self.thresholds.sensitive:
            if not rule.states_a_limit:
                raise ValueError(
                    f"the rule for {rule.variable!r} states no limit: l_distinct above 1, t or alpha below 1, …"
                )
        dropped = {rule.variable for rule in self.thresholds.sensitive} & set(self.named(Role.DROP))
        if dropped:
            raise ValueError(f"a rule bounds a variable of role 'drop': {', '.join(sorted(dropped))}")
        if self.release.min_category_population and self.weight is None:
            raise ValueError("release.min_category_population needs a variable of role 'weight'")
        if self.thresholds.household_risk is not None and self.household is None:
            raise ValueError("thresholds.household_risk needs a variable of role 'household'")
        shared = [v.name for v in self.variables if v.level == "household"]
        if shared and self.household is None:
            raise ValueError(f"level = 'household' needs a variable of role 'household': {', '.join(shared)}")
        if self.search is not None and not any(v.hierarchy for v in self.variables if v.role is Role.KEY):
            raise ValueError("the search needs a key with a hierarchy")
        self._check_methods()
        return self

    def _check_methods(self) -> None:
        """Refuse methods that cannot mean what they say.

        Raises:
            ValueError: A recoding is done twice, or a method changes a weight or a household number.
        """
        recoded: set[str] = set()
        for method in self.methods:
            if method.kind == "risk_suppression" and method.of == "household" and self.household is None:
                raise ValueError("risk_suppression of = 'household' needs a variable of role 'household'")
            if method.kind == "recode":
                if method.variable in recoded:
                    raise ValueError(
                        f"{method.variable!r} is recoded twice: a level counts from the original values, so keep only "
                        "the recode with the coarser level"
                    )
                if self.by_name[method.variable].hierarchy is None:
                    raise ValueError(f"{method.variable!r} is recoded but has no hierarchy")
                if self.search is not None and self.by_name[method.variable].role is Role.KEY:
                    raise ValueError(f"{method.variable!r} is recoded by the search and by a method; keep one of them")
                recoded.add(method.variable)
            for name in method.changed:
                role = self.by_name[name].role
                if role is Role.HOUSEHOLD and method.kind != "drop":
                    raise ValueError(f"{method.kind} would change the household number {name!r}")
                if role is Role.WEIGHT and method.kind not in ("drop", "round"):
                    raise ValueError(f"{method.kind} would change the weight {name!r}: totals would no longer hold")

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Variables that the policy reads as numbers: by their type, or because a rule or method needs numbers."""
        implied = {name for method in self.methods for name in method.numeric_names}
        implied |= {rule.variable for rule in self.thresholds.sensitive if rule.bands}
        implied |= {name for rule in self.synthesis.inequalities for name in (rule.low, rule.high)}
        for variable in self.variables:
            levels = () if variable.hierarchy is None else variable.hierarchy.levels
            if variable.role is Role.WEIGHT or any(rule.numeric for rule in levels):
                implied.add(variable.name)
        stated = {v.name for v in self.variables if v.type is not None}
        return frozenset((implied - stated) | {v.name for v in self.variables if v.type is VariableType.NUMBER})

    @cached_property
    def dates(self) -> frozenset[str]:
        """Variables that the policy reads as days."""
        ruled = {v.name for v in self.variables if v.hierarchy and any(rule.date for rule in v.hierarchy.levels)}
        return frozenset(ruled | {v.name for v in self.variables if v.type is VariableType.DATE})

    def named(self, role: Role) -> tuple[str, ...]:
        """The variables of a role."""
        return tuple(variable.name for variable in self.variables if variable.role is role)

    def released(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of these columns that the protected file keeps."""
        roles = {variable.name: variable.role for variable in self.variables}
        unlisted = Role.FREE if self.unlisted == "free" else Role.DROP
        return tuple(name for name in columns if roles.get(name, unlisted) is not Role.DROP)

    def read(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Those of these columns whose values are read; a column that stops the release is among them."""
        roles = {variable.name: variable.role for variable in self.variables}
        unlisted = Role.DROP if self.unlisted == "drop" else Role.FREE
        return tuple(name for name in columns if roles.get(name, unlisted) is not Role.DROP)

    @property
    def weight(self) -> str | None:
        """The weight variable, if any."""
        return next(iter(self.named(Role.WEIGHT)), None)

    @property
    def household(self) -> str | None:
        """The household variable, if any."""
        return next(iter(self.named(Role.HOUSEHOLD)), None)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the policy names: of hierarchies and of neighbours."""
        named = [spec.hierarchy.file for spec in self.variables if spec.hierarchy is not None]
        named += [method.neighbours for method in self.methods if method.kind == "group_areas"]
        return tuple(dict.fromkeys(file for file in named if file is not None))

    @cached_property
    def by_name(self) -> dict[str, VariableSpec]:
        """The variables by name."""
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def digest(self) -> str:
        """The digest of the policy's meaning, hierarchy files included."""
        return digest_json({"policy": self.model_dump(mode="json"), "hierarchies": self.hierarchy_texts})


def require_thresholds(policy: DisclosurePolicy) -> None:
    """Refuse a policy under which every file would pass.

    Raises:
        SchemaError: The policy limits no risk and does not say why.
    """
    if not policy.thresholds.bound_risk and not policy.no_thresholds.strip():
        raise SchemaError(
            f"policy {policy.name!r} has no thresholds: every file would pass.",
            remedy="Set [thresholds], for example k = 5; or give the reason in no_thresholds.",
        )


def _hierarchy_text(file: str, policy: Path) -> str:
    places = [policy.parent / file, config_dir() / "disclosure" / "hierarchies" / file]
    for place in places:
        if place.is_file():
            try:
                return place.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError as error:
                raise SchemaError(f"{place}: not UTF-8 text.") from error
    raise SchemaError(
        f"{policy}: no hierarchy file {file!r}.", remedy="Put it beside the policy, or name a shipped one."
    )
