"""``wasl publish`` and ``wasl verify``: the release package, made and checked."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.authorized import ProjectOption, PurposeOption, held_to, logged_project, say_standing
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError, VerificationError

if TYPE_CHECKING:
    import pyarrow as pa

    from wasl.audit.notes import NoteSigner
    from wasl.publication.package import PackageVerification

__all__ = ["open_release", "publish_folder", "read_protected", "register", "staged_folder", "verify_release"]

PROTECTED_TABLE = "protected.parquet"


def register(app: typer.Typer) -> None:
    """Add ``wasl publish`` and ``wasl verify``."""
    app.command()(publish)
    app.command()(verify)


def publish(
    folder: Annotated[
        Path, typer.Argument(help="What `wasl protect` wrote: protected.parquet and public-report.json.")
    ],
    description: Annotated[str, typer.Option(help="The dataset's description: a TOML file, or a shipped name.")],
    out: Annotated[Path, typer.Option(help="Folder of the release; must not exist.")],
    signing_key: Annotated[
        Path | None, typer.Option(help="The publisher's signing key; without it, this installation's, made once.")
    ] = None,
    project: ProjectOption = None,
    purpose: PurposeOption = "",
    json_output: JsonFlag = False,
) -> None:
    """Package a protected table for users: CSV, Parquet, SPSS, Stata, codebook, dictionary, report; signed.

    Example: wasl publish protected/ --description foreign-workers-puf --out release/
    """
    result = publish_folder(folder, description, out, signing_key=signing_key, project=project, purpose=purpose)
    if json_output:
        emit(result)
        return
    show_table(f"Release {out}", ("file", "bytes"), list(result["files"].items()))
    say_standing(result)
    for notice in result["notices"]:
        say(notice)
    say(f"Verify: wasl verify {out} --public-key {result['public_key']}")


def verify(
    release: Annotated[Path, typer.Argument(help="Folder of a release, or the ZIP file of one.")],
    public_key: Annotated[
        str, typer.Option("--public-key", help="The publisher's key: a file, or the line name+id+base64 itself.")
    ] = "",
    json_output: JsonFlag = False,
) -> None:
    """Check every file of a release against its signed manifest; exit 3 and name each that was changed.

    Example: wasl verify release/ --public-key hcp-releases.vkey
    """
    result = verify_release(release, public_key)
    if json_output:
        emit({"release": str(release), "own_key": not public_key, **result.to_json()})
    result.require()
    if not json_output and result.manifest is not None:
        say(f"{release}: {len(result.manifest.files)} files are as signed by {result.signer}.")
        if not public_key:
            say("The key is the one in the package; give --public-key to be sure of the publisher.")


def publish_folder(
    folder: Path,
    description: str | Path,
    out: Path,
    *,
    signing_key: Path | None = None,
    project: str | None = None,
    purpose: str = "",
) -> dict[str, Any]:
    """Package a protected folder, write the release and record the event; gives what ``--json`` prints.

    Raises:
        InputError: The release exists, or table, report and description do not go together.
    """
    from datetime import UTC, datetime

    from wasl.cli.audit_trail import open_log, record_event, recorded_refusal
    from wasl.publication.description import DatasetDescription
    from wasl.workflow.act import RunOptions
    from wasl.workflow.publish import publish as publish_table

    if out.exists():
        raise InputError(f"{out}: exists already; a release is never overwritten.", remedy="Name another folder.")
    described = DatasetDescription.load(description)
    table, reports = read_protected(folder)
    log = open_log()
    subject = f"{described.dataset_id} {described.version}"
    options = RunOptions(**held_to(project, purpose))
    with recorded_refusal(subject, project=logged_project(project)):
        act = publish_table(
            table,
            reports,
            described,
            options,
            signer=_signer(signing_key),
            created=datetime.now(UTC),
            log_checkpoint=log.checkpoint_note() if log.checkpoint_path.exists() else "",
        )
    with staged_folder(act.result, out):  # no release without its event
        record_event(act.event, project=logged_project(project), subject=subject)
    return {"release": str(out), **act.report}


def verify_release(release: Path, public_key: str = "") -> PackageVerification:
    """Check a release, a folder or the ZIP file of one, and record that it was done.

    Args:
        release: The folder or the ZIP file.
        public_key: The publisher's key, as a file or as its line; empty: the key in the package.
    """
    from wasl.audit.events import ReleaseVerified
    from wasl.cli.audit_trail import record_reading
    from wasl.cli.log_entries import read_verifier
    from wasl.publication.package import verify_package

    verifier = read_verifier(public_key) if public_key else None
    with open_release(release) as files:
        result = verify_package(files, verifier)
    subject = f"{result.manifest.dataset_id} {result.manifest.version}" if result.manifest else "unreadable"
    record_reading(ReleaseVerified(verified=result.verified, faulty_files=len(result.faults)), subject=subject)
    return result


@contextmanager
def staged_folder(files: Mapping[str, bytes], folder: Path) -> Iterator[None]:
    """Write files beside their place; the folder appears, whole, when the block ends, and not at all when it fails.

    Raises:
        InputError: The folder exists.
    """
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        for path, data in files.items():
            place = partial / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            raise InputError(f"{folder}: exists already; it is never overwritten.", remedy="Name another folder.")
        yield
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _FolderFiles(Mapping[str, bytes]):
    """The files of a folder by their path in it, each read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
        )

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        return (self._folder / path).read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class _ZipFiles(Mapping[str, bytes]):
    """The files of a ZIP archive by their path in it, each unpacked when asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            if entry.filename in self._entries:
                raise VerificationError(f"{entry.filename}: is twice in the archive.")
            if not entry.is_dir():
                self._entries[entry.filename] = entry

    def __getitem__(self, path: str) -> bytes:
        try:
            return self._archive.read(self._entries[path])
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise VerificationError(f"{path}: cannot be unpacked: it was changed.") from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@contextmanager
def open_release(release: Path) -> Iterator[Mapping[str, bytes]]:
    """The files of a release, a folder or a ZIP file, read when asked for.

    Raises:
        InputError: There is neither.
    """
    if release.is_dir():
        yield _FolderFiles(release)
    elif zipfile.is_zipfile(release):
        with zipfile.ZipFile(release) as archive:
            yield _ZipFiles(archive)
    else:
        raise InputError(f"{release}: neither a folder nor a ZIP file.", remedy="Give what `wasl publish` wrote.")


def read_protected(folder: Path) -> tuple[pa.Table, dict[str, bytes]]:
    """The table and the public reports that `wasl protect` wrote to a folder.

    Raises:
        InputError: There is no such folder, or no table in it.
    """
    from wasl.registers.exchange.parquet_tables import read_parquet

    if folder.is_file() and folder.name == PROTECTED_TABLE:
        folder = folder.parent
    if folder.is_file():
        raise InputError(f"{folder}: a file, not a folder.", remedy="Give the folder that `wasl protect` wrote.")
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder.", remedy="Give the folder that `wasl protect` wrote.")
    if not (folder / PROTECTED_TABLE).is_file():
        raise InputError(f"{folder}: holds no {PROTECTED_TABLE}.", remedy="`wasl protect --out` writes one.")
    table, _ = read_parquet(folder / PROTECTED_TABLE, "protected table")
    from wasl.workflow.publish import PUBLIC_REPORTS

    return table, {name: (folder / name).read_bytes() for name in PUBLIC_REPORTS if (folder / name).is_file()}


def _signer(key_file: Path | None) -> NoteSigner:
    """The key in a file, or this installation's publication key, made on first use."""
    from wasl.audit.notes import NoteSigner
    from wasl.settings import Settings
    from wasl.storage.local_log import signing_key

    if key_file is not None:
        return NoteSigner.parse(key_file.read_text(encoding="utf-8"))
    return signing_key(Settings().home_dir, "publication", "wasl.release")
