"""The library's front door: tables in, results out; files and services are never needed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from wasl.audit.notes import NoteSigner
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.risk.assess import RiskReport
    from wasl.holder.encode import Encoded
    from wasl.holder.keys import LinkageKey
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.linkage.plan import LinkagePlan
    from wasl.linkage.resolve import Resolution
    from wasl.publication.description import DatasetDescription
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.schema import RegisterSchema

__all__ = ["LinkageResult", "assess", "encode", "link", "protect", "publish"]

Frame: TypeAlias = "pa.Table | pd.DataFrame"


@dataclass(frozen=True, slots=True)
class LinkageResult:
    """What linking gives: scored pairs and, where join maps were given, persons.

    Attributes:
        pairs: Scored pairs of rows (``pairs.parquet``).
        links: Linked pairs of records, or None without join maps.
        spine: Persons and their records, or None without join maps.
        report: Counts, model and quality, as JSON values.
    """

    pairs: pa.Table = field(repr=False)
    links: pa.Table | None = field(repr=False)
    spine: pa.Table | None = field(repr=False)
    report: dict[str, object] = field(repr=False)


def encode(
    data: Frame,
    schema: RegisterSchema,
    key: LinkageKey,
    *,
    profile: str = "guarded",
    name: str | None = None,
    period: str = "",
    round: str = "",  # noqa: A002 - the word of the plan and the command line
) -> Encoded:
    """A register's records, encoded: ``.delivery``, ``.join_map`` and ``.payload``, which travel apart.

    Args:
        data: The register's columns as its schema names them.
        schema: What the columns are.
        key: The project's key.
        profile: Name or path of the encoding profile.
        name: Name of the delivery's register, when two deliveries share one schema.
        period: The period the register describes.
        round: The linkage round; only deliveries of one round can be compared.

    Raises:
        RegisterError: The columns are not those of the schema.
        LeakError: The encoding would leak more than the profile allows.
    """
    from wasl.holder.encode import encode as encode_register
    from wasl.holder.profile import EncodingProfile

    return encode_register(
        data,
        schema,
        key,
        EncodingProfile.load(profile, family=schema.profiles),
        name=name,
        period=period,
        round_name=round,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rng=np.random.default_rng(),
    )


def link(
    deliveries: Sequence[Delivery], plan: LinkagePlan, *, joins: Sequence[JoinMap] = (), threads: int = 0
) -> LinkageResult:
    """Deliveries to scored pairs and, with their join maps, to persons.

    Raises:
        MismatchError: The deliveries were not made to be compared.
    """
    from wasl.linkage.resolve import resolve
    from wasl.linkage.score import score_pairs

    scored: ScoredPairs = score_pairs(plan, deliveries, threads=threads)
    if not joins:
        return LinkageResult(scored.pairs, None, None, dict(scored.report))
    resolution: Resolution = resolve(plan, scored, joins, run="local")
    return LinkageResult(scored.pairs, resolution.links, resolution.spine, dict(resolution.report))


def assess(data: Frame, policy: DisclosurePolicy) -> RiskReport:
    """The disclosure risk of microdata under a policy."""
    from wasl.disclosure.risk.assess import assess as assess_table

    return assess_table(data, policy)


def protect(data: Frame, policy: DisclosurePolicy, *, seed: int) -> Protection:
    """Microdata changed until the policy's thresholds hold.

    Raises:
        PolicyError: They cannot be met; names the rules.
    """
    from wasl.disclosure.protect import protect as protect_table

    return protect_table(data, policy, seed=seed)


def publish(safe: Protection, description: DatasetDescription, *, signer: NoteSigner | None = None) -> dict[str, bytes]:
    """A protected table as a signed release package: path in the package to bytes.

    Args:
        safe: What `protect` gave.
        description: What the table is and what its columns and codes mean.
        signer: The publisher's key; without it, a key made for this package alone.

    Raises:
        InputError: Table and description do not agree; names the column.
    """
    import json

    from wasl.audit.notes import NoteSigner
    from wasl.disclosure.report.pages import public_page
    from wasl.publication.package import REPORT_NAME, build_package

    report = {
        REPORT_NAME: json.dumps(safe.public_report(), ensure_ascii=False, indent=2).encode(),
        "public-report.html": public_page(safe).encode(),
    }
    return build_package(
        safe.table,
        description,
        report,
        signer=signer or NoteSigner.generate(f"wasl.release/{secrets.token_hex(8)}"),
        created=datetime.now(UTC).replace(microsecond=0),
    )
