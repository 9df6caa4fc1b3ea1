"""The act that makes a signed package of protected tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version

from wasl.audit.events import TablesPublished
from wasl.audit.notes import NoteSigner
from wasl.errors import InputError
from wasl.publication.log_proofs import LOG_FOLDER
from wasl.publication.manifest import (
    MANIFEST_NAME,
    PUBLIC_KEY_NAME,
    SIGNATURE_NAME,
    FileEntry,
    Manifest,
    sign_manifest,
)
from wasl.registers.exchange.digests import digest_bytes
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import Act, RunOptions
from wasl.workflow.authorized import hold_output
from wasl.workflow.tabulate import internal_artifacts

__all__ = ["METHOD_NOTE", "publish_tables"]

METHOD_NOTE = "method.html"
"""The public note on how the tables were protected, without which none is published."""


def publish_tables(
    files: Mapping[str, bytes],
    spec: TablesSpec,
    options: RunOptions,
    *,
    title: str,
    cells: int,
    signer: NoteSigner,
    created: datetime,
    log_checkpoint: str = "",
    log_proofs: Mapping[str, bytes] | None = None,
) -> Act[Mapping[str, bytes], TablesPublished]:
    """Make the signed package of protected tables.

    Args:
        files: The public artifacts of the act `tabulate`, as bytes.
        spec: The specification of the tables.
        options: The authorization to which the act is held, and the day.
        title: What readers see.
        cells: Cells of all tables.
        signer: The publisher's key.
        created: Time of publication, UTC.
        log_checkpoint: A signed checkpoint of the audit log, or empty.
        log_proofs: Proofs that protection, request and approval stand in the log, by name.

    Returns:
        Artifacts: every file of the package, by its path in it.

    Raises:
        AuthorizationError: The authorization in the options does not cover the tables.
        InputError: A file is for the office alone, or the note on the method is missing.
    """
    standing = hold_output("publish-tables", options, output="tables", variables=spec.columns, recipient="public")
    internal = internal_artifacts(list(files))
    if internal:
        raise InputError(f"{', '.join(internal)} must not leave the office.")
    if METHOD_NOTE not in files:
        raise InputError("tables without the note on their protection are not published.")
    paths = {f"{'report' if name == METHOD_NOTE else 'data'}/{name}": data for name, data in files.items()}
    paths |= {f"{LOG_FOLDER}{name}.json": data for name, data in (log_proofs or {}).items()}
    paths[PUBLIC_KEY_NAME] = f"{signer.verifier}\n".encode()
    manifest = Manifest(
        spec.name,
        spec.tables[0].period or "1",
        title,
        created.replace(microsecond=0).isoformat(timespec="seconds"),
        f"wasl {version('wasl')}",
        cells,
        spec.digest,
        digest_bytes(files[METHOD_NOTE]),
        str(signer.verifier),
        log_checkpoint,
        {path: FileEntry.of(data) for path, data in sorted(paths.items())},
    ).to_bytes()
    package = {**paths, MANIFEST_NAME: manifest, SIGNATURE_NAME: sign_manifest(manifest, spec.name, signer)}
    event = TablesPublished(
        manifest_digest=digest_bytes(manifest),
        specification_digest=spec.digest,
        cells=cells,
        files=len(package),
        key_id=signer.verifier.key_id.hex(),
        authorization=standing.decision if standing else None,
    )
    report: dict[str, object] = {
        "tables": spec.name,
        "cells": cells,
        "files": {path: len(data) for path, data in sorted(package.items())},
        "manifest_digest": event.manifest_digest,
        "public_key": str(signer.verifier),
    }
    if standing is not None:
        report["authorization"] = standing.to_json()
    return Act(package, event, report, package)
