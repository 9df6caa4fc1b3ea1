"""Uploaded files shown to a scanner of the office before anything reads them.

The scanner is a program that the setting ``scan_command`` names. It gets the path of the file as its last argument, and
nothing else: no text of the service's environment, which has secrets, and no input. Its exit code decides, as scanners
use it: 0 takes the file, 1 refuses it. Whatever else happens, the file is not taken in, and the sender is told to come
back: a scanner that does not work is no reason to take files unseen.

*Does not protect against* what the scanner does not know. The program reads every upload and runs as the service does.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import structlog

from wasl.errors import InputError
from wasl.web.middleware import Metrics
from wasl.web.settings import ServiceSettings

__all__ = ["Verdict", "require_scanner", "scan"]

TAKES, REFUSES = 0, 1
"""Exit codes of clamscan and clamdscan, which other scanners follow."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
"""Variables of the environment that a program needs to run; none of them is a secret."""


class Verdict(StrEnum):
    """The outcome of a scan."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_SCANNED = "not scanned"


def require_scanner(settings: ServiceSettings) -> None:
    """Refuse a start with a scanner that is not there.

    Raises:
        InputError: ``scan_command`` names a program that cannot be run.
    """
    command = settings.scan_command
    if command and shutil.which(command[0]) is None:
        raise InputError(
            f"scan_command: no program {command[0]!r} that can be run.",
            remedy="Install the scanner, or give its full path.",
        )


async def scan(path: Path, settings: ServiceSettings, metrics: Metrics) -> Verdict:
    """The scanner's verdict on a complete file, counted; no scanner, no verdict.

    Args:
        path: The file, which no other part of the service has read.
        settings: The program, and how long it may take.
        metrics: Counts the verdicts.
    """
    if not settings.scan_command:
        return Verdict.NOT_SCANNED
    verdict = await _run((*settings.scan_command, str(path)), settings.scan_seconds)
    metrics.scanned.labels(verdict.value).inc()
    if verdict is not Verdict.TAKEN:
        structlog.get_logger().warning("an upload was not taken in", scanner=verdict.value)
    return verdict


async def _run(command: Sequence[str], seconds: float) -> Verdict:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=nothing, stdout=nothing, stderr=nothing, env=passed_on
        )
    except OSError:
        return Verdict.FAILED
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        return Verdict.FAILED
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return {TAKES: Verdict.TAKEN, REFUSES: Verdict.REFUSED}.get(code, Verdict.FAILED)
