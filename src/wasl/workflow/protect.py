"""The act that protects microdata, attacks the result and compares it with earlier releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wasl.audit.events import ProtectionApplied, ProtectionFailed, ProtectionRefused
from wasl.disclosure.attacks.control import trial_excess
from wasl.disclosure.attacks.evaluate import attack_protected, compare_releases, require_no_exposure
from wasl.disclosure.keys.coding import Frame, numeric_column
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import Protection
from wasl.disclosure.protect import protect as protect_table
from wasl.disclosure.report.pages import internal_page, public_page
from wasl.errors import ThresholdError, WaslError
from wasl.locale import Language
from wasl.registers.exchange.digests import digest_json, digest_table
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.tables.earlier import EarlierTable
from wasl.tables.earlier_file import read_earlier_file
from wasl.tables.file_audit import audit_file, require_tables_safe
from wasl.tables.masked_numbers import masked_by_totals, require_masked
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.assess import without_person_id
from wasl.workflow.authorized import hold_output

__all__ = ["protect", "public_report", "seed_digest"]


INTERNAL_PAGES: Mapping[Language, str] = {
    "en": "internal-report.html",
    "fr": "internal-report.fr.html",
    "ar": "internal-report.ar.html",
}
"""File name of the confidential page in each language, where all are kept."""


def protect(
    data: Frame,
    policy: DisclosurePolicy,
    options: RunOptions,
    *,
    population: Frame | None = None,
    control: Frame | None = None,
    earlier: Sequence[Frame | EarlierTable] = (),
    attack: bool = True,
) -> Act[Protection, ProtectionApplied]:
    """Change microdata until the policy holds, attack the result, and compare it with earlier releases.

    Args:
        data: The microdata.
        policy: What is done and what must hold.
        options: The seed of everything random, and the day of release.
        population: Population table with the same keys, for k-map.
        control: Persons of the same population who are not in the data, for the attacks. Without them the excess over
            guessing is measured on a trial file, from which a fifth of the records is held out.
        earlier: Earlier releases of the same population, microdata and tables. Together with them the result must not
            isolate persons, nor tell a withheld cell.
        attack: Whether to attack the protected file. The comparison with earlier releases does not depend on it.

    Returns:
        Artifacts ``protected.parquet``, ``internal-report.{json,html}`` (confidential) and
        ``public-report.{json,html}``.

    Raises:
        InputError: The data do not fit the policy. The error carries the event `ProtectionFailed`.
        ThresholdError: The thresholds do not hold. The error carries the event `ProtectionRefused`.
        AuthorizationError: The authorization in the options does not cover the released variables.
    """
    seed = options.require_seed()
    table = without_person_id(data)
    standing = hold_output("protect", options, output="microdata", variables=policy.released(table.column_names))
    known: dict[str, Any] = {"policy_digest": policy.digest, "data_digest": digest_table(table)}
    try:
        protection = protect_table(table, policy, seed=seed, population=population, today=options.today)
        findings = _examine(
            table,
            protection,
            seed,
            population=population,
            control=control,
            earlier=earlier,
            attack=attack,
            today=options.today,
        )
    except ThresholdError as error:
        error.event = ProtectionRefused(rows=table.num_rows, **known)
        raise
    except WaslError as error:
        error.event = ProtectionFailed(reason=type(error).__name__, **known)
        raise
    protection = replace(protection, attacks=findings or None)
    artifacts: dict[str, Artifact] = {
        "protected.parquet": protection.table,
        "internal-report.json": json_bytes(protection.internal_report()),
        "internal-report.html": internal_page(protection, options.language).encode(),
        **public_report(protection),
    }
    event = ProtectionApplied(
        **known,
        seed_digest=seed_digest(seed),
        rows=table.num_rows,
        protected_digest=digest_table(protection.table),
        rows_after=protection.table.num_rows,
        methods=tuple(change.method for change in protection.changes),
        k_before=_number(protection.before.k),
        k_after=_number(protection.after.k),
        risk_before=_number(protection.before.individual.share),
        risk_after=_number(protection.after.individual.share),
        attacked=attack,
        earlier_releases=len(earlier),
        authorization=standing.decision if standing else None,
    )
    report = plain_json(protection.internal_report())
    if standing is not None:
        report["authorization"] = standing.to_json()
    return Act(artifacts, event, report, protection)


def internal_pages(protection: Protection, *, besides: Language | None = None) -> dict[str, bytes]:
    """The confidential report as a page in each language: file name to bytes.

    Args:
        protection: What it reports.
        besides: The language of a page that is there already: that of the act.
    """
    wanted = {language: name for language, name in INTERNAL_PAGES.items() if language != besides}
    return {name: internal_page(protection, language).encode() for language, name in wanted.items()}


def public_report(protection: Protection) -> dict[str, bytes]:
    """The public report of a protection: file name to bytes."""
    return {
        "public-report.json": json_bytes(protection.public_report()),
        "public-report.html": public_page(protection).encode(),
    }


def seed_digest(seed: int) -> str:
    """The digest of a seed: the log can prove which seed was used without showing it."""
    return digest_json(["seed", seed])


def _examine(
    table: pa.Table,
    protection: Protection,
    seed: int,
    *,
    population: Frame | None,
    control: Frame | None,
    earlier: Sequence[Frame | EarlierTable],
    attack: bool,
    today: date | None,
) -> dict[str, Any]:
    """The results of the attacks and of the comparison with earlier releases, as far as each was asked for."""
    results: dict[str, Any] = {}
    if attack:
        rng = np.random.Generator(np.random.PCG64([seed, 1]))
        results |= attack_protected(table, protection, rng, control=control).to_json()
        results["excess"] = (
            {"source": "given"}
            if control is not None
            else trial_excess(table, protection, population=population, today=today)
        )
    files = [item for item in earlier if not isinstance(item, EarlierTable)]
    if files:
        found = compare_releases(protection.prepared or table, protection.table, files, protection.policy)
        require_no_exposure(found)
        results["differencing"] = found.to_json()
    tables = [item for item in earlier if isinstance(item, EarlierTable)]
    if tables:
        changes = {"changes": [one.internal() for one in protection.changes], "rows_removed": protection.removed}
        released = read_earlier_file("the protected file", protection.table, changes)
        told = audit_file(released, tables)
        require_tables_safe(told)
        require_masked(masked_by_totals(released, _masked(protection), tables, k=protection.policy.thresholds.k or 3))
        results["tables"] = told.to_json()
    return results


def _masked(protection: Protection) -> dict[str, NDArray[np.float64]]:
    """The masked cells of each number as they were, in the rows of the protected file; NaN where nothing changed."""
    if protection.prepared is None:
        return {}
    found = {}
    for name in protection.utility.numbers:
        before = protection.prepared.numbers(name)[protection.origin]
        after = numeric_column(protection.table, name)
        found[name] = np.where(np.isfinite(before) & np.isfinite(after) & (before != after), before, np.nan)
    return {name: values for name, values in found.items() if np.isfinite(values).any()}


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
