"""Synthetic microdata with SDV (optional extra ``synth``), assessed like any other release.

SDV is under the Business Source License 1.1: in-house use is permitted, selling synthesis as a service is not. It is
imported only when something is synthesized.

*Does not protect against* a model that reproduces single records. Synthetic rows that equal sample uniques of the
original are counted and, by default, replaced. Attacks on the synthetic file measure the rest.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wasl.disclosure.keys.classes import equivalence_classes
from wasl.disclosure.keys.coding import Frame, code_columns, code_together
from wasl.disclosure.keys.working_file import WorkingFile, prepare
from wasl.disclosure.policy import DisclosurePolicy, Role
from wasl.disclosure.risk.assess import assess_file
from wasl.disclosure.risk.risk_report import RiskReport
from wasl.disclosure.utility.measures import UtilityReport, compare
from wasl.errors import InputError, MissingExtraError, PolicyError
from wasl.registers.exchange.bound_randomness import bound_secret, table_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ModelName", "Synthesis", "Uniques", "equal_to_uniques", "synthesize"]

ModelName = Literal["gaussian-copula", "ctgan"]
ROUNDS = 20
"""Draws of rows anew before synthesis gives up; each draw replaces most rows that equal a real unique."""


@dataclass(frozen=True, slots=True)
class Uniques:
    """Synthetic rows that repeat a sample unique of the original.

    Attributes:
        keys: Rows whose key combination is that of an original row alone in its class.
        whole: Rows that equal an original row in every categorical variable and key.
        replaced: Rows drawn anew because of it.
    """

    keys: int
    whole: int
    replaced: int


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A synthetic file.

    Attributes:
        table: The synthetic rows.
        policy: The policy whose variables it has.
        model: Which synthesizer.
        uniques: Rows equal to real sample uniques, before and after replacement.
        risk: The synthetic file assessed under the policy; its thresholds inform, they do not bind.
        utility: Synthetic against original.
        seed: Seed; confidential.
        secret: Source of the random edges of published bands; confidential.
    """

    table: pa.Table = field(repr=False)
    policy: DisclosurePolicy = field(repr=False)
    model: ModelName
    uniques: Uniques
    risk: RiskReport = field(repr=False)
    utility: UtilityReport = field(repr=False)
    seed: int = field(default=0, repr=False)
    secret: bytes = field(default=b"", repr=False)

    def public_report(self) -> dict[str, Any]:
        """What users may know, as ``report.public`` decides."""
        from wasl.disclosure.report.public import synthetic_facts

        return synthetic_facts(self)

    def internal_report(self) -> dict[str, Any]:
        """The report for the release desk; confidential."""
        return {
            "policy": {"name": self.policy.name, "digest": self.policy.digest},
            "model": self.model,
            "seed": self.seed,
            "rows": self.table.num_rows,
            "equal_to_real_uniques": asdict(self.uniques),
            "risk": self.risk.to_json(),
            "utility": self.utility.to_json(),
        }


def synthesize(
    table: Frame,
    policy: DisclosurePolicy,
    rows: int,
    *,
    seed: int,
    model: ModelName = "gaussian-copula",
    epochs: int = 100,
    replace_uniques: bool = True,
) -> Synthesis:
    """Synthetic microdata with the policy's variables.

    Args:
        table: The original microdata.
        policy: Its variables; ``synthesis`` names constraints. Weights and household numbers are not synthesized.
        rows: How many synthetic rows.
        seed: Seed of fitting and sampling.
        model: Gaussian copula (fast) or CTGAN (a neural network, slow).
        epochs: Training epochs of CTGAN.
        replace_uniques: Draw rows anew that equal a real sample unique on all keys.

    Raises:
        MissingExtraError: SDV is not installed.
        InputError: The data do not fit the policy, or no rows are asked for.
        PolicyError: Rows unlike every real unique cannot be drawn.
    """
    if importlib.util.find_spec("sdv") is None:
        raise MissingExtraError("synth", "`wasl synthesize`")
    if rows < 1:
        raise InputError(f"{rows} synthetic rows were asked for.")
    file = prepare(table, policy)
    technical = [name for name in (policy.weight, policy.household) if name is not None]
    file = file.without(technical)
    real = _frame(file)
    with _quiet(), _seeded(seed):
        synthesizer = _fit(file, real, model, epochs)
        synthetic = _sample(synthesizer, rows)
        keys, whole = equal_to_uniques(file, synthetic)
        found, replaced = int(keys.sum()), 0
        for _ in range(ROUNDS):
            if not replace_uniques or not keys.any():
                break
            fresh = _sample(synthesizer, int(keys.sum()))
            synthetic.loc[keys] = fresh.to_numpy(object)
            replaced += int(keys.sum())
            keys, whole = equal_to_uniques(file, synthetic)
    if replace_uniques and keys.any():
        raise PolicyError(
            f"{int(keys.sum())} of {rows} synthetic rows still equal real sample uniques after {ROUNDS} draws.",
            remedy="Recode the keys first (fewer uniques), or ask for fewer rows.",
        )
    result = _typed(synthetic, file)
    return Synthesis(
        table=result,
        policy=policy,
        model=model,
        uniques=Uniques(found, int(whole.sum()), replaced),
        risk=assess_file(WorkingFile(result, _without_technical(policy)), depth=False),
        utility=_utility(file, result),
        seed=seed,
        secret=bound_secret(seed, table_secret(file.table), policy.digest, model),
    )


