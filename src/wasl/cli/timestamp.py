"""``wasl audit timestamp-request`` and ``timestamp-verify``: trusted time for checkpoints, through files only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wasl.cli.output import JsonFlag, emit, say

__all__ = ["timestamp_request", "timestamp_verify"]

Checkpoint = Annotated[Path, typer.Argument(help="A signed checkpoint, as `wasl audit checkpoint --out` wrote it.")]


def timestamp_request(
    checkpoint: Checkpoint,
    out: Annotated[Path, typer.Option(help="Request to write (DER).")],
    json_output: JsonFlag = False,
) -> None:
    """Write the request for a time-stamp of a checkpoint, to send to an authority (RFC 3161).

    Example: wasl audit timestamp-request checkpoint.txt --out checkpoint.tsq
    """
    from wasl.audit.timestamp import timestamp_request as request

    data = request(checkpoint.read_text(encoding="utf-8"))
    out.write_bytes(data)
    if json_output:
        emit({"request": str(out), "bytes": len(data)})
    else:
        say(f"{out}: send it with: curl -H 'Content-Type: application/timestamp-query' --data-binary @{out} URL")


def timestamp_verify(
    checkpoint: Checkpoint,
    response: Annotated[Path, typer.Option(help="The authority's answer (DER).")],
    root: Annotated[list[Path], typer.Option(help="Root certificate of the authority (PEM); repeat for several.")],
    json_output: JsonFlag = False,
) -> None:
    """Check that an authority saw a checkpoint, and say when; exit 3 when its answer does not hold.

    Example: wasl audit timestamp-verify checkpoint.txt --response checkpoint.tsr --root authority.pem
    """
    from wasl.audit.timestamp import verify_timestamp

    note = checkpoint.read_text(encoding="utf-8")
    seen = verify_timestamp(response.read_bytes(), note, [path.read_bytes() for path in root])
    if json_output:
        emit({"verified": True, "seen": seen.isoformat()})
    else:
        say(f"{checkpoint}: seen by the authority at {seen.isoformat()}.")
