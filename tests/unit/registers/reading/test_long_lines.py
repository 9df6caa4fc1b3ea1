"""A file of one enormous line is refused before it is read as a whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.errors import InputError
from wasl.registers.reading import long_lines
from wasl.registers.reading.microdata import open_microdata


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([b"x", b"yy", b"zzzzz", b"\n", b"\r", b"\r\n", b"\n\n"]), max_size=40),
    st.integers(1, 12),
    st.integers(1, 9),
)
def test_the_longest_line_decides(tmp_path_factory, parts, longest, block):
    path = tmp_path_factory.mktemp("lines") / "file.csv"
    content = b"".join(parts)
    path.write_bytes(content)
    lines = content.replace(b"\r", b"\n").split(b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_lines, "LONGEST_LINE", longest)
        patch.setattr(long_lines, "BLOCK_BYTES", block)
        if max(map(len, lines)) > longest:
            with pytest.raises(InputError, match="a line has more than"):
                long_lines.require_lines(path)
        else:
            long_lines.require_lines(path)


def test_microdata_of_one_line_are_refused_without_reading_them(tmp_path, monkeypatch):
    path = tmp_path / "line.csv"
    path.write_bytes(b"a,b\n" + b"x" * (long_lines.LONGEST_LINE + 1) + b",1\n")
    monkeypatch.setattr("wasl.registers.reading.microdata.detect_encoding", lambda _: pytest.fail("it was read"))
    with pytest.raises(InputError, match="a line has more than 16,777,216 bytes") as refused:
        open_microdata(path)
    assert "xxx" not in str(refused.value)
