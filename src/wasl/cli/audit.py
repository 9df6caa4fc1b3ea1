"""``wasl audit``: the auditor's verbs. Verification needs the export and a public key, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.language import spoken
from wasl.cli.log_entries import faults_of, read_entries, read_text, read_verifier
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError, NotFoundError, VerificationError
from wasl.registers.exchange.whole_files import write_whole

if TYPE_CHECKING:
    from wasl.audit.checkpoint import Checkpoint
    from wasl.audit.events import AuditEvent
    from wasl.audit.notes import NoteVerifier

__all__ = ["read_since", "register"]

PublicKey = Annotated[
    str, typer.Option("--public-key", help="The log's verifier key: a file, or the line name+id+base64 itself.")
]
OutFile = Annotated[Path | None, typer.Option("--out", help="File to write; without it, stdout.")]


class LanguageChoice(StrEnum):
    """The languages sentences are written in."""

    FR = "fr"
    AR = "ar"
    EN = "en"


HEADINGS = {
    "fr": ("Journal", "écriture", "date", "ce qui s'est passé"),
    "ar": ("السجل التدقيقي", "القيد", "التاريخ", "ما حدث"),
    "en": ("Log", "entry", "at", "what"),
}
"""Title and column headings of the list of entries, by language."""


def register(app: typer.Typer) -> None:
    """Add ``wasl audit``."""
    from wasl.cli.reproduction import reproduce
    from wasl.cli.timestamp import timestamp_request, timestamp_verify

    audit = typer.Typer(no_args_is_help=True, help="Read, export, prove and verify the audit log.")
    for verb in (show, report, export, verify, prove, checkpoint, key, reproduce, timestamp_request, timestamp_verify):
        audit.command()(verb)
    app.add_typer(audit, name="audit")


def show(
    export_file: Annotated[Path | None, typer.Argument(help="An export to read; without it, this log.")] = None,
    language: Annotated[
        LanguageChoice | None, typer.Option(help="Language of the sentences; by default that of the command line.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds of event (may be repeated).")] = None,
    actor: Annotated[str, typer.Option(help="Only what this actor did.")] = "",
    project: Annotated[str, typer.Option(help="Only this project.")] = "",
    subject: Annotated[str, typer.Option(help="Only subjects that contain this text.")] = "",
    first_day: Annotated[str, typer.Option("--from", help="Only from this day on: 2026-03-01.")] = "",
    last_day: Annotated[str, typer.Option("--to", help="Only up to this day, included.")] = "",
    after: Annotated[str, typer.Option(help="Only from this time on (ISO 8601, UTC).")] = "",
    before: Annotated[str, typer.Option(help="Only before this time (ISO 8601, UTC).")] = "",
    last: Annotated[int, typer.Option(min=0, help="Only the last so many; 0: all.")] = 0,
    json_output: JsonFlag = False,
) -> None:
    """List the entries of the log, each as a sentence.

    Example: wasl audit show --language fr --kind ReleasePublished --from 2026-03-01 --to 2026-03-31
    """
    from wasl.audit.filters import EventFilter, day_after, log_moment
    from wasl.audit.sentences import say_event

    kinds = _kinds(kind or ())
    first_day, last_day = _days(first_day, last_day)
    after = max(log_moment(after), log_moment(first_day))
    before = min(filter(None, (log_moment(before), log_moment(day_after(last_day)))), default="")
    if before and before <= after:
        raise InputError(
            f"no time is from {after} on and before {before}.", remedy="--from and --to take whole days, both included."
        )
    chosen = EventFilter(kinds, actor, project, subject, after, before)
    read = list(read_entries(export_file))
    entries = [(index, event) for index, event in read if chosen.matches(event)][-last:]
    fault = None if export_file is None else faults_of(export_file).fault
    if json_output:
        shown = {"entries": [_entry_json(index, event) for index, event in entries]}
        emit(shown if fault is None else {**shown, "fault": fault.message})
        return
    if fault is not None:
        say(f"Warning: the export does not verify: {fault.message}")
    if not entries:
        _say_nothing_chosen([event for _, event in read], actor, project)
        return
    chosen_language = spoken().language if language is None else language.value
    rows = [[str(index), event.at, say_event(event, chosen_language)] for index, event in entries]
    title, *headings = HEADINGS[chosen_language]
    show_table(title, headings, rows)


def _kinds(names: Sequence[str]) -> frozenset[str]:
    """The kinds of event of these names, whether their capitals are right or not.

    Raises:
        InputError: There is no such kind; names those that are like it.
    """
    from wasl.audit.events import KINDS

    spelled = {name.casefold(): name for name in KINDS}
    if unknown := sorted({name for name in names if name.casefold() not in spelled}):
        wanted = [name.casefold() for name in unknown]
        alike = [name for short, name in sorted(spelled.items()) if any(one and one[:5] in short for one in wanted)]
        kinds = ", ".join(alike or sorted(KINDS))
        raise InputError(f"no kind of event {', '.join(unknown)}.", remedy=f"Kinds: {kinds}.")
    return frozenset(spelled[name.casefold()] for name in names)


def _say_nothing_chosen(events: Sequence[AuditEvent], actor: str, project: str) -> None:
    """Say that no entry is what was asked for, and which actors or projects the log has instead."""
    say(f"None of {len(events):,} entries is chosen.")
    actors, projects = {event.actor for event in events}, {event.project for event in events} - {""}
    if actor and actor not in actors:
        say(f"Actors in the log: {', '.join(sorted(actors)[:20])}.")
    if project and project not in projects:
        say(f"Projects in the log: {', '.join(sorted(projects)[:20])}.")


def _days(first: str, last: str) -> tuple[str, str]:
    """First and last day of a period of the log.

    Raises:
        InputError: One is no day, or the last one is before the first.
    """
    from wasl.audit.filters import log_day

    days = log_day(first), log_day(last)
    if all(days) and days[1] < days[0]:
        raise InputError(f"the last day ({days[1]}) is before the first ({days[0]}).", remedy="Exchange the two.")
    return days


def report(
    export_file: Annotated[Path | None, typer.Argument(help="An export to read; without it, this log.")] = None,
    first_day: Annotated[str, typer.Option("--from", help="First day, 2026-03-01; without it, from the start.")] = "",
    last_day: Annotated[str, typer.Option("--to", help="Last day, included; without it, to the end.")] = "",
    language: Annotated[LanguageChoice, typer.Option(help="Language of the page.")] = LanguageChoice.FR,
    public_key: Annotated[
        str, typer.Option("--public-key", help="The log's verifier key; needed for an export, which is verified first.")
    ] = "",
    out: OutFile = None,
    json_output: JsonFlag = False,
) -> None:
    """Write a one-page visit report on a period of the log, after verifying the log.

    Example: wasl audit report --from 2026-03-01 --to 2026-03-31 --language fr --out visit.html
    """
    from wasl.audit.visit_report import render_visit, visit_report

    first_day, last_day = _days(first_day, last_day)
    if export_file is not None and not public_key:
        raise InputError("an export is verified before it is reported on.", remedy="Give --public-key.")
    verified = faults_of(export_file, public_key)
    verified.require()
    found = visit_report(read_entries(export_file), first_day=first_day, last_day=last_day)
    state = f"{verified.entries} / {verified.root}"
    if out is not None:
        write_whole(out, render_visit(found, language.value, origin=verified.origin, state=state))
    if json_output:
        emit({**found.to_json(), "origin": verified.origin, "root": verified.root})
    elif out is not None:
        say(f"{out}: {found.entries} of {found.total} entries.")
    else:
        rows = [[kind, str(count)] for kind, count in found.by_kind.items()]
        show_table(f"{first_day or '…'} – {last_day or '…'}", ("kind", "entries"), rows)


def export(out: OutFile = None, json_output: JsonFlag = False) -> None:
    """Write the whole log with its checkpoints, for `wasl audit verify` anywhere.

    Example: wasl audit export --out log-2026-03.jsonl
    """
    from wasl.audit.events import LogExported
    from wasl.cli.audit_trail import open_log, record_reading
    from wasl.registers.exchange.digests import digest_bytes

    if json_output and out is None:
        raise InputError("the export itself goes to stdout.", remedy="Give --out with --json.")
    log = open_log()
    data = b"".join(log.export())
    if out is None:
        typer.echo(data, nl=False)
    else:
        write_whole(out, data)
    exported = LogExported(entries=data.count(b"\n") - 1, digest=digest_bytes(data))
    summary = exported.detail()
    record_reading(exported, subject=log.verifier().name)
    if json_output:
        emit({"export": str(out), "public_key": str(log.verifier()), **summary})
    elif out is not None:
        say(f"{out}: {summary['entries']} entries. Verify: wasl audit verify {out} --public-key {log.verifier()}")


def verify(
    export_file: Annotated[Path, typer.Argument(help="An export, or a proof written by `wasl audit prove`.")],
    public_key: PublicKey,
    since: Annotated[
        Path | None,
        typer.Option(
            help="A checkpoint kept from before, a release's manifest.json, or an export (which names a forked entry)."
        ),
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Verify an export of the log, or a proof; exit 3 and name the first bad entry when anything was changed.

    Example: wasl audit verify log.jsonl --public-key hcp.vkey --since checkpoint-2026-02.txt
    """
    from wasl.audit.events import LogVerified
    from wasl.audit.verification import verify_export, verify_proof
    from wasl.cli.audit_trail import record_reading

    verifier = read_verifier(public_key)
    kept, leaves = read_since(since, verifier) if since is not None else (None, iter(()))
    document = _proof_document(export_file)
    if document is not None:
        reached = verify_proof(document, verifier, since=kept)
        result = {"verified": True, "origin": reached.origin, "entries": reached.size, "index": document.get("index")}
    else:
        with export_file.open("rb") as lines:
            report = verify_export(lines, verifier, since=kept, known_leaves=leaves)
        result = report.to_json()
        recorded = {name: result[name] for name in ("verified", "entries", "root", "fault", "first_bad_entry")}
        record_reading(LogVerified(**recorded), subject=verifier.name)
    if json_output:
        emit(result)
    if document is None:
        report.require()
    if not json_output:
        what = "log" if document is None else "proof"
        continued = f", continuing the kept checkpoint of {kept.size}" if kept is not None else ""
        say(f"{export_file}: the {what} verifies: {result['entries']} entries of {verifier.name}{continued}.")


