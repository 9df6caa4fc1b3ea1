"""The disclosure policy: what each variable is, what must hold before anything leaves, and how to get there.

A policy is a TOML document (``config/disclosure/*.toml`` ships some). It names every variable of the data with its
role, the meaning of missing values, the thresholds, and either an ordered list of methods or a lattice search. The
thresholds are never weakened: protection reaches them or refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
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

Share = Annotated[float, Option(ge=0.0, le=1.0)]


class Role(StrEnum):
    """Role of a variable for an intruder: known beforehand (key), wanted (sensitive), or technical."""

    KEY = "key"
    SENSITIVE = "sensitive"
    WEIGHT = "weight"
    HOUSEHOLD = "household"
    FREE = "free"
    DROP = "drop"


class VariableType(StrEnum):
    """Type of the values of a variable: unordered categories, ordered categories, numbers, or days."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    NUMBER = "number"
    DATE = "date"


class LevelRule(Document):
    """One level of a hierarchy, made by exactly one rule.

    Attributes:
        width, origin, bottom, top: Intervals of a numeric variable; below bottom and from top on are open.
        breaks: Cut points of a numeric variable, ascending; below the first and from the last on are open.
        closed: Which end belongs to the interval: ``left`` is [15, 20), ``right`` is (15, 20].
        date: A day becomes its month, quarter, half-year, year or decade.
        prefix: Keep so many leading characters of a code.
        groups, other: Named groups of the level below's categories; what is in none becomes ``other`` (or is an
            error).
        to_all: One category for everything.
    """

    width: float | None = Option(default=None, gt=0)
    origin: float = 0.0
    bottom: float | None = None
    top: float | None = None
    breaks: tuple[float, ...] = ()
    closed: Literal["left", "right"] = "left"
    date: Literal["month", "quarter", "half-year", "year", "decade"] | None = None
    prefix: int | None = Option(default=None, ge=1)
    groups: dict[str, tuple[str, ...]] | None = None
    other: str | None = None
    to_all: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = [self.width is not None, bool(self.breaks), self.date is not None, self.prefix is not None]
        if sum([*rules, self.groups is not None, self.to_all]) != 1:
            raise ValueError("a level needs exactly one of width, breaks, date, prefix, groups, to_all")
        if any(low >= high for low, high in pairwise(self.breaks)):
            raise ValueError("breaks must ascend, without repeats")
        if self.width is None and (self.bottom is not None or self.top is not None or self.origin):
            raise ValueError("origin, bottom and top belong to width; breaks have open ends of their own")
        if self.bottom is not None and self.top is not None and self.bottom >= self.top:
            raise ValueError("bottom must be below top")
        return self

    @property
    def numeric(self) -> bool:
        """Whether the rule cuts numbers into intervals."""
        return self.width is not None or bool(self.breaks)


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
        label_ar: The label in Arabic.
        role: What it is to an intruder.
        type: How its values are read. Where it is not given, a variable that the policy uses as a number is a number,
            and any other stays as the file has it (text stays text).
        order: For ``ordinal``: all categories, the lowest first.
        missing: Spellings that mean missing in this variable only, besides ``[missing] codes``.
        level: ``household``: all members of a household share the value, so it is suppressed for all of them at once.
            Where it is not given, a key whose value never differs inside a household counts as such.
        importance: For keys: 1 is the most important and is suppressed last; default: by number of categories.
        hierarchy: How it can be generalized.
        optional: Whether the data may lack it. Variables of role ``drop`` may always be absent.
        never_suppress: Whether its cells must stay: no method makes them missing. If the thresholds then cannot be
            reached, protection is refused.
    """

    name: str
    label: str = ""
    label_fr: str = ""
    label_ar: str = ""
    role: Role
    type: VariableType | None = None
    order: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    level: Literal["person", "household"] | None = None
    importance: int | None = Option(default=None, ge=1)
    hierarchy: HierarchySpec | None = None
    optional: bool = False
    never_suppress: bool = False

    @model_validator(mode="after")
    def _order_fits(self) -> Self:
        if self.order and self.type is not VariableType.ORDINAL:
            raise ValueError(f"{self.name}: an order belongs to the type 'ordinal'")
        if self.type is VariableType.ORDINAL and not self.order:
            raise ValueError(f"{self.name}: the type 'ordinal' needs order = [lowest, …, highest]")
        if len(set(self.order)) != len(self.order):
            raise ValueError(f"{self.name}: a category is in the order twice")
        if self.hierarchy is not None and self.type is not None:
            for rule in self.hierarchy.levels:
                if rule.numeric and self.type is not VariableType.NUMBER:
                    raise ValueError(f"{self.name}: width and breaks need the type 'number'")
                if rule.date is not None and self.type is not VariableType.DATE:
                    raise ValueError(f"{self.name}: a date rule needs the type 'date'")
        return self


class MissingRule(Document):
    """The meaning of a missing key value.

    Attributes:
        semantics: ``wildcard``: compatible with every value; ``category``: a category of its own.
        alpha: Under ``wildcard``, how much a possible match through missing values counts.
        codes: Spellings that mean missing in every variable, besides empty cells. A number is compared by value:
            the code "99" also meets 99.0.
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

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len(set(self.keys)) != len(self.keys):
            raise ValueError(f"combination {self.name!r} names a key twice")
        return self


