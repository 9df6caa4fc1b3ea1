"""The act that makes a signed release package of a protected table."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from wasl.audit.events import ReleasePublished
from wasl.audit.notes import NoteSigner
from wasl.publication.description import DatasetDescription
from wasl.publication.manifest import MANIFEST_NAME
from wasl.publication.package import build_package
from wasl.registers.exchange.digests import digest_bytes, digest_table
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.authorized import hold_output

__all__ = ["PUBLIC_REPORTS", "publish", "zip_package"]

PUBLIC_REPORTS = ("public-report.json", "public-report.html")
"""Artifacts of the acts `protect` and `synthesize` that go into a package."""

FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP file can hold; a constant, so that equal packages have equal bytes."""


def publish(
    table: pa.Table,
    reports: Mapping[str, bytes],
    description: DatasetDescription,
    options: RunOptions,
    *,
    signer: NoteSigner,
    created: datetime,
    log_checkpoint: str = "",
    log_proofs: Mapping[str, bytes] | None = None,
) -> Act[Mapping[str, bytes], ReleasePublished]:
    """Make the signed package of a protected table.

    Args:
        table: The protected table, columns as described.
        reports: The public report of its protection: file name to bytes.
        description: What the table is and what its columns and codes mean.
        options: The authorization to which the act is held, and the day.
        signer: The publisher's key.
        created: Time of publication, UTC.
        log_checkpoint: A signed checkpoint of the audit log, or empty.
        log_proofs: Proofs that protection, request and approval stand in the log, by name.

    Returns:
        Artifacts: every file of the package, by its path in it.

    Raises:
        InputError: Table, report and description do not agree; names the column.
        VerificationError: A file's reader refuses it, or reads other values; names file and column.
        AuthorizationError: The authorization in the options does not cover the variables.
    """
    standing = hold_output("publish", options, variables=table.column_names, recipient="public")
    package = build_package(
        table,
        description,
        {name: reports[name] for name in PUBLIC_REPORTS if name in reports},
        signer=signer,
        created=created.replace(microsecond=0),
        log_checkpoint=log_checkpoint,
        log_proofs=log_proofs,
    )
    files = package.files
    event = ReleasePublished(
        manifest_digest=digest_bytes(files[MANIFEST_NAME]),
        description_digest=description.digest,
        protected_digest=digest_table(table),
        rows=table.num_rows,
        columns=table.num_columns,
        files=len(files),
        key_id=signer.verifier.key_id.hex(),
        authorization=standing.decision if standing else None,
    )
    report: dict[str, Any] = {
        "dataset": description.dataset_id,
        "version": description.version,
        "rows": table.num_rows,
        "files": {path: len(data) for path, data in sorted(files.items())},
        "manifest_digest": event.manifest_digest,
        "public_key": str(signer.verifier),
        "notices": list(package.notices),
    }
    if standing is not None:
        report["authorization"] = standing.to_json()
    return Act(files, event, report, files)


def zip_package(files: Mapping[str, bytes]) -> bytes:
    """The package as one ZIP file; equal packages give equal bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, FIRST_ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()
