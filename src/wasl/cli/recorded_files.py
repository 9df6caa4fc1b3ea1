"""Files that `wasl audit reproduce` recognizes by their content, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wasl.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.recorded_inputs import RecordedFile
    from wasl.linkage.model.pairs import ScoredPairs
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap
    from wasl.registers.exchange.objections import ObjectionLists
    from wasl.registers.exchange.payload import Payload

__all__ = [
    "files_among",
    "found_payloads",
    "objections_of",
    "read_objections",
    "recorded_inputs",
    "recorded_joins",
    "recorded_pairs",
    "recorded_spine",
]

MOST_LIST_BYTES = 64 * 2**20
"""Size of a file that may be a list of objections: half a million record ids have 20 MB as JSON."""

ASK = "Give the list with --objections. The spine keeper has it: GET /v1/projects/PROJECT/objections."


def recorded_inputs(
    places: Iterable[Path], digests: Sequence[str], files: Mapping[str, RecordedFile]
) -> tuple[list[Delivery], list[JoinMap]]:
    """The deliveries of these digests, in their order, and the join maps that open them.

    Raises:
        InputError: One is not among the files; names its digest, and its register where the log knows it.
    """
    from wasl.registers.exchange.delivery import Delivery
    from wasl.registers.exchange.join_map import JoinMap

    deliveries: dict[str, Path] = {}
    joins: dict[str, Path] = {}
    for path, digest, is_delivery in _known_files(places):
        (deliveries if is_delivery else joins).setdefault(digest, path)
    remedy = "Name their files or folders with --inputs; a holder may have kept what a service erased."
    if missing := _named([digest for digest in digests if digest not in deliveries], files):
        raise InputError(
            f"{len(missing)} of {len(digests)} delivery files are not there: {'; '.join(missing)}.", remedy=remedy
        )
    if missing := _named([digest for digest in digests if digest not in joins], files):
        raise InputError(
            f"{len(missing)} of {len(digests)} join map files are not there, of the deliveries {'; '.join(missing)}.",
            remedy=remedy,
        )
    return [Delivery.read(deliveries[digest]) for digest in digests], [
        JoinMap.read(joins[digest]) for digest in digests
    ]


def _named(digests: Iterable[str], files: Mapping[str, RecordedFile]) -> list[str]:
    """Digests, each with its register where the log knows it."""
    return [f"{digest} ({files[digest]})" if digest in files else digest for digest in digests]


def recorded_pairs(places: Iterable[Path], digest: str) -> ScoredPairs:
    """The scored pairs of a digest, which another installation made.

    Raises:
        InputError: They are not among the files.
    """
    from wasl.linkage.model.pairs import METADATA_KEY, ScoredPairs
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.parquet_tables import read_parquet

    for path, metadata in _parquet_files(places):
        if METADATA_KEY in metadata:
            scored = ScoredPairs.from_table(*read_parquet(path, "file of scored pairs"))
            if digest_table(scored.pairs) == digest:
                return scored
    raise InputError(
        f"the pairs were made by another installation, and their file is not there: {digest}.",
        remedy="Name pairs.parquet of the linkage unit with --inputs. Its own log reproduces how it was made.",
    )


def recorded_joins(places: Iterable[Path], scored: ScoredPairs) -> list[JoinMap]:
    """The join maps of the deliveries that scored pairs were made from.

    Raises:
        InputError: One is not among the files; names its register.
    """
    from wasl.registers.exchange.join_map import JoinMap

    joins = {digest: path for path, digest, is_delivery in _known_files(places) if not is_delivery}
    wanted = {str(one["delivery_digest"]): str(one["register"]) for one in scored.report["sources"]}
    missing = [f"{digest} (register {register})" for digest, register in wanted.items() if digest not in joins]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(wanted)} join map files are not there, of the deliveries {'; '.join(missing)}.",
            remedy="Name their files or folders with --inputs.",
        )
    return [JoinMap.read(joins[digest]) for digest in wanted]


def recorded_spine(places: Iterable[Path], digest: str) -> pa.Table | None:
    """The spine of a digest among the files, or None."""
    from wasl.registers.exchange.digests import digest_table
    from wasl.registers.exchange.parquet_tables import read_parquet

    for path, _ in _parquet_files(places):
        if path.name == "spine.parquet":
            table = read_parquet(path, "spine")[0]
            if digest_table(table) == digest:
                return table
    return None


def found_payloads(places: Iterable[Path]) -> list[Payload]:
    """All payloads among the files."""
    from wasl.registers.exchange.payload import METADATA_KEY, Payload

    return [Payload.read(path) for path, metadata in _parquet_files(places) if METADATA_KEY in metadata]


def objections_of(files: Iterable[Path], digest: str, objected: int) -> ObjectionLists:
    """The objections of a digest: all lists of a file, or those that had arrived at the time.

    Args:
        files: Files given as lists of objections.
        digest: The digest in the log.
        objected: How many records the log says were left out.

    Raises:
        InputError: No file has them; names the digest and who keeps them.
    """
    given = list(files)
    for path in given:
        found = read_objections(path).up_to(digest)
        if found is not None:
            return found
    if given:
        raise InputError(f"no list of objections given has the digest that the log names: {digest}.", remedy=ASK)
    raise InputError(
        f"{objected} records of persons who object were left out; the log has the digest of their list, {digest}.",
        remedy=ASK,
    )


def read_objections(path: Path) -> ObjectionLists:
    """The lists of objections in a file.

    Raises:
        InputError: There is no such file, it is too large, or it is no list.
    """
    from wasl.registers.exchange.objections import ObjectionLists

    if not path.is_file() or path.stat().st_size > MOST_LIST_BYTES:
        raise InputError(f"{path}: no such file, or larger than {MOST_LIST_BYTES // 2**20} MB.")
    return ObjectionLists.parse(path.read_bytes(), str(path))


def _known_files(places: Iterable[Path]) -> Iterator[tuple[Path, str, bool]]:
    """Every delivery (its digest) and join map (its delivery's digest) among files and folders."""
    from wasl.registers.exchange.delivery_header import HEADER_KEY
    from wasl.registers.exchange.digests import digest_json
    from wasl.registers.exchange.join_map import METADATA_KEY

    for path, metadata in _parquet_files(places):
        if HEADER_KEY in metadata:
            yield path, digest_json(json.loads(metadata[HEADER_KEY])), True
        elif METADATA_KEY in metadata:
            yield path, str(json.loads(metadata[METADATA_KEY])["delivery_digest"]), False


def _parquet_files(places: Iterable[Path]) -> Iterator[tuple[Path, dict[bytes, bytes]]]:
    """Every Parquet file among files and folders, with its metadata.

    Raises:
        InputError: A file or folder named does not exist.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path in files_among(places):
        try:
            yield path, pq.read_metadata(path).metadata or {}
        except (OSError, pa.ArrowException):
            continue


def files_among(places: Iterable[Path]) -> Iterator[Path]:
    """Every file among files and folders.

    Raises:
        InputError: A file or folder named does not exist.
    """
    for place in places:
        if not place.exists():
            raise InputError(f"{place}: no such file or folder.")
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                yield path
