"""The library's functions from persons to files and figures: assemble, assess, protect, publish, tabulate, estimate."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from wasl.facade.given import Frame, document
from wasl.facade.linkage import LinkageResult, persons_of

if TYPE_CHECKING:
    from wasl.audit.events import EstimatesMade, MicrodataAssembled, ProtectionApplied, RiskAssessed, TablesProtected
    from wasl.audit.notes import NoteSigner
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.risk.risk_report import RiskReport
    from wasl.estimation.estimate import Estimates
    from wasl.estimation.specification import EstimateSpec
    from wasl.publication.description import DatasetDescription
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.registers.exchange.payload import Payload
    from wasl.tables.earlier import EarlierTable
    from wasl.tables.earlier_file import EarlierFile
    from wasl.tables.protect import ProtectedTables
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import Act
    from wasl.workflow.microdata import Microdata, MicrodataSpec

__all__ = ["assemble", "assess", "estimate", "protect", "publish", "tabulate"]


def assemble(
    linked: LinkageResult | pa.Table,
    payloads: Sequence[Payload],
    spec: MicrodataSpec | str | Path,
    *,
    objections: ObjectionLists | None = None,
    purpose: str = "",
) -> Act[Microdata, MicrodataAssembled]:
    """Payloads joined along the spine: ``.table`` has one row a person, with the variables the specification asks for.

    Args:
        linked: What `link` gave with join maps, or a spine.
        payloads: One or more of each register.
        spec: Who is in, and which register is trusted for what: a specification, its file, or its shipped name.
        objections: Persons with one of these records are left out.
        purpose: The purpose it serves, where this machine stores an authorization of the project with several.

    Raises:
        InputError: A variable that is not optional is in no payload.
        MismatchError: A payload's register is not in the spine.
        AuthorizationError: An authorization of the project is stored on this machine, and does not cover this.
    """
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_by_files, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.assemble import assemble as assemble_spine
    from wasl.workflow.microdata import MicrodataSpec

    asked = document(MicrodataSpec, spec)
    home = Settings().home_dir
    projects = [one.project for one in payloads]
    with recorded_excess(home, asked.name, project=min(projects, default="")):
        options = RunOptions(**held_by_files(home, projects), purpose=purpose)
        return assemble_spine(persons_of(linked), payloads, asked, options, objections=objections)


def assess(
    data: Frame, policy: DisclosurePolicy | str | Path, *, population: Frame | None = None
) -> Act[RiskReport, RiskAssessed]:
    """The disclosure risk of microdata under a policy; the result has the attributes of a `RiskReport`.

    ``.failures`` names the thresholds that do not hold.

    Args:
        data: The microdata.
        policy: What each variable is and what must hold: a policy, its file, or its shipped name.
        population: Population table with the same keys, for k-map.

    Raises:
        InputError: The data do not fit the policy, or the policy limits no risk.
    """
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.workflow.act import RunOptions
    from wasl.workflow.assess import assess as assess_table

    return assess_table(data, document(DisclosurePolicy, policy), RunOptions(), population=population)


def protect(
    data: Frame,
    policy: DisclosurePolicy | str | Path,
    *,
    seed: int,
    population: Frame | None = None,
    control: Frame | None = None,
    earlier: Sequence[Frame | EarlierTable] = (),
    attack: bool = True,
    today: date | None = None,
    project: str | None = None,
    purpose: str = "",
) -> Act[Protection, ProtectionApplied]:
    """Microdata changed until the policy's thresholds hold; the result has the attributes of a `Protection`.

    Args:
        data: The microdata.
        policy: What is done and what must hold: a policy, its file, or its shipped name.
        seed: Seed of everything random.
        population: Population table with the same keys, for k-map.
        control: Persons of the same population who are not in the data, for the attacks.
        earlier: Earlier releases of the same population: microdata, or tables as the office knows them.
        attack: Whether to attack the protected file.
        today: The day of release; default: today, UTC.
        project: The project whose authorization covers this, where this machine stores one; ``-`` for data that need
            none.
        purpose: The purpose it serves, where several are authorized.

    Raises:
        PolicyError: The thresholds cannot be met; names the rules.
        AuthorizationError: The authorization stored on this machine does not cover this.
    """
    from wasl.disclosure.policy.document import DisclosurePolicy
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_to, logged_project, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.protect import protect as protect_table

    followed = document(DisclosurePolicy, policy)
    home = Settings().home_dir
    options = RunOptions(seed=seed, **_held(held_to(home, project), today), purpose=purpose)
    with recorded_excess(home, followed.name, project=logged_project(project)):
        return protect_table(
            data, followed, options, population=population, control=control, earlier=earlier, attack=attack
        )


def _held(options: dict[str, Any], today: date | None) -> dict[str, Any]:
    """Fields of run options; a day of the caller's own counts where no authorization has to be in force on it."""
    return options if today is None or options["authorization"] is not None else {**options, "today": today}


