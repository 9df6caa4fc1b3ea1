"""The package of a release as one file: the signed folder `wasl verify` checks, zipped with nothing left to chance."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from wasl.publication.description import DatasetDescription
from wasl.publication.manifest import MANIFEST_NAME
from wasl.publication.package import REPORT_NAME, build_package
from wasl.registers.documents import validate_document
from wasl.registers.exchange.digests import canonical_json, digest_bytes
from wasl.service.ports import Office
from wasl.service.records import Release

__all__ = ["write_package"]

FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_package(
    office: Office, release: Release, table: pa.Table, *, checkpoint: str, created: datetime, path: Path
) -> str:
    """Write the signed package of a release as a ZIP file; gives the manifest's digest.

    Raises:
        InputError: The table and its description do not agree; names the column.
    """
    description = validate_document(DatasetDescription, dict(release.description), "the dataset description")
    files = build_package(
        table,
        description,
        {REPORT_NAME: canonical_json(dict(release.public_report))},
        signer=office.signer,
        created=created.replace(microsecond=0),
        log_checkpoint=checkpoint,
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, FIRST_ZIP_DATE), data, zipfile.ZIP_DEFLATED)
    return digest_bytes(files[MANIFEST_NAME])