def prove(
    entry: Annotated[int | None, typer.Argument(help="Number of the entry, as `wasl audit show` gives it.")] = None,
    since: Annotated[
        Path | None, typer.Option(help="Instead: prove that the log continues this checkpoint kept from before.")
    ] = None,
    out: OutFile = None,
    json_output: JsonFlag = False,
) -> None:
    """Write the proof that an entry is in the log; it verifies alone, without the other entries.

    Example: wasl audit prove 12 --out entry-12.json && wasl audit verify entry-12.json --public-key hcp.vkey
    """
    from wasl.audit.checkpoint import Checkpoint
    from wasl.audit.export import consistency_document, inclusion_document
    from wasl.audit.merkle import leaf_hash
    from wasl.audit.tree import MemoryNodes, consistency_proof, inclusion_proof
    from wasl.cli.audit_trail import open_log

    if (entry is None) == (since is None):
        raise InputError("give either the number of an entry or --since.")
    log = open_log()
    note = log.checkpoint_note()
    state = Checkpoint.open(note, log.verifier())
    events = list(log.events())[: state.size]
    nodes = MemoryNodes(map(leaf_hash, events))
    if nodes.frontier.size != state.size or nodes.frontier.root != state.root:
        raise VerificationError(
            "the log does not lead to its own checkpoint: it was changed.",
            remedy="`wasl audit export` and `wasl audit verify` name the entry.",
        )
    if entry is None and since is not None:
        kept, _ = read_since(since, log.verifier())
        document = consistency_document(consistency_proof(nodes, kept.size, state.size), note)
    elif entry is not None:
        if not 0 <= entry < state.size:
            raise NotFoundError(f"there is no entry {entry}: the log has entries 0 to {state.size - 1}.")
        document = inclusion_document(events[entry], inclusion_proof(nodes, entry, state.size), note)
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if out is not None:
        write_whole(out, text)
    if json_output or out is None:
        emit(document)
    else:
        say(f"{out}: verify it with wasl audit verify {out} --public-key {log.verifier()}")