def publish(
    safe: Act[Protection, ProtectionApplied],
    description: DatasetDescription | str | Path,
    *,
    signer: NoteSigner | None = None,
    created: datetime | None = None,
    project: str | None = None,
    purpose: str = "",
) -> dict[str, bytes]:
    """A protected table as a signed release package: path in the package to bytes.

    Args:
        safe: What `protect` gave.
        description: What the table is and what its columns and codes mean: a description, its file, or its shipped
            name.
        signer: The publisher's key; without it, a key made for this package alone.
        created: Time of publication; default: now.
        project: The project whose authorization covers this, where this machine stores one; ``-`` for data that need
            none.
        purpose: The purpose it serves, where several are authorized.

    Raises:
        InputError: Table and description do not agree; names the column.
        AuthorizationError: The authorization stored on this machine does not cover this.
    """
    from wasl.audit.notes import NoteSigner
    from wasl.publication.description import DatasetDescription
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_to, logged_project, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.protect import public_report
    from wasl.workflow.publish import publish as publish_table

    described = document(DatasetDescription, description)
    home = Settings().home_dir
    with recorded_excess(home, described.dataset_id, project=logged_project(project)):
        act = publish_table(
            safe.result.table,
            public_report(safe.result),
            described,
            RunOptions(**held_to(home, project), purpose=purpose),
            signer=signer or NoteSigner.generate(f"wasl.release/{secrets.token_hex(8)}"),
            created=created or datetime.now(UTC),
        )
    return dict(act.result)


def tabulate(
    data: Frame | Sequence[Frame],
    spec: TablesSpec | str | Path,
    *,
    hierarchies: Mapping[str, Frame] | None = None,
    earlier: Sequence[EarlierTable | EarlierFile] = (),
    seed: int | None = None,
    secret: bytes = b"",
    today: date | None = None,
    project: str | None = None,
    purpose: str = "",
) -> Act[ProtectedTables, TablesProtected]:
    """The tables of a specification, protected together and audited: what `wasl tables` writes, as ``.artifacts``.

    Args:
        data: The data of all tables, or of each table in the specification's order. Codes are text: numbers lose
            leading zeros.
        spec: The tables, how unsafe cells are found and how they are protected: a specification, its file, or its
            shipped name.
        hierarchies: The levels of each hierarchy file named, coarse to fine; default: the shipped one of that name.
        earlier: Tables and microdata files published before, with what the office knows of them
                (`wasl.tables.earlier.read_earlier`, `wasl.tables.earlier_file.read_earlier_file`).
        seed: Seed of random rounding; default: a fresh one.
        secret: Secret of the record keys (cell-key method); the same for all tables of one population.
        today: The day, which the exchange files bear; default: today, UTC.
        project: The project whose authorization covers this, where this machine stores one; ``-`` for data that need
            none.
        purpose: The purpose it serves, where several are authorized.

    Raises:
        InputError: The data do not fit the specification, or a hierarchy is neither given nor shipped.
        ThresholdError: An unsafe cell cannot be protected, or is public already.
        AuthorizationError: The authorization stored on this machine does not cover this.
    """
    from wasl.disclosure.keys.coding import as_arrow
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_to, logged_project, recorded_excess
    from wasl.tables.specification import TablesSpec
    from wasl.workflow.act import RunOptions
    from wasl.workflow.tabulate import tabulate as tabulate_tables

    asked = document(TablesSpec, spec)
    sources = [data] if isinstance(data, pa.Table | pd.DataFrame) else list(data)
    levels = _shipped_levels(asked) | {name: as_arrow(frame) for name, frame in (hierarchies or {}).items()}
    home = Settings().home_dir
    held = _held(held_to(home, project), today)
    options = RunOptions(seed=secrets.randbits(63) if seed is None else seed, **held, purpose=purpose)
    tables = [as_arrow(source) for source in sources]
    with recorded_excess(home, asked.name, project=logged_project(project)):
        return tabulate_tables(asked, tables, levels, options, earlier=earlier, secret=secret)


def _shipped_levels(spec: TablesSpec) -> dict[str, pa.Table]:
    """The shipped hierarchies that a specification names, all codes as text."""
    import pyarrow.csv as pacsv

    from wasl.registers.documents import config_dir

    shipped = {path.name: path for path in (config_dir() / "tables" / "hierarchies").glob("*.csv")}
    named = {dimension.hierarchy for table in spec.tables for dimension in table.dimensions}
    levels = {}
    for name in sorted(named & shipped.keys()):
        with shipped[name].open(encoding="utf-8") as file:
            columns = file.readline().strip().split(",")
        texts = pacsv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()))
        levels[name] = pacsv.read_csv(shipped[name], convert_options=texts)
    return levels


def estimate(
    data: Frame,
    spec: EstimateSpec | str | Path,
    *,
    seed: int | None = None,
    project: str | None = None,
    purpose: str = "",
) -> Act[Estimates, EstimatesMade]:
    """Estimates from linked data, before disclosure control: what `wasl estimate` writes, as ``.artifacts``.

    Args:
        data: One row per person (reconciliation, multiple systems) or survey record.
        spec: What is asked for: a specification, its file, or its shipped name.
        seed: Seed of bootstrap intervals; default: a fresh one.
        project: The project whose authorization covers this, where this machine stores one; ``-`` for data that need
            none.
        purpose: The purpose it serves, where several are authorized.

    Raises:
        InputError: The data do not fit the specification.
        PolicyError: Known totals cannot be met.
        AuthorizationError: The authorization stored on this machine does not cover this.
    """
    from wasl.disclosure.keys.coding import as_arrow
    from wasl.estimation.specification import EstimateSpec
    from wasl.settings import Settings
    from wasl.storage.held_acts import held_to, logged_project, recorded_excess
    from wasl.workflow.act import RunOptions
    from wasl.workflow.estimate import estimate as make_estimates

    asked = document(EstimateSpec, spec)
    home = Settings().home_dir
    chosen = secrets.randbits(63) if seed is None else seed
    with recorded_excess(home, asked.name, project=logged_project(project)):
        return make_estimates(as_arrow(data), asked, RunOptions(seed=chosen, **held_to(home, project), purpose=purpose))