class AllCombinations(Document):
    """Every set of up to ``size`` keys must occur ``k`` times together."""

    size: int = Option(ge=1)
    k: int = Option(ge=2)


class SensitiveRule(Document):
    """What every class of indistinguishable rows must satisfy for one variable; several rules may name the same one.

    Attributes:
        variable: The variable, of any role. For a key, the classes are those of the other keys.
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

    @model_validator(mode="after")
    def _bands_ascend(self) -> Self:
        if any(low >= high for low, high in pairwise(self.bands)):
            raise ValueError("bands must ascend, without repeats")
        return self

    @property
    def states_a_limit(self) -> bool:
        """Whether the rule bounds anything."""
        limits = (self.l_distinct, self.l_entropy, self.l_recursive, self.t, self.alpha, self.beta, self.delta)
        return any(limit is not None for limit in limits)


class Thresholds(Document):
    """What must hold for the file that leaves.

    Attributes:
        k: Least frequency of every key combination.
        k_map: Least frequency in the population table given to ``assess`` and ``protect``.
        combinations: Named sets of keys with a k of their own.
        all_combinations: A k for every set of up to so many keys.
        sensitive: Rules for sensitive variables.
        individual_risk, household_risk: Largest risk of a row (a probability).
        global_risk: Largest share of expected re-identifications.
        suda_dis: Largest DIS score of a row.
        interval_risk: Largest share of rows all of whose released numbers lie within 1 % of a standard deviation of
            the originals. A file that was not masked has 1.
        linkage_risk: Largest share of rows whose released numbers are nearest to their own originals.
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
    all_combinations: AllCombinations | None = None
    interval_risk: Share | None = None
    linkage_risk: Share | None = None
    suppressed_cells: Share | None = None
    removed_rows: Share | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [rule.name for rule in self.combinations]
        if len(set(names)) != len(names):
            raise ValueError("two combinations have the same name")
        return self

    @property
    def bound_risk(self) -> bool:
        """Whether any rule limits a risk; caps on suppression and removal alone do not."""
        limits = (self.k, self.k_map, self.individual_risk, self.household_risk, self.global_risk, self.suda_dis)
        others = (self.interval_risk, self.linkage_risk, self.all_combinations)
        return bool(self.combinations or self.sensitive) or any(limit is not None for limit in (*limits, *others))


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
                raise ValueError(f"the rule for {rule.variable!r} states no limit (l_distinct, t, alpha, …)")
        dropped = {rule.variable for rule in self.thresholds.sensitive} & set(self.named(Role.DROP))
        if dropped:
            raise ValueError(f"a rule bounds a variable of role 'drop': {', '.join(sorted(dropped))}")
        if self.release.min_category_population and self.weight is None:
            raise ValueError("release.min_category_population needs a variable of role 'weight'")
        if self.thresholds.household_risk is not None and self.household is None:
            raise ValueError("thresholds.household_risk needs a variable of role 'household'")
        self._check_methods()
        return self

    def _check_methods(self) -> None:
        """Refuse methods that cannot mean what they say.

        Raises:
            ValueError: A recoding is done twice, or a method changes a weight or a household number.
        """
        recoded: set[str] = set()
        for method in self.methods:
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
