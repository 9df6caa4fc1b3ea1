"""The acts that run a recorded linkage, or make a recorded release, again from the inputs and compare the digests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from wasl.audit.events import LinkageReproduced, ReleaseReproduced
from wasl.audit.notes import NoteSigner
from wasl.audit.recorded_releases import RecordedAssembly, RecordedRelease, ReleaseReproduction
from wasl.audit.reproduction import RecordedRun, Reproduction
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError
from wasl.linkage.model.labels import Labels
from wasl.linkage.model.match_model import MatchModel
from wasl.linkage.model.pairs import ScoredPairs
from wasl.linkage.plan import LinkagePlan
from wasl.publication.description import DatasetDescription
from wasl.publication.manifest import Manifest
from wasl.publication.package import build_package
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.registers.exchange.join_map import JoinMap
from wasl.registers.exchange.objections import ObjectionLists
from wasl.registers.exchange.payload import Payload
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.assemble import assemble
from wasl.workflow.authorized import Sources, asked_for_sources, hold, sources_of_maps, sources_of_payloads
from wasl.workflow.grey_zone import settled_places
from wasl.workflow.link import link
from wasl.workflow.microdata import MicrodataSpec
from wasl.workflow.objections import deliveries_without, maps_in_memory, maps_without, payload_without, persons_of
from wasl.workflow.protect import protect, public_report, seed_digest
from wasl.workflow.resolve import resolve

__all__ = ["recorded_payloads", "reproduce", "reproduce_release"]


def reproduce(
    recorded: RecordedRun,
    plan: LinkagePlan,
    deliveries: Sequence[Delivery],
    joins: Sequence[JoinMap],
    options: RunOptions,
    *,
    onto: pa.Table | None = None,
    model: MatchModel | None = None,
    labels: Labels | None = None,
    decisions: Mapping[int, str] | None = None,
    objections: ObjectionLists | None = None,
    scored: ScoredPairs | None = None,
) -> Act[Reproduction, LinkageReproduced]:
    """Run a recorded linkage again and compare its pairs and its spine with the log's digests.

    Args:
        recorded: What the log says of the run.
        plan: The plan it followed.
        deliveries: Its deliveries, in the order of the log.
        joins: Their join maps, in the same order.
        options: Threads and progress; the decisions to which the repetition is held, and the day.
        onto: The spine the run was built onto.
        model: The model of an earlier run it used.
        labels: The decisions on an earlier run that its model learned from.
        decisions: The reviewers' decisions it used, by row of the scored pairs; without them, those in the log.
        objections: Records it left out.
        scored: The scored pairs, where another installation made them; deliveries are not needed then.

    Raises:
        InputError: A document or file is not the one the run was made by; names it and its digest.
        AuthorizationError: No decision covers it: to link again is to interconnect again.
    """
    _hold_run(options, deliveries, joins, scored)
    options = replace(options, authorization=None)
    if plan.digest != recorded.plan_digest:
        raise InputError(
            f"the plan is not the one run {recorded.run} followed.",
            remedy=f"Give the one whose digest is {recorded.plan_digest}.",
        )
    _require_earlier(recorded, onto, model, labels)
    records = objections.by_register() if objections else {}
    joins = maps_in_memory(joins, records)
    _, rows = maps_without(joins, records)
    tries = [deliveries_without(deliveries, rows)]
    if any(len(ids) for ids in rows.values()):
        tries.append(list(deliveries))  # a service that got a join map after it had linked left out the pairs only then
    linked, digest = scored, ""
    if linked is not None:
        digest = digest_table(linked.pairs)
    else:
        for given in tries:
            act = link(plan, given, options, model=model, labels=labels)
            linked, digest = act.result, act.event.pairs_digest
            if digest == recorded.pairs_digest:
                break
    if linked is None:
        raise InputError(f"there is nothing to make run {recorded.run} from.", remedy="Give its deliveries or pairs.")
    if decisions is None:
        decisions = settled_places(linked, plan, recorded.verdicts)
    resolved = resolve(
        plan, linked, joins, RunOptions(), run=recorded.run, onto=onto, decisions=decisions, objections=objections
    )
    result = Reproduction(recorded, pairs_digest=digest, spine_digest=resolved.event.spine_digest)
    event = LinkageReproduced(
        run=recorded.run,
        plan_digest=plan.digest,
        pairs_digest=result.pairs_digest,
        spine_digest=result.spine_digest,
        reproduced=not result.differing,
    )
    return Act({"spine.parquet": resolved.artifacts["spine.parquet"]}, event, result.to_json(), result)


def _hold_run(
    options: RunOptions, deliveries: Sequence[Delivery], joins: Sequence[JoinMap], scored: ScoredPairs | None
) -> None:
    """Hold the repetition of a linkage to the decisions; the purpose was compared when it was done first.

    Raises:
        AuthorizationError: It is not covered.
    """
    if options.authorization is None:
        return
    keys = {summary.name for one in deliveries for summary in one.header.passes}
    sources = Sources.of([*(one.header for one in deliveries), *joins])
    if scored is not None:
        keys |= set(scored.pairs.column("pass").cast(pa.string()).unique().to_pylist())
        sources = sources_of_maps(joins, scored.report["sources"])
    hold(options, replace(asked_for_sources("reproduce", sources, options, keys=keys), purpose=None))


def _require_earlier(
    recorded: RecordedRun, onto: pa.Table | None, model: MatchModel | None, labels: Labels | None
) -> None:
    """Refuse another spine, model or number of decisions than those the log names; it may name none.

    Raises:
        InputError: Names what is missing or another one, and its digest.
    """
    if recorded.onto_digest and (onto is None or digest_table(onto) != recorded.onto_digest):
        raise InputError(
            f"run {recorded.run} was built onto the spine {recorded.onto_digest}, which was not given.",
            remedy="Give that spine with --onto. To make it, reproduce its run first, with --out.",
        )
    if recorded.model_digest and (model is None or model.digest != recorded.model_digest):
        raise InputError(
            f"run {recorded.run} used the model {recorded.model_digest}, which was not given.",
            remedy="Give the pairs.parquet that holds this model with --model.",
        )
    if recorded.labels and (labels is None or labels.decided != recorded.labels):
        raise InputError(
            f"the model of run {recorded.run} learned from {recorded.labels} decisions, which were not given.",
            remedy="Give review.csv of the earlier run, with the decisions, with --labels.",
        )


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
    objections: ObjectionLists | None = None,
) -> Act[ReleaseReproduction, ReleaseReproduced]:
    """Make a recorded release again from its spine and payloads, and compare every step with the log.

    Args:
        recorded: What the log says of the release.
        spine: The spine, as `reproduce` gives it.
        payloads: Payloads, its own among them; they are recognized by their digests.
        specification: What was assembled.
        policy: How it was protected.
        options: The seed of protection, whose day is that of the log; the decisions and the day of the repetition.
        population: The population table, where the policy needs one.
        description: The description of the package; with it the package's files are made again.
        manifest: The manifest of the package, with which they are compared.
        objections: Records of persons who objected before it was assembled.

    Raises:
        InputError: A document, a payload or the seed is not the one the log names.
        AuthorizationError: No decision covers it.
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
                f"the {name} is not the one release {recorded.release} was made by.",
                remedy=f"Give the one whose digest is {wanted}.",
            )
    chosen = recorded_payloads(recorded, spine, payloads, objections)
    if options.authorization is not None:
        registers = spine.column("register").cast(pa.string()).unique().to_pylist()
        asked = asked_for_sources("reproduce-release", sources_of_payloads(chosen, registers), options)
        released = policy.released(specification.columns)
        hold(options, replace(asked, output="microdata", variables=frozenset(released), purpose=None))
    assembled = assemble(spine, chosen, specification, RunOptions(), objections=objections)
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


def recorded_payloads(
    recorded: RecordedAssembly, spine: pa.Table, payloads: Sequence[Payload], objections: ObjectionLists | None
) -> list[Payload]:
    """The payloads of a release among those given. The log has the digests of what remained of them after objections.

    Raises:
        InputError: A payload is not among those given; names its digest.
    """
    by_digest = {digest_table(payload.rows): payload for payload in payloads}
    if objections is not None and objections.lists:
        records = objections.by_register()
        gone = persons_of(spine, records)
        by_digest |= {digest_table(payload_without(one, spine, gone, records).rows): one for one in payloads}
    missing = [digest for digest in recorded.payload_digests if digest not in by_digest]
    if missing:
        known = recorded.files.get(missing[0])
        first = f"{missing[0]} ({known})" if known else missing[0]
        wanted = len(recorded.payload_digests)
        raise InputError(
            f"{len(missing)} of {wanted} payloads are not there; the first has the digest {first}.",
            remedy="Name their files or folders with --inputs.",
        )
    return [by_digest[digest] for digest in recorded.payload_digests]
