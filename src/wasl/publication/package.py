"""The release package: data in four formats, metadata, public report, manifest, signature. And its check.

Nothing here touches a disk: a package is a mapping from paths to bytes, so the service and the command line build and
check the same one. The same table, description, report, key and time give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from wasl.audit.notes import NoteSigner, NoteVerifier
from wasl.errors import InputError, KeyFileError, VerificationError
from wasl.publication.catalogue import dcat_json, schema_org_json
from wasl.publication.citation import citation_files
from wasl.publication.columns import typed_columns
from wasl.publication.ddi import codebook_xml
from wasl.publication.description import DatasetDescription
from wasl.publication.dictionary import PAGES, dictionary_csv, dictionary_html
from wasl.publication.formats import csv_bytes, parquet_bytes
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
from wasl.publication.nada import resources_rdf, survey_json
from wasl.publication.readback import require_readable_files
from wasl.publication.readme import README_NAME, readme_text
from wasl.publication.sdmx import frequency_files
from wasl.publication.spss import spss_file
from wasl.publication.stata import stata_file
from wasl.publication.summary import VariableSummary, summarize
from wasl.registers.exchange.digests import digest_bytes, digest_table

__all__ = [
    "REPORT_NAME",
    "FaultyFile",
    "FileFault",
    "Package",
    "PackageVerification",
    "build_package",
    "verify_package",
]

REPORT_NAME = "public-report.json"
"""The public report of the protection, without which no table is published."""

SOFTWARE = f"wasl {version('wasl')}"

SDMX_STRUCTURE = "application/vnd.sdmx.structure+xml"
SDMX_DATA = "application/vnd.sdmx.data+xml"

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
    "metadata/dictionary.html": ("Dictionary of variables", "text/html"),
    "metadata/dictionary.fr.html": ("Dictionnaire des variables", "text/html"),
    "metadata/dictionary.ar.html": ("دليل المتغيرات", "text/html"),
    "metadata/dictionary.csv": ("Dictionary of variables, as a table", "text/csv; charset=utf-8"),
    "metadata/sdmx/structure.sdmx-3.0.xml": ("SDMX 3.0 structure of the frequencies", SDMX_STRUCTURE),
    "metadata/sdmx/structure.sdmx-2.1.xml": ("SDMX 2.1 structure of the frequencies", SDMX_STRUCTURE),
    "metadata/sdmx/data.sdmx-3.0.xml": ("SDMX 3.0 frequencies of each variable", SDMX_DATA),
    "metadata/sdmx/data.sdmx-2.1.xml": ("SDMX 2.1 frequencies of each variable", SDMX_DATA),
    "metadata/sdmx/data.sdmx.csv": ("SDMX-CSV 2.0 frequencies of each variable", "application/vnd.sdmx.data+csv"),
    "metadata/citation.txt": ("How to cite the data", "text/plain; charset=utf-8"),
    "metadata/citation.bib": ("How to cite the data, BibTeX", "application/x-bibtex"),
    "metadata/citation.ris": ("How to cite the data, RIS", "application/x-research-info-systems"),
    "report/public-report.html": ("Public report on the protection of the data", "text/html"),
    "report/public-report.json": ("Public report on the protection of the data, machine-readable", "application/json"),
}
"""Title and media type of each file beside the data, as catalogues name it."""

CATALOGUE_TITLES = {
    "metadata/ddi-codebook.xml": "Codebook (DDI Codebook 2.5; en, fr, ar)",
    "metadata/nada-survey.json": "Survey for NADA and the Metadata Editor",
    "metadata/nada-resources.rdf": "External resources for NADA",
    "metadata/dataset.jsonld": "Dataset for search engines (schema.org)",
    "metadata/dcat.jsonld": "Dataset for data portals (DCAT)",
}
"""Title of each file that describes the others."""


@dataclass(frozen=True, slots=True)
class Package:
    """A signed release.

    Attributes:
        files: Path to bytes.
        notices: Sentences about what a format of the data files could not take; each names the variable.
    """

    files: dict[str, bytes] = field(repr=False)
    notices: tuple[str, ...] = ()


def build_package(
    table: pa.Table,
    description: DatasetDescription,
    report: Mapping[str, bytes],
    *,
    signer: NoteSigner,
    created: dt.datetime,
    log_checkpoint: str = "",
    log_proofs: Mapping[str, bytes] | None = None,
) -> Package:
    """The files of a release, by path; each was read back before the manifest was signed.

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
        VerificationError: A file's reader refuses it or reads other values; names file and column.
    """
    _require_report(report, table)
    columns = typed_columns(table, description)
    summaries = summarize(columns)
    name, rows, date = description.dataset_id, table.num_rows, created.date().isoformat()
    spss = spss_file(columns, title=description.title, created=created)
    stata = stata_file(columns, title=description.title, created=created)
    data = {
        f"data/{name}.csv": csv_bytes(columns),
        f"data/{name}.parquet": parquet_bytes(columns),
        f"data/{name}.sav": spss.data,
        f"data/{name}.dta": stata.data,
    }
    files = {
        **data,
        "metadata/dictionary.csv": dictionary_csv(summaries),
        **{
            f"metadata/{page}": dictionary_html(description, summaries, language=language, rows=rows, created=date)
            for language, (page, _) in PAGES.items()
        },
        **{f"metadata/{file}": text for file, text in citation_files(description, created=created).items()},
        **{f"report/{report_name}": data for report_name, data in report.items()},
        **{f"{LOG_FOLDER}{proof}.json": data for proof, data in (log_proofs or {}).items()},
    }
    frequencies = frequency_files(description, summaries, created=created)
    files |= {f"metadata/sdmx/{file}": message for file, message in frequencies.items()}
    files |= _catalogue(description, summaries, files, rows=rows, created=created)
    notices = (*spss.notices, *stata.notices)
    titles = {f"data/{name}.{suffix}": title for suffix, title in DATA_TITLES.items()}
    titles |= CATALOGUE_TITLES | {path: title for path, (title, _) in MATERIALS.items() if path in files}
    files[README_NAME] = readme_text(description, titles, created=date, key=str(signer.verifier), notices=notices)
    require_readable_files(files, columns)
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
    signed = {**files, MANIFEST_NAME: manifest, SIGNATURE_NAME: sign_manifest(manifest, name, signer)}
    return Package(signed, notices)


def _catalogue(
    description: DatasetDescription,
    summaries: Sequence[VariableSummary],
    files: Mapping[str, bytes],
    *,
    rows: int,
    created: dt.datetime,
) -> dict[str, bytes]:
    """The files that describe the others: codebook, and what NADA, search engines and data portals read."""
    name = description.dataset_id
    data_files = {f"{name}.{suffix}": form for suffix, form in DATA_FORMATS.items()}
    materials = {path: entry for path, entry in MATERIALS.items() if path in files}
    data_entries = {
        f"data/{name}.{suffix}": (title, DATA_FORMATS[suffix], len(files[f"data/{name}.{suffix}"]))
        for suffix, title in DATA_TITLES.items()
    }
    resources = {path: (title, media) for path, (title, media, _) in data_entries.items()} | materials
    common: dict[str, Any] = {"rows": rows, "created": created, "software": SOFTWARE}
    titles = {path: title for path, (title, _) in materials.items()}
    return {
        "metadata/ddi-codebook.xml": codebook_xml(description, summaries, data_files, titles, **common),
        "metadata/nada-survey.json": survey_json(description, summaries, data_files, **common),
        "metadata/nada-resources.rdf": resources_rdf(description, resources, created=created),
        "metadata/dataset.jsonld": schema_org_json(
            description, [summary.column.variable for summary in summaries], data_entries, created=created
        ),
        "metadata/dcat.jsonld": dcat_json(description, data_entries, created=created),
    }


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
