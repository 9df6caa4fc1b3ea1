"""Verbs killed at any moment: the local log loses nothing it acknowledged, and verifies."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from wasl.audit.events import AuditEvent, KeyCreated
from wasl.audit.verification import verify_export
from wasl.storage.local_log import LocalLog

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("WASL_TEST_KILLS", "4"))

PROGRAM = """
import sys
from wasl.audit.events import KeyCreated
from wasl.cli.audit_trail import record_event
for number in range(100_000):
    record_event(KeyCreated(), subject=f"{sys.argv[1]}-{number}")
    print(f"{sys.argv[1]}-{number}", flush=True)
"""


def test_nothing_acknowledged_is_lost(tmp_path):
    chance = random.Random(5)  # noqa: S311 - moments to kill at
    environment = {**os.environ, "WASL_HOME": str(tmp_path / "home")}
    acknowledged = []
    for turn in range(ROUNDS):
        running = [
            subprocess.Popen(
                [sys.executable, "-c", PROGRAM, f"{turn}{name}"], env=environment, stdout=subprocess.PIPE, text=True
            )
            for name in "ab"
        ]
        acknowledged += [process.stdout.readline().strip() for process in running]  # both are at work
        time.sleep(chance.uniform(0, 0.05))
        for process in running:
            process.send_signal(signal.SIGKILL)
        for process in running:
            # A last line without its end was cut off by the kill while it was printed.
            acknowledged += [line.strip() for line in process.communicate()[0].splitlines(True) if line.endswith("\n")]
    log = LocalLog(tmp_path / "home")
    log.append(AuditEvent(KeyCreated(), "2026-01-01T00:00:00Z", "test", "", "after"))
    subjects = [AuditEvent.parse(data).subject for data in log.events()]
    assert len(set(subjects)) == len(subjects)
    assert set(acknowledged) <= set(subjects)
    result = verify_export(log.export(), log.verifier())
    assert result.verified, result.fault
