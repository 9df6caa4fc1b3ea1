"""The disclosure policy: what each variable is, what must hold before anything leaves, and how to get there.

A policy is a TOML document (``config/disclosure/*.toml`` ships some). It names every variable of the data with its
role, the meaning of missing values, the thresholds, and either an ordered list of methods or a lattice search. The
thresholds are never weakened: protection reaches them or refuses.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from wasl.disclosure.keys.frequencies import Missing
from wasl.disclosure.policy.method_documents import Method
from wasl.errors import SchemaError
from wasl.registers.documents import Document, config_dir, load_document, resolve_document
from wasl.registers.exchange.digests import digest_json

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

Share = Annotated[float, Option(ge=0.0, le=1.0)]


class Role(StrEnum):
    """What a variable is to an intruder: known beforehand (key), wanted (sensitive), or technical."""

    KEY = "key"
    SENSITIVE = "sensitive"
    WEIGHT = "weight"
    HOUSEHOLD = "household"
    FREE = "free"
    DROP = "drop"


class LevelRule(Document):
    """One level of a hierarchy, made by exactly one rule.

    Attributes:
        width, origin, bottom, top: Intervals of a numeric variable; below bottom and from top on are open.
        prefix: Keep so many leading characters of a code.
        groups, other: Named groups of the level below's categories; what is in none becomes ``other`` (or is an
            error).
        to_all: One category for everything.
    """

    width: float | None = Option(default=None, gt=0)
    origin: float = 0.0
    bottom: float | None = None
    top: float | None = None
    prefix: int | None = Option(default=None, ge=1)
    groups: dict[str, tuple[str, ...]] | None = None
    other: str | None = None
    to_all: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if sum([self.width is not None, self.prefix is not None, self.groups is not None, self.to_all]) != 1:
            raise ValueError("a level needs exactly one of width, prefix, groups, to_all")
        return self


class HierarchySpec(Document):
    """A hierarchy: a table (CSV, one column per level) or rules, one per level.

    Attributes:
        file: CSV without header; relative to the policy's folder, or shipped in ``config/disclosure/hierarchies``.
        levels: Rules, from the finest to the coarsest.
    """

    file: str | None = None
    levels: tuple[LevelRule, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (not self.levels):
            raise ValueError("a hierarchy needs either a file or levels")
        return self


class VariableSpec(Document):
    """One variable of the data.

    Attributes:
        name, label, label_fr: The column, and what a reader sees.
        role: What it is to an intruder.
        importance: For keys: 1 is the most important and is suppressed last; default: by number of categories.
        hierarchy: How it can be generalized.
        optional: Whether the data may lack it.
        never_suppress: Whether its cells must stay.
    """

    name: str
    label: str = ""
    label_fr: str = ""
    role: Role
    importance: int | None = Option(default=None, ge=1)
    hierarchy: HierarchySpec | None = None
    optional: bool = False
    never_suppress: bool = False


class MissingRule(Document):
    """What a missing key value means.

    Attributes:
        semantics: ``wildcard``: compatible with every value; ``category``: a category of its own.
        alpha: Under ``wildcard``, how much a possible match through missing values counts.
        codes: Spellings that mean missing, besides empty cells.
    """

    semantics: Literal["wildcard", "category"] = "wildcard"
    alpha: Share = 1.0
    codes: tuple[str, ...] = ()

    @property
    def meaning(self) -> Missing:
        """The same, as the kernels take it."""
        return Missing(self.alpha if self.semantics == "wildcard" else None)


class CombinationRule(Document):
    """A named set of keys that must occur ``k`` times together."""

    name: str
    keys: tuple[str, ...] = Option(min_length=1)
    k: int = Option(ge=2)


class SensitiveRule(Document):
    """What every class of indistinguishable rows must satisfy for one sensitive variable.

    Attributes:
        variable: The sensitive variable.
        l_distinct, l_entropy: Least (effective) number of categories.
        l_recursive, recursive_c: Least recursive (c, l)-diversity.
        t, distance: Largest earth mover's distance to the whole file, and its ground distance.
        alpha: Largest share of one category ((α, k)-anonymity).
        beta: Largest relative gain of a category's share.
        delta: Largest absolute log ratio of shares.
        bands: Cut points that turn a numeric variable into the categories that are counted.
    """

    variable: str
    l_distinct: int | None = Option(default=None, ge=1)
    l_entropy: float | None = Option(default=None, ge=1)
    l_recursive: int | None = Option(default=None, ge=1)
    recursive_c: float = Option(default=2.0, gt=0)
    t: Share | None = None
    distance: Literal["equal", "ordered", "hierarchical"] = "equal"
    alpha: Share | None = None
    beta: float | None = Option(default=None, ge=0)
    delta: float | None = Option(default=None, ge=0)
    bands: tuple[float, ...] = ()


class Thresholds(Document):
    """What must hold for the file that leaves.

    Attributes:
        k: Least frequency of every key combination.
        k_map: Least frequency in the population table given to ``assess`` and ``protect``.
        combinations: Named sets of keys with a k of their own.
        sensitive: Rules for sensitive variables.
        individual_risk, household_risk: Largest risk of a row (a probability).
        global_risk: Largest share of expected re-identifications.
        suda_dis: Largest DIS score of a row.
        suppressed_cells: Largest share of suppressed cells of any key.
        removed_rows: Largest share of removed rows.
    """

    k: int | None = Option(default=None, ge=2)
    k_map: int | None = Option(default=None, ge=2)
    combinations: tuple[CombinationRule, ...] = ()
    sensitive: tuple[SensitiveRule, ...] = ()
    individual_risk: Share | None = None
    household_risk: Share | None = None
    global_risk: Share | None = None
    suda_dis: Share | None = None
    suppressed_cells: Share | None = None
    removed_rows: Share | None = None


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


class ReleaseRules(Document):
    """Conditions of a release beside the risk thresholds, checked by the gate.

    Attributes:
        min_age_days: Least age of the data, from the reference date to the day of release.
        reference_date: The day the data describe.
        max_keys: Largest number of identifying variables.
        random_order: Rows are always shuffled by protect; the key remains so that policies can state it.
        min_category_rows: Least number of rows of every category of the named variables (population threshold).
        min_category_population: Least weighted size of every category of the named variables.
        forbidden: Columns that must not be in the file.
    """

    min_age_days: int | None = Option(default=None, ge=0)
    reference_date: date | None = None
    max_keys: int | None = Option(default=None, ge=1)
    random_order: Literal[True] = True
    min_category_rows: dict[str, int] = Option(default={})
    min_category_population: dict[str, float] = Option(default={})
    forbidden: tuple[str, ...] = ()


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
        thresholds: What must hold.
        release: Conditions of a release.
        methods: What is done, in order.
        search: Lattice search, done before the methods.
        synthesis: What synthetic records must keep.
        hierarchy_texts: The contents of the hierarchy files, by name; filled by ``load``.
    """

    name: str
    title: str = ""
    source: str = ""
    variables: tuple[VariableSpec, ...] = Option(min_length=1)
    unlisted: Literal["refuse", "drop", "free"] = "refuse"
    missing: MissingRule = MissingRule()
    thresholds: Thresholds = Thresholds()
    release: ReleaseRules = ReleaseRules()
    methods: tuple[Method, ...] = ()
    search: SearchSpec | None = None
    synthesis: SynthesisSpec = SynthesisSpec()
    hierarchy_texts: dict[str, str] = Option(default={}, exclude=True)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """The policy in a TOML file, or a shipped one by name (``public-use``), with its hierarchy files.

        Raises:
            SchemaError: Names the file, the key and the reason.
        """
        path = resolve_document("disclosure", name_or_path)
        policy = load_document(cls, path)
        texts = {
            spec.hierarchy.file: _hierarchy_text(spec.hierarchy.file, path)
            for spec in policy.variables
            if spec.hierarchy is not None and spec.hierarchy.file is not None
        }
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
        if stray := sorted(used - known):
            raise ValueError(f"not among the variables: {', '.join(stray)}")
        return self

    def named(self, role: Role) -> tuple[str, ...]:
        """The variables of a role."""
        return tuple(variable.name for variable in self.variables if variable.role is role)

    @property
    def weight(self) -> str | None:
        """The weight variable, if any."""
        return next(iter(self.named(Role.WEIGHT)), None)

    @property
    def household(self) -> str | None:
        """The household variable, if any."""
        return next(iter(self.named(Role.HOUSEHOLD)), None)

    @cached_property
    def by_name(self) -> dict[str, VariableSpec]:
        """The variables by name."""
        return {variable.name: variable for variable in self.variables}

    @cached_property
    def digest(self) -> str:
        """The digest of the policy's meaning, hierarchy files included."""
        return digest_json({"policy": self.model_dump(mode="json"), "hierarchies": self.hierarchy_texts})


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
