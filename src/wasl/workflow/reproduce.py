"""The acts that run a recorded linkage, or make a recorded release, again from the inputs and compare the digests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow as pa

from wasl.audit.events import LinkageReproduced, ReleaseReproduced
from wasl.audit.notes import NoteSigner
from wasl.audit.reproduction import RecordedRelease, RecordedRun, ReleaseReproduction, Reproduction
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.plan import LinkagePlan
from wasl.publication.description import DatasetDescription
from wasl.publication.manifest import Manifest
from wasl.publication.package import build_package
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.payload import Payload
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.link import link
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.protect import protect, public_report, seed_digest
from wasl.workflow.resolve import resolve

__all__ = ["reproduce", "reproduce_release"]


def reproduce(
    recorded: RecordedRun,
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    joins: Sequence[JoinMap],
    options: RunOptions,
    *,
    onto: pa.Table | None = None,
    model: MatchModel | None = None,
    decisions: Mapping[int, str] | None = None,
) -> Act[Reproduction, LinkageReproduced]:
    """Run a recorded linkage again and compare its pairs and its spine with the log's digests.

    Args:
        recorded: What the log says of the run.
        plan: The plan it followed.
        deliveries: Its deliveries, in the order of the log.
        joins: Their join maps, in the same order.
        options: Threads and progress.
        onto: The spine the run was built onto.
        model: The model of an earlier run it used.
        decisions: The reviewers' decisions it used, by row of the scored pairs.

    Raises:
        InputError: The plan is not the one the run followed.
    """
    if plan.digest != recorded.plan_digest:
        raise InputError(f"the plan is not the one run {recorded.run} followed.", remedy="Give that plan.")
    linked = link(plan, deliveries, options, model=model)
    resolved = resolve(plan, linked.result, joins, RunOptions(), run=recorded.run, onto=onto, decisions=decisions)
    result = Reproduction(recorded, pairs_digest=linked.event.pairs_digest, spine_digest=resolved.event.spine_digest)
    event = LinkageReproduced(
        run=recorded.run,
        plan_digest=plan.digest,
        pairs_digest=result.pairs_digest,
        spine_digest=result.spine_digest,
        reproduced=not result.differing,
    )
    return Act({"spine.parquet": resolved.result.spine}, event, result.to_json(), result)


COMPARED = ("data/", "metadata/")
"""Folders of a package that follow from table, description and time; other files depend on key and log."""


def reproduce_release(
    recorded: RecordedRelease,
    spine: pa.Table,
    payloads: Sequence[Payload],
    specification: MicrodataSpec,
    policy: DisclosurePolicy,
    options: RunOptions,
    *,
    population: pa.Table | None = None,
    description: DatasetDescription | None = None,
    manifest: Manifest | None = None,
) -> Act[ReleaseReproduction, ReleaseReproduced]:
    """Make a recorded release again from its spine and payloads, and compare every step with the log.

    Args:
        recorded: What the log says of the release.
        spine: The spine, as `reproduce` gives it.
        payloads: Its payloads, in the order of the log.
        specification: What was assembled.
        policy: How it was protected.
        options: The seed of protection; the day is that of the log.
        population: The population table, where the policy needs one.
        description: The description of the package; with it the package's files are made again.
        manifest: The manifest of the package, with which they are compared.

    Raises:
        InputError: A document or the seed is not the one the log names.
    """
    stated = {
        "specification": (specification.digest, recorded.specification_digest),
        "policy": (policy.digest, recorded.policy_digest),
        "seed": (seed_digest(options.require_seed()), recorded.seed_digest),
    }
    if description is not None:
        stated["description"] = (description.digest, recorded.description_digest)
    for name, (given, wanted) in stated.items():
        if given != wanted:
            raise InputError(
                f"the {name} is not the one release {recorded.release} was made by.", remedy=f"Give that {name}."
            )
    assembled = assemble(spine, payloads, specification, RunOptions())
    day = dt.date.fromisoformat(recorded.protected_on)
    made = protect(
        assembled.result.table,
        policy,
        RunOptions(threads=options.threads, seed=options.seed, today=day),
        population=population,
        attack=False,
    )
    files: tuple[int, tuple[str, ...]] = (0, ())
    if description is not None and manifest is not None:
        package = build_package(
            made.result.table,
            description,
            public_report(made.result),
            signer=NoteSigner.generate("wasl.reproduction"),
            created=dt.datetime.fromisoformat(manifest.created),
        )
        wanted_files = {path: entry.digest for path, entry in manifest.files.items() if path.startswith(COMPARED)}
        again = {path: digest_bytes(data) for path, data in package.files.items() if path.startswith(COMPARED)}
        differing = sorted(path for path in wanted_files | again if wanted_files.get(path) != again.get(path))
        files = len(wanted_files), tuple(differing)
    found = {
        "spine": assembled.event.spine_digest,
        "microdata": assembled.event.microdata_digest,
        "protected": digest_table(made.result.table),
    }
    result = ReleaseReproduction(recorded, found, files)
    event = ReleaseReproduced(
        manifest_digest=recorded.manifest_digest,
        protected_digest=found["protected"],
        files=files[0],
        reproduced=not result.differing,
    )
    return Act({"protected.parquet": made.result.table}, event, result.to_json(), result)