def checkpoint(out: OutFile = None, json_output: JsonFlag = False) -> None:
    """Print the latest signed checkpoint: keep it, and no later rewriting of the log goes unseen.

    Example: wasl audit checkpoint --out checkpoint-2026-03.txt
    """
    from wasl.audit.checkpoint import Checkpoint
    from wasl.audit.export import encode_base64
    from wasl.cli.audit_trail import open_log

    log = open_log()
    note = log.checkpoint_note()
    state = Checkpoint.open(note, log.verifier())
    if out is not None:
        write_whole(out, note)
    if json_output:
        emit({"origin": state.origin, "size": state.size, "root": encode_base64(state.root), "note": note})
    elif out is None:
        typer.echo(note, nl=False)
    else:
        say(f"{out}: {state.size} entries of {state.origin}.")


def key(out: OutFile = None, json_output: JsonFlag = False) -> None:
    """Print the log's verifier key, for those who verify.

    Example: wasl audit key --out hcp.vkey
    """
    from wasl.cli.audit_trail import open_log

    verifier = open_log().verifier()
    if out is not None:
        write_whole(out, f"{verifier}\n")
    if json_output:
        emit({"origin": verifier.name, "key_id": verifier.key_id.hex(), "public_key": str(verifier)})
    elif out is None:
        typer.echo(str(verifier))
    else:
        say(f"{out}: the verifier key of {verifier.name}.")


