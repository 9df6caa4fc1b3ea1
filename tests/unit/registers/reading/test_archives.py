"""Workbooks made to exhaust a machine: small on the disk, large in memory."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError
from wasl.registers.reading import archives
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.sources import check_file

BOOK = "xl/workbook.xml"


def bomb(path, part, megabytes):
    """A workbook one part of which is a run of one letter."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(BOOK, "<workbook/>")
        archive.writestr("content.xml", "<a/>")
        with archive.open(part, "w", force_zip64=True) as target:
            for _ in range(megabytes):
                target.write(b"x" * 2**20)
    return path


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "styles.xml"])
def test_a_part_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(tmp_path, part):
    path = bomb(tmp_path / "file.xlsx", part, 300)
    assert path.stat().st_size < 400_000
    tracemalloc.start()
    for read in (check_file, draft_register):
        with pytest.raises(RegisterError, match="unpacks to 314,572,800 bytes"):
            read(path)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_a_sheet_of_equal_rows_is_read(tmp_path, monkeypatch):
    """The best packed sheet that a program writes stays below the limit; small parts have none."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for _ in range(30_000):
        sheet.append(["nom", "prenom", "1"])
    target = io.BytesIO()
    book.save(target)
    path = tmp_path / "file.xlsx"
    path.write_bytes(target.getvalue())
    with zipfile.ZipFile(path) as archive:
        times = max(one.file_size / one.compress_size for one in archive.infolist() if one.file_size > 10**6)
    assert times < archives.MOST_TIMES / 2
    monkeypatch.setattr(archives, "SMALL_PART", 0)
    assert check_file(path) == "excel"


@pytest.mark.parametrize("spaces", [2_000_000_000, 60_000_000])
def test_spaces_that_an_opendocument_file_repeats_are_counted_before_they_are_made(tmp_path, spaces):
    names = ("office", "table", "text")
    spelled = " ".join(f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"' for one in names)
    content = (
        f"<office:document-content {spelled}><office:body><office:spreadsheet>"
        '<table:table table:name="a"><table:table-row><table:table-cell office:value-type="string">'
        f'<text:p>nom<text:s text:c="{spaces}"/></text:p></table:table-cell></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "file.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    with pytest.raises(RegisterError, match="readable"):
        draft_register(path)


ENTITIES = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "eeeeeeeeee">' + "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e9 SYSTEM "file:///etc/hostname">'


@pytest.mark.parametrize("declared", [ENTITIES, OUTSIDE], ids=["nested entities", "a file of this machine"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_workbook_with_entities_is_refused(tmp_path, part, declared):
    book, path = Workbook(), tmp_path / "file.xlsx"
    book.active.append(["nom", "prenom"])
    book.active.append(["a", "b"])
    book.save(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name == part:
                body = text.partition("?>")[2] if text.startswith("<?xml") else text
                end = body.rindex("</")
                text = f"{declared}]>{body[:end]}<x>&e9;</x>{body[end:]}"
            new.writestr(name, text)
    tracemalloc.start()
    for read in (check_file, draft_register):
        with pytest.raises(RegisterError, match="document type"):
            read(path)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()
