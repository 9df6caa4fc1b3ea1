"""A disk that is full while a file of a statistical package is written is said as that, whatever its writer does."""

from __future__ import annotations

import errno
from pathlib import Path

import pyreadstat
import pytest

from wasl.publication import statistical_packages
from wasl.publication.statistical_packages import written


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("refuses", [False, True])
def test_a_full_disk_is_no_fault_of_the_table(monkeypatch: pytest.MonkeyPatch, number: int, refuses: bool) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(number, "as the system says")

    def write(path: Path, _columns: object) -> None:
        path.write_bytes(b"cut")
        if refuses:
            raise pyreadstat.ReadstatError("unable to write data")

    assert written("SPSS", [], lambda path, _columns: path.write_bytes(b"whole")) == b"whole"
    monkeypatch.setattr(statistical_packages.os, "fsync", fail)
    with pytest.raises(OSError, match="as the system says") as caught:
        written("SPSS", [], write)
    assert caught.value.errno == number
