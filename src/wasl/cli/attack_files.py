"""What ``wasl attack`` reads: deliveries with their companions, and the adversary's own registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.cli.output import progress
from wasl.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.attack.delivered import Delivered
    from wasl.attack.outcomes import Outcome

__all__ = ["AttackedFiles", "attack_files"]

KEEP_MAP = ["register", "record", "record_id"]


@dataclass(frozen=True, slots=True)
class AttackedFiles:
    """The files of one attack. Each list of companions is empty, or has one file for each delivery, in their order.

    Attributes:
        deliveries: What is attacked.
        populations: Registers that the adversary owns in clear.
        registers: Schema of each population.
        joins: Join maps.
        keep_maps: The holders' keep maps, to score.
        payloads: Payloads, for the joined view.
        profile: Profile document; that of the first delivery if None.
        truth: Persons by register and record (``truth.csv``), if the populations are other registers.
    """

    deliveries: list[Path]
    populations: list[Path]
    registers: list[str]
    joins: list[Path]
    keep_maps: list[Path]
    payloads: list[Path]
    profile: str | None
    truth: Path | None

    def require_complete(self, *, joined: bool) -> None:
        """Raise InputError unless the companions fit the deliveries and the view."""
        companions = (("--join", self.joins), ("--keep-map", self.keep_maps), ("--payload", self.payloads))
        for option, files in companions:
            if files and len(files) != len(self.deliveries):
                raise InputError(f"{option} is given {len(files)} times for {len(self.deliveries)} deliveries.")
        if len(self.registers) != len(self.populations):
            raise InputError(
                f"--register is given {len(self.registers)} times for {len(self.populations)} populations."
            )
        if joined and not self.joins:
            raise InputError("the joined view needs the join maps.", remedy="Give --join for each delivery.")


def attack_files(files: AttackedFiles, *, joined: bool, largest_graph: int, starts: int, seed: int) -> list[Outcome]:
    """Outcomes of attacks on files; deliveries of one round are attacked together, each round by itself."""
    import numpy as np

    from wasl.attack.delivered import attack_delivered
    from wasl.holder.profile import EncodingProfile
    from wasl.registers.reading.reader import read_register
    from wasl.registers.schema import RegisterSchema

    files.require_complete(joined=joined)
    schemas = [RegisterSchema.load(name) for name in files.registers]
    delivered = list(_read(files))
    profile = EncodingProfile.load(files.profile or delivered[0].delivery.header.profile, schemas[0].profiles)
    owned = [(read_register(path, schema), schema) for path, schema in zip(files.populations, schemas, strict=True)]
    persons = {} if files.truth is None else _read_truth(files.truth)
    with progress("Attacking") as report:
        return attack_delivered(
            delivered,
            owned,
            profile,
            np.random.default_rng(seed),
            joined=joined,
            persons=persons,
            largest_graph=largest_graph,
            starts=starts,
            report=report,
        )


def _read(files: AttackedFiles) -> Iterator[Delivered]:
    """Each delivery with its companions."""
    from wasl.attack.delivered import Delivered
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.payload import Payload

    for place, path in enumerate(files.deliveries):
        yield Delivered(
            name=str(path),
            delivery=Delivery.read(path),
            join=JoinMap.read(files.joins[place]) if files.joins else None,
            payload=Payload.read(files.payloads[place]) if files.payloads else None,
            keep_map=_read_keep_map(files.keep_maps[place]) if files.keep_maps else None,
        )


def _read_keep_map(path: Path) -> pa.Table:
    """The map from record number to record id that ``wasl encode --keep-map`` wrote, every column as text."""
    import pyarrow as pa

    from wasl.cli.evaluation import read_table

    table = read_table(path)
    if lacking := sorted({*KEEP_MAP} - {*table.column_names}):
        raise InputError(
            f"{path}: not a keep map, it has no column {lacking[0]}.", remedy="`wasl encode --keep-map FILE` makes one."
        )
    return table.select(KEEP_MAP).cast(pa.schema([(name, pa.string()) for name in KEEP_MAP]))


def _read_truth(path: Path) -> dict[tuple[str, str], str]:
    """The person of each record, by register and number."""
    from wasl.cli.evaluation import read_table
    from wasl.linkage.quality.truth import clean_truth

    known = clean_truth(read_table(path)).table
    registers, records, persons = (known[name].to_pylist() for name in ("register", "record", "person"))
    return dict(zip(zip(registers, records, strict=True), persons, strict=True))
