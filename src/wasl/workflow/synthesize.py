"""The act that makes synthetic microdata and attacks them like any other release."""

from __future__ import annotations

from typing import Any

import numpy as np

from wasl.audit.events import DataSynthesized
from wasl.disclosure.attacks.control import CONTROL_SHARE, held_out
from wasl.disclosure.attacks.evaluate import attack_synthetic
from wasl.disclosure.keys.coding import Frame
from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.report.pages import synthesis_page
from wasl.disclosure.synthesize import ModelName, Synthesis
from wasl.disclosure.synthesize import synthesize as synthesize_table
from wasl.registers.exchange.digests import digest_table
from wasl.registers.exchange.plain_json import json_bytes, plain_json
from wasl.workflow.act import Act, Artifact, RunOptions
from wasl.workflow.assess import without_person_id
from wasl.workflow.authorized import hold_output

__all__ = ["synthesize"]


def synthesize(
    data: Frame,
    policy: DisclosurePolicy,
    rows: int,
    options: RunOptions,
    *,
    model: ModelName = "gaussian-copula",
    epochs: int = 100,
    control: Frame | None = None,
    control_share: float = CONTROL_SHARE,
    replace_uniques: bool = True,
) -> Act[Synthesis, DataSynthesized]:
    """Make synthetic microdata with SDV and attack them.

    Args:
        data: The microdata the model is fitted to.
        policy: Its variables and thresholds; the thresholds inform, they do not bind.
        rows: How many synthetic rows.
        options: The seed.
        model: Which synthesizer.
        epochs: Training epochs of ctgan.
        control: Persons of the same population who are not in the data; default: some of the data are held out.
        control_share: Share of the data that is held out; the model never sees it. 0 fits the model to all of them.
        replace_uniques: Whether synthetic rows that equal real sample uniques are drawn anew.

    Returns:
        Artifacts ``protected.parquet``, ``internal-report.{json,html}`` and ``public-report.{json,html}``.

    Raises:
        MissingExtraError: SDV is not installed.
        InputError: The data do not fit the policy.
        AuthorizationError: The authorization in the options does not cover the released variables.
    """
    seed = options.require_seed()
    table = without_person_id(data)
    standing = hold_output("synthesize", options, output="synthetic", variables=policy.released(table.column_names))
    fitted, source = table, "given"
    if control is None:
        fitted, control = held_out(table, policy, seed=seed, share=control_share)
        source = "none" if control is None else "held out"
    synthesis = synthesize_table(
        fitted, policy, rows, seed=seed, model=model, epochs=epochs, replace_uniques=replace_uniques
    )
    rng = np.random.Generator(np.random.PCG64(seed))
    attacks = attack_synthetic(fitted, synthesis.table, policy, rng, control=control).to_json()
    control_rows = 0 if control is None else without_person_id(control).num_rows
    known: dict[str, Any] = {"attacks": attacks, "control": {"source": source, "rows": control_rows}}
    if standing is not None:
        known["authorization"] = standing.to_json()
    internal = plain_json({**synthesis.internal_report(), **known})
    artifacts: dict[str, Artifact] = {
        "protected.parquet": synthesis.table,
        "internal-report.json": json_bytes(internal),
        "internal-report.html": synthesis_page(
            synthesis, attacks, confidential=True, language=options.language
        ).encode(),
        "public-report.json": json_bytes(synthesis.public_report()),
        "public-report.html": synthesis_page(synthesis, attacks, confidential=False).encode(),
    }
    event = DataSynthesized(
        policy_digest=policy.digest,
        data_digest=digest_table(table),
        synthetic_digest=digest_table(synthesis.table),
        rows=rows,
        model=model,
        equal_to_real_uniques=synthesis.uniques.keys,
        authorization=standing.decision if standing else None,
    )
    return Act(artifacts, event, internal, synthesis)
