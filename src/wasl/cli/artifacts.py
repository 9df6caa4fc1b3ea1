"""Saves the artifacts of an act as files: all of them are written beside their places first, then renamed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from wasl.registers.exchange.parquet_tables import write_parquet
from wasl.registers.exchange.whole_files import whole_file
from wasl.workflow.act import Artifact

__all__ = ["write_artifacts"]


def write_artifacts(artifacts: Mapping[str, Artifact], folder: Path) -> dict[str, str]:
    """Save artifacts in a folder; returns the path of each by its name.

    Every file is complete before the first one is renamed to its place. If writing one fails, none appears.

    Args:
        artifacts: File name to table (saved as Parquet) or bytes.
        folder: Made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, artifact in artifacts.items():
            partial = stack.enter_context(whole_file(folder / name))
            if isinstance(artifact, bytes):
                partial.write_bytes(artifact)
            else:
                write_parquet(artifact, partial)
    return {name: str(folder / name) for name in artifacts}
