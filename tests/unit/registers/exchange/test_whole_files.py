"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasl.registers.exchange.whole_files import whole_file, write_whole


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    write_whole(path, "old")
    with pytest.raises(RuntimeError), whole_file(path) as partial:  # noqa: PT012 - the failure is inside
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_file_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with whole_file(path, mode=0o600) as partial:
        assert partial.stat().st_mode & 0o077 == 0
        partial.write_bytes(b"x")
    assert path.stat().st_mode & 0o077 == 0