def equal_to_uniques(file: WorkingFile, synthetic: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Mark synthetic rows that have the key combination of a real sample unique, and those equal in all categories."""
    kinds = {name: file.table.column(name).type for name in file.table.column_names}
    categories = [name for name in kinds if name in file.keys or not _numeric(kinds[name])]
    drawn = _typed(synthetic, file)

    def matches(names: Sequence[str]) -> NDArray[np.bool_]:
        joined = code_together(code_columns(file.table, names), code_columns(drawn, names))
        classes = equivalence_classes(joined)
        inside = classes.ids[: file.rows]
        single = np.bincount(inside, minlength=len(classes)) == 1
        return np.asarray(single[classes.ids[file.rows :]])

    on_keys = matches(file.keys)
    return on_keys, on_keys & matches(categories)


def _fit(file: WorkingFile, real: pd.DataFrame, model: ModelName, epochs: int) -> Any:
    from sdv.cag import FixedCombinations, Inequality
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer

    columns = {
        name: {"sdtype": "numerical" if _numeric(file.table.column(name).type) else "categorical"}
        for name in real.columns
    }
    metadata = Metadata.load_from_dict({"tables": {"microdata": {"columns": columns}}})
    if model == "ctgan":
        synthesizer = CTGANSynthesizer(metadata, epochs=epochs, enable_gpu=False)
    else:
        synthesizer = GaussianCopulaSynthesizer(metadata)
    spec = file.policy.synthesis
    constraints = [
        Inequality(low_column_name=rule.low, high_column_name=rule.high, strict_boundaries=rule.strict)
        for rule in spec.inequalities
        if len(file.present([rule.low, rule.high])) == 2
    ]
    constraints += [
        FixedCombinations(column_names=list(names))
        for names in spec.fixed_combinations
        if len(file.present(names)) == len(names) > 1
    ]
    if constraints:
        synthesizer.add_constraints(constraints)
    synthesizer.fit({"microdata": real})
    return synthesizer


def _sample(synthesizer: Any, rows: int) -> pd.DataFrame:
    frame: pd.DataFrame = synthesizer.sample(rows)["microdata"]
    return frame.reset_index(drop=True).astype(object)


def _frame(file: WorkingFile) -> pd.DataFrame:
    """The file for SDV: numbers as floats, everything else as text."""
    columns: dict[str, Any] = {}
    for name in file.table.column_names:
        column = file.table.column(name)
        if _numeric(column.type):
            columns[name] = file.numbers(name)
        else:
            coded = file.coded([name])[0]
            texts = np.array([*coded.texts, None], object)
            columns[name] = texts[coded.codes]
    return pd.DataFrame(columns)


def _typed(synthetic: pd.DataFrame, file: WorkingFile) -> pa.Table:
    """The synthetic rows with the original's columns and types."""
    columns = {}
    for name in file.table.column_names:
        kind = file.table.column(name).type
        values = synthetic[name]
        if pa.types.is_boolean(kind):
            columns[name] = pa.array([None if pd.isna(v) else str(v) == "True" for v in values], pa.bool_())
        elif _numeric(kind):
            numbers = pd.to_numeric(values).to_numpy(np.float64)
            array = pa.array(numbers, mask=np.isnan(numbers))
            columns[name] = (
                array if pa.types.is_floating(kind) else pa.array(np.round(numbers), mask=np.isnan(numbers)).cast(kind)
            )
        else:
            columns[name] = pa.array([None if pd.isna(v) else str(v) for v in values], pa.string())
    return pa.table(columns)


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _without_technical(policy: DisclosurePolicy) -> DisclosurePolicy:
    """The policy for rows that have neither weights nor households."""
    gone = (Role.WEIGHT, Role.HOUSEHOLD)
    left = tuple(variable for variable in policy.variables if variable.role not in gone)
    limits = policy.thresholds.model_copy(update={"household_risk": None, "k_map": None})
    return policy.model_copy(update={"variables": left, "thresholds": limits})


def _utility(file: WorkingFile, synthetic: pa.Table) -> UtilityReport:
    kinds = {name: file.table.column(name).type for name in file.table.column_names}
    numeric = [name for name, kind in kinds.items() if _numeric(kind) and name not in file.keys]
    categorical = [name for name in kinds if name not in numeric]
    return compare(file.table, synthetic, categorical=categorical, numeric=numeric, aligned=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """SDV's advice to save metadata and its deprecations are nobody's business here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """SDV draws from the global generators of numpy and torch: set them, and put them back."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    kept, kept_torch = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - SDV uses the global state
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(kept)  # noqa: NPY002
        torch.set_rng_state(kept_torch)
