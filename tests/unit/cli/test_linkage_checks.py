"""A linkage with failed self-checks ends with exit code 3 unless the user accepts it."""

from __future__ import annotations

import pytest

from wasl.cli.linkage import _require_checks
from wasl.errors import ThresholdError

PASSED = {"name": "evidence", "passed": True, "message": "linked pairs rest on comparisons."}
FAILED = {"name": "cluster-sizes", "passed": False, "message": "900 of 1,000 records are in one person."}


def test_failed_checks_end_with_exit_code_3() -> None:
    with pytest.raises(ThresholdError, match="records per person: 900 of 1,000") as caught:
        _require_checks({"checks": [PASSED, FAILED]}, accept=False, quiet=False)
    assert caught.value.exit_code == 3
    assert "--accept" in caught.value.remedy


@pytest.mark.parametrize("report", [{}, {"checks": []}, {"checks": [PASSED]}])
def test_a_report_without_failed_checks_passes(report) -> None:
    _require_checks(report, accept=False, quiet=False)


@pytest.mark.parametrize("quiet", [False, True])
def test_accepted_checks_are_named_and_leave_json_alone(quiet: bool, capsys) -> None:
    _require_checks({"checks": [FAILED]}, accept=True, quiet=quiet)
    shown = capsys.readouterr().out
    assert ("records per person" in shown) is not quiet
