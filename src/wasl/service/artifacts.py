"""Keeps the artifacts of acts in the content-addressed store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wasl.registers.exchange.parquet_tables import write_parquet
from wasl.service.ports import Area, Office
from wasl.workflow.act import Artifact

__all__ = ["keep_artifact", "keep_artifacts"]


def keep_artifact(office: Office, area: Area, artifact: Artifact) -> str:
    """Save a table as Parquet, or bytes as they are; returns the digest that names the file."""

    def write(path: Path) -> None:
        if isinstance(artifact, bytes):
            path.write_bytes(artifact)
        else:
            write_parquet(artifact, path)

    return office.files.make(area, write).digest


def keep_artifacts(office: Office, area: Area, artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    """Save artifacts; returns the digest of each file by its name."""
    return {name: keep_artifact(office, area, artifact) for name, artifact in artifacts.items()}
