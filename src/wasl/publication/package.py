"""The release package: data in four formats, codebook, dictionary, public report, manifest, signature. And its check.

Nothing here touches a disk: a package is a mapping from paths to bytes, so the service and the command line build and
check the same one. The same table, description, report, key and time give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import InputError, KeyFileError, VerificationError
from wasl.publication.columns import typed_columns
from wasl.publication.ddi import codebook_xml
from wasl.publication.description import DatasetDescription
from wasl.publication.dictionary import dictionary_csv, dictionary_html
from wasl.publication.formats import csv_bytes, parquet_bytes, spss_bytes, stata_bytes
from wasl.publication.log_proofs import LOG_FOLDER, require_log_proofs
from wasl.publication.manifest import (
    MANIFEST_NAME,
    PUBLIC_KEY_NAME,
    SIGNATURE_NAME,
    FileEntry,
    Manifest,
    open_manifest_signature,
    sign_manifest,
)
from wasl.publication.readme import README_NAME, readme_text
from wasl.publication.sdmx import structure_xml
from wasl.publication.summary import summarize
from wasl.registers.exchange.digests import digest_bytes, digest_table

__all__ = ["REPORT_NAME", "FaultyFile", "FileFault", "PackageVerification", "build_package", "verify_package"]

REPORT_NAME = "public-report.json"
"""The public report of the protection, without which no table is published."""

SOFTWARE = f"wasl {version('wasl')}"

DATA_FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "sav": "application/x-spss-sav",
    "dta": "application/x-stata-dta",
}
"""The format of each data file, by the end of its name."""

DATA_TITLES = {
    "csv": "Data as text (UTF-8, commas)",
    "parquet": "Data as Apache Parquet",
    "sav": "Data for SPSS",
    "dta": "Data for Stata",
}
"""Title of each data file for readers."""

MATERIALS = {
    "metadata/dictionary.html": "Dictionary of variables",
    "metadata/dictionary.fr.html": "Dictionnaire des variables",
    "metadata/dictionary.csv": "Dictionary of variables, as a table",
    "metadata/sdmx-structure.xml": "SDMX 2.1 code lists, concepts and structure of tables",
    "report/public-report.html": "Public report on the protection of the data",
    "report/public-report.json": "Public report on the protection of the data, machine-readable",
}
"""What each file beside the data is called in the codebook."""


def build_package(
    table: pa.Table,
    description: DatasetDescription,
    report: Mapping[str, bytes],
    *,
    signer: NoteSigner,
    created: dt.datetime,
    log_checkpoint: str = "",
    log_proofs: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The files of a release, by path.

    Args:
        table: The protected table, columns as described.
        description: What it is.
        report: The public report of its protection: file name to bytes, ``public-report.json`` among them.
        signer: The key that signs the release.
        created: Time of publication, UTC.
        log_checkpoint: Signed checkpoint of the audit log, or empty.
        log_proofs: Proofs that the release stands in the log, by name (`wasl.publication.log_proofs`).

    Raises:
        InputError: No protection report, or table and description do not agree; names the column.
    """
    _require_report(report, table)
    columns = typed_columns(table, description)
    summaries = summarize(columns)
    name, rows, date = description.dataset_id, table.num_rows, created.date().isoformat()
    files = {
        f"data/{name}.csv": csv_bytes(columns),
        f"data/{name}.parquet": parquet_bytes(columns),
        f"data/{name}.sav": spss_bytes(columns, title=description.title, created=created),
        f"data/{name}.dta": stata_bytes(columns, title=description.title, created=created),
        "metadata/dictionary.csv": dictionary_csv(summaries),
        "metadata/dictionary.html": dictionary_html(description, summaries, language="en", rows=rows, created=date),
        "metadata/dictionary.fr.html": dictionary_html(description, summaries, language="fr", rows=rows, created=date),
        **{f"report/{report_name}": data for report_name, data in report.items()},
        **{f"{LOG_FOLDER}{proof}.json": data for proof, data in (log_proofs or {}).items()},
    }
    if any(summary.codes for summary in summaries):
        files["metadata/sdmx-structure.xml"] = structure_xml(description, summaries, created=created)
    materials = {path: title for path, title in MATERIALS.items() if path in files}
    files["metadata/ddi-codebook.xml"] = codebook_xml(
        description,
        summaries,
        {f"{name}.{suffix}": form for suffix, form in DATA_FORMATS.items()},
        materials,
        rows=rows,
        created=created,
        software=SOFTWARE,
    )
    titles = {f"data/{name}.{suffix}": title for suffix, title in DATA_TITLES.items()}
    titles |= {"metadata/ddi-codebook.xml": "Codebook (DDI Codebook 2.5)", **materials}
    files[README_NAME] = readme_text(description, titles, created=date, key=str(signer.verifier))
    files[PUBLIC_KEY_NAME] = f"{signer.verifier}\n".encode()
    manifest = Manifest(
        name,
        description.version,
        description.title,
        created.isoformat(timespec="seconds"),
        SOFTWARE,
        rows,
        description.digest,
        digest_bytes(report[REPORT_NAME]),
        str(signer.verifier),
        log_checkpoint,
        {path: FileEntry.of(data) for path, data in sorted(files.items())},
    ).to_bytes()
    return {**files, MANIFEST_NAME: manifest, SIGNATURE_NAME: sign_manifest(manifest, name, signer)}


