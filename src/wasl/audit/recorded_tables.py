"""Protected tables as the log recorded them, beside the same tables made again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wasl.audit.events import AuditEvent
from wasl.audit.recorded_inputs import number_of
from wasl.audit.recorded_releases import RecordedAssembly, assembly_at, entry_before
from wasl.errors import NotFoundError

__all__ = ["RecordedTables", "TablesReproduction", "find_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTables:
    """Protected tables, as their events tell them.

    Attributes:
        tables, project: Name of the specification, or id of the order, and the project.
        protected: Number of the entry that recorded their protection.
        published: Number of the entry that recorded their package, or None.
        manifest_digest: Of the package, or empty.
        made_on: The day of protection, ISO 8601, which the exchange files bear.
        specification_digest, seed_digest: What protection went by.
        data_digests, table_digests: What the tables were made of, and what came of it.
        earlier_releases: How many releases they were audited against.
        hierarchy_digests, earlier_digests: Of the hierarchies in the order of their names, and of those releases; None
            in logs written before 28 November 2026, which do not have them.
        record_key_id: Name of the secret of the record keys, or empty.
        assembly: The microdata they were made of, or None where the log does not know it.
    """

    tables: str
    project: str
    protected: int
    published: int | None = None
    manifest_digest: str = ""
    made_on: str
    specification_digest: str
    seed_digest: str
    data_digests: tuple[str, ...]
    table_digests: tuple[str, ...]
    earlier_releases: int = 0
    hierarchy_digests: tuple[str, ...] | None = None
    earlier_digests: tuple[str, ...] | None = None
    record_key_id: str = ""
    assembly: RecordedAssembly | None = None


@dataclass(frozen=True, slots=True)
class TablesReproduction:
    """Recorded tables beside the same tables made again.

    Attributes:
        recorded: What the log says.
        data_digests: What the tables were made of this time.
        table_digests: What came of it; empty where the data were others.
        from_deliveries: Whether the data were linked or assembled again, too.
        files: Published files compared, and those that came out otherwise.
    """

    recorded: RecordedTables
    data_digests: tuple[str, ...]
    table_digests: tuple[str, ...]
    from_deliveries: bool = False
    files: tuple[int, tuple[str, ...]] = (0, ())

    @property
    def differing(self) -> tuple[str, ...]:
        """What came out otherwise: ``data``, ``tables``, then published files."""
        data = ("data",) if self.data_digests != self.recorded.data_digests else ()
        tables = ("tables",) if self.table_digests != self.recorded.table_digests else ()
        return (*data, *tables, *self.files[1])

    def to_json(self) -> dict[str, Any]:
        """The comparison as a JSON value."""
        recorded = self.recorded
        assembly = recorded.assembly if self.from_deliveries else None
        return {
            "tables": recorded.tables,
            "entries": {
                "assembled": assembly.assembled if assembly else None,
                "protected": recorded.protected,
                "published": recorded.published,
            },
            "reproduced": not self.differing,
            "differing": list(self.differing),
            "run": assembly.run.run if assembly and assembly.run else None,
            "from_deliveries": self.from_deliveries,
            "manifest_digest": recorded.manifest_digest,
            "recorded": {"data": list(recorded.data_digests), "tables": list(recorded.table_digests)},
            "found": {"data": list(self.data_digests), "tables": list(self.table_digests)},
            "files_compared": self.files[0],
        }


def find_tables(
    events: Iterable[AuditEvent],
    *,
    tables: str = "",
    manifest_digest: str = "",
    table_digests: Sequence[str] = (),
    specification_digest: str = "",
) -> RecordedTables:
    """The latest tables of that name, those with that manifest, or those that gave these digests.

    Tables of that name that were published go before others of that name.

    Args:
        events: The log from its first entry on.
        tables: Name of their specification, or id of the order in a service.
        manifest_digest: Instead: digest of the manifest of their package.
        table_digests: Instead: digests of the published tables.
        specification_digest: Of the microdata: which of several assemblies before is meant, in logs that do not link
            the two.

    Raises:
        NotFoundError: The log records no such tables.
    """
    entries = list(events)
    what = f"tables {tables!r}" if tables else "tables of this package" if manifest_digest else "tables of this folder"
    published = [
        index
        for index, one in enumerate(entries)
        if one.kind == "TablesPublished"
        and (one.detail.get("manifest_digest") == manifest_digest if manifest_digest else one.subject == tables)
    ]
    made = [
        index
        for index, one in enumerate(entries)
        if one.kind == "TablesProtected"
        and (one.subject == tables if tables else sorted(_texts(one, "table_digests") or ()) == sorted(table_digests))
    ]
    if published:
        last = entries[published[-1]]
        same = last.detail["specification_digest"]
        place = entry_before(
            entries,
            published[-1],
            "TablesProtected",
            what,
            lambda one: one.subject == last.subject and one.detail["specification_digest"] == same,
        )
    elif made and not manifest_digest:
        place = made[-1]
    else:
        raise NotFoundError(
            f"the log records no {what}.", remedy="`wasl audit show --kind TablesProtected` lists the tables."
        )
    applied = entries[place]
    assembled = _assembled_before(entries, place, specification_digest)
    assembly = None
    if assembled is not None:
        fields = assembly_at(entries, assembled, applied.subject, applied.project)
        assembly = RecordedAssembly(release=applied.subject, **fields)
    return RecordedTables(
        tables=applied.subject,
        project=applied.project,
        protected=place,
        published=published[-1] if published else None,
        manifest_digest=str(entries[published[-1]].detail["manifest_digest"]) if published else "",
        made_on=str(applied.detail.get("made_on", applied.at[:10])),
        specification_digest=str(applied.detail["specification_digest"]),
        seed_digest=str(applied.detail["seed_digest"]),
        data_digests=_texts(applied, "data_digests") or (),
        table_digests=_texts(applied, "table_digests") or (),
        earlier_releases=number_of(applied.detail.get("earlier_releases")),
        hierarchy_digests=_texts(applied, "hierarchy_digests"),
        earlier_digests=_texts(applied, "earlier_digests"),
        record_key_id=str(applied.detail.get("record_key_id", "")),
        assembly=assembly,
    )


def _texts(event: AuditEvent, name: str) -> tuple[str, ...] | None:
    value = event.detail.get(name)
    return tuple(value) if isinstance(value, list) else None


def _assembled_before(entries: Sequence[AuditEvent], place: int, specification: str) -> int | None:
    """The assembly of the data of tables: of the same order, by the digest of the data, else by the specification."""
    applied = entries[place]
    projects = {applied.project, ""} if applied.project else None
    before = [
        index
        for index, one in enumerate(entries[:place])
        if one.kind == "MicrodataAssembled" and (projects is None or one.project in projects)
    ]
    data = _texts(applied, "data_digests") or ()
    for fits in (
        lambda one: bool(applied.project) and one.subject == applied.subject,
        lambda one: one.detail.get("microdata_digest") in data,
        lambda one: one.detail["specification_digest"] == specification,
    ):
        found = [index for index in before if fits(entries[index])]
        if found:
            return found[-1]
    return None