def read_since(path: Path, verifier: NoteVerifier) -> tuple[Checkpoint, Iterator[bytes]]:
    """The checkpoint in a file (alone, in a release's manifest, at the head of an export), and an export's leaf hashes.

    Raises:
        VerificationError: It is not of this log, or was changed itself.
    """
    from wasl.audit.checkpoint import Checkpoint
    from wasl.audit.verification import export_leaves, verify_export

    text = read_text(path)
    if not text.startswith("{"):
        return Checkpoint.open(text, verifier), iter(())
    manifest = _json_object(text)
    if manifest is not None and "log_checkpoint" in manifest:
        return Checkpoint.open(str(manifest["log_checkpoint"]), verifier), iter(())
    lines = text.encode().splitlines(keepends=True)
    report = verify_export(lines, verifier)
    if report.fault is not None:
        raise VerificationError(f"{path}: the export kept from before does not verify: {report.fault.message}")
    return Checkpoint.open(json.loads(lines[0])["checkpoint"], verifier), export_leaves(lines)


def _proof_document(path: Path) -> dict[str, Any] | None:
    """The proof in a file; None when the file is something else, such as an export."""
    try:
        document = _json_object(read_text(path))
    except VerificationError:
        return None
    return document if document is not None and "path" in document else None


def _json_object(text: str) -> dict[str, Any] | None:
    """The JSON object a text is; None when it is something else, such as the lines of an export."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _entry_json(index: int, event: AuditEvent) -> dict[str, Any]:
    from wasl.audit.sentences import say_event

    sentences = {language.value: say_event(event, language.value) for language in LanguageChoice}
    return {"index": index, **json.loads(event.canonical_bytes()), "sentences": sentences}