def _require_report(report: Mapping[str, bytes], table: pa.Table) -> None:
    """Check that the report of the protection is there and speaks of this table."""
    remedy = "Protect the table with `wasl protect`, and publish the folder it writes."
    if REPORT_NAME not in report:
        raise InputError("a table without the report of its protection is not published.", remedy=remedy)
    try:
        value = json.loads(report[REPORT_NAME])
    except ValueError as error:
        raise InputError(f"{REPORT_NAME} is not JSON.", remedy=remedy) from error
    if not isinstance(value, dict) or not value:
        raise InputError(f"{REPORT_NAME} does not say anything.", remedy=remedy)
    if value.get("rows", table.num_rows) != table.num_rows or (
        "table_digest" in value and value["table_digest"] != digest_table(table)
    ):
        raise InputError(f"{REPORT_NAME} is the report of another table than the one to publish.", remedy=remedy)
    if any("/" in name or name.startswith(".") for name in report):
        raise InputError("the files of a report lie in one folder.")


class FileFault(StrEnum):
    """Kinds of fault in a file of a package."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class FaultyFile:
    """A file of a package that is not as it was signed.

    Attributes:
        path: Which.
        fault: What is wrong.
        message: A sentence about it.
    """

    path: str
    fault: FileFault
    message: str


@dataclass(frozen=True, slots=True)
class PackageVerification:
    """What checking a package showed.

    Attributes:
        manifest: Its manifest, or None when that cannot be read.
        signer: The key it was checked with, or empty when there was none that could be read.
        faults: Every file that is not as it was signed.
    """

    manifest: Manifest | None
    signer: str
    faults: tuple[FaultyFile, ...]

    @property
    def verified(self) -> bool:
        """Whether every file is as it was signed."""
        return not self.faults

    def require(self) -> None:
        """Refuse a package with a fault.

        Raises:
            VerificationError: Names every faulty file.
        """
        if self.faults:
            raise VerificationError(" ".join(f"{faulty.path}: {faulty.message}" for faulty in self.faults))

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON value."""
        return {
            "verified": self.verified,
            "dataset": self.manifest and self.manifest.dataset_id,
            "version": self.manifest and self.manifest.version,
            "files": len(self.manifest.files) if self.manifest else None,
            "signer": self.signer,
            "faults": [
                {"file": faulty.path, "fault": faulty.fault.value, "message": faulty.message} for faulty in self.faults
            ],
        }


def verify_package(files: Mapping[str, bytes], verifier: NoteVerifier | None = None) -> PackageVerification:
    """Check a package: every file against the manifest, the manifest against its signature.

    Without a key the package is checked against the key it carries. That finds damage and careless change. It does not
    find a package that was made anew under another key.

    Args:
        files: The package's files by path; read one at a time, so the mapping may load them when asked.
        verifier: The publisher's key, got from somewhere else than the package.
    """
    faults: list[FaultyFile] = []

    def add(path: str, fault: FileFault, message: str) -> None:
        if all(faulty.path != path for faulty in faults):
            faults.append(FaultyFile(path, fault, message))

    for path in (MANIFEST_NAME, SIGNATURE_NAME, PUBLIC_KEY_NAME):
        if path not in files:
            add(path, FileFault.MISSING, "missing.")
    manifest: Manifest | None = None
    if MANIFEST_NAME in files:
        try:
            manifest = Manifest.parse(files[MANIFEST_NAME])
        except VerificationError:
            add(MANIFEST_NAME, FileFault.CHANGED, "cannot be read: it was changed.")
    carried = _carried_key(files.get(PUBLIC_KEY_NAME, b""))
    named = _carried_key(manifest.signer.encode()) if manifest else None
    keys = [verifier] if verifier else [key for key in (carried, named) if key is not None]
    signer: NoteVerifier | None = None
    if MANIFEST_NAME in files and SIGNATURE_NAME in files:
        signer, signed = _signed_digest(files[SIGNATURE_NAME], keys)
        if signer is None:
            what = "not signed by the given key." if verifier else "the signature does not verify."
            add(SIGNATURE_NAME, FileFault.SIGNATURE, what)
        elif signed != digest_bytes(files[MANIFEST_NAME]):
            add(MANIFEST_NAME, FileFault.CHANGED, "changed after it was signed.")
    if signer is not None and PUBLIC_KEY_NAME in files and carried != signer:
        add(PUBLIC_KEY_NAME, FileFault.CHANGED, "not the key that signed the package.")
    if manifest is not None:
        for path, entry in manifest.files.items():
            if path not in files:
                add(path, FileFault.MISSING, "missing.")
            elif FileEntry.of(files[path]) != entry:
                add(path, FileFault.CHANGED, "changed after publication.")
        for path in sorted(set(files) - set(manifest.files) - {MANIFEST_NAME, SIGNATURE_NAME, PUBLIC_KEY_NAME}):
            add(path, FileFault.ADDED, "not in the manifest: it was added.")
    if signer is not None and not faults:
        try:
            require_log_proofs(files, signer)
        except VerificationError as error:
            add(LOG_FOLDER, FileFault.CHANGED, error.message)
    return PackageVerification(manifest, str(signer or verifier or carried or ""), tuple(faults))


def _carried_key(data: bytes) -> NoteVerifier | None:
    try:
        return NoteVerifier.parse(data.decode())
    except (KeyFileError, UnicodeDecodeError):
        return None


def _signed_digest(signature: bytes, keys: list[NoteVerifier]) -> tuple[NoteVerifier | None, str]:
    """The first key whose signature verifies, and the digest it signed."""
    for key in keys:
        try:
            return key, open_manifest_signature(signature, key)
        except VerificationError:
            continue
    return None, ""
