"""Small writers of .xls, .xlsb and .ods workbooks: just what the tests need of the formats."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

RELATIONS = "http://schemas.openxmlformats.org"


class Error(str):
    """A cell in error."""


class Merged(str):
    """A cell that spans two rows."""


CODES = {"#REF!": 0x17, "#DIV/0!": 0x07, "#N/A": 0x2A}


def write(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """A workbook of the kind that the file's name ends in."""
    {".ods": write_ods, ".xls": write_xls, ".xlsb": write_xlsb}[path.suffix](path, sheets)
    return path


def write_ods(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    body = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    names = {
        "office": "office:1.0",
        "table": "table:1.0",
        "text": "text:1.0",
    }
    spaces = " ".join(f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}"' for k, v in names.items())
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} {calc}><office:body>'
            f"<office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>",
        )


def _ods_cell(cell: object) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, Error):
        return (
            '<table:table-cell table:formula="of:=1" office:value-type="string" office:string-value=""'
            f' calcext:value-type="error"><text:p>{cell}</text:p></table:table-cell>'
        )
    if isinstance(cell, (int, float)):
        value = f'office:value-type="float" office:value="{cell!r}"'
        return f"<table:table-cell {value}><text:p>{cell}</text:p></table:table-cell>"
    span = ' table:number-rows-spanned="2" table:number-columns-spanned="1"' if isinstance(cell, Merged) else ""
    return f'<table:table-cell office:value-type="string"{span}><text:p>{escape(str(cell))}</text:p></table:table-cell>'


def write_xlsb(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    book = record(131, b"") + record(143, b"")
    links = ""
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, rows) in enumerate(sheets.items(), start=1):
            book += record(156, struct.pack("<II", 0, number) + wide(f"rId{number}") + wide(name))
            links += (
                f'<Relationship Id="rId{number}" Type="{RELATIONS}/officeDocument/2006/relationships/worksheet"'
                f' Target="worksheets/sheet{number}.bin"/>'
            )
            archive.writestr(f"xl/worksheets/sheet{number}.bin", _xlsb_sheet(rows))
        archive.writestr("xl/workbook.bin", book + record(144, b"") + record(132, b""))
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{RELATIONS}/package/2006/relationships">{links}</Relationships>',
        )
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{RELATIONS}/package/2006/content-types"/>')


def _xlsb_sheet(rows: list[list[object]]) -> bytes:
    width = max(map(len, rows), default=1)
    body = record(129, b"") + record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, width - 1)) + record(145, b"")
    merged = []
    for r, row in enumerate(rows):
        body += record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, 0, 0, 0))
        for c, cell in enumerate(row):
            head = struct.pack("<II", c, 0)
            if isinstance(cell, Error):
                body += record(3, head + bytes([CODES[cell]]))
            elif isinstance(cell, (int, float)):
                body += record(5, head + struct.pack("<d", cell))
            elif cell is not None:
                body += record(6, head + wide(str(cell)))
            if isinstance(cell, Merged):
                merged.append(struct.pack("<IIII", r, r + 1, c, c))
    body += record(146, b"")
    if merged:
        body += (
            record(177, struct.pack("<I", len(merged))) + b"".join(record(176, m) for m in merged) + record(178, b"")
        )
    return body + record(130, b"")


def record(kind: int, data: bytes) -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    length, size = len(data), b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + data


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xls(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    begin = lambda kind: _biff(0x809, struct.pack("<HHHHII", 0x600, kind, 0x1000, 0x7CC, 0, 6))  # noqa: E731
    parts = [begin(0x10) + _xls_cells(rows) + _biff(0x0A, b"") for rows in sheets.values()]
    size_of_bounds = sum(4 + 8 + 2 * len(name) for name in sheets)
    place = len(begin(5)) + size_of_bounds + 4
    bounds = b""
    for name, part in zip(sheets, parts, strict=True):
        bounds += _biff(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 1) + name.encode("utf-16-le"))
        place += len(part)
    path.write_bytes(_compound(begin(5) + bounds + _biff(0x0A, b"") + b"".join(parts)))


def _xls_cells(rows: list[list[object]]) -> bytes:
    body, merged = b"", b""
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            head = struct.pack("<HHH", r, c, 0)
            if isinstance(cell, Error):
                body += _biff(0x205, head + bytes([CODES[cell], 1]))
            elif isinstance(cell, (int, float)):
                body += _biff(0x203, head + struct.pack("<d", cell))
            elif cell is not None:
                body += _biff(0x204, head + struct.pack("<HB", len(str(cell)), 1) + str(cell).encode("utf-16-le"))
            if isinstance(cell, Merged):
                merged += struct.pack("<HHHH", r, r + 1, c, c)
    return body + (_biff(0xE5, struct.pack("<H", len(merged) // 8) + merged) if merged else b"")


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """A compound file of sectors of 512 bytes with one stream."""
    stream += b"\0" * (-len(stream) % 512 if len(stream) >= 4096 else 4096 - len(stream))
    count = len(stream) // 512
    chain = [*range(1, count), 0xFFFFFFFE]
    tables = (count + 1 + 8) // 126 + 1
    links = [*chain, 0xFFFFFFFE, *[0xFFFFFFFD] * tables]
    links += [0xFFFFFFFF] * (tables * 128 - len(links))
    entry = lambda name, kind, child, first, size: (  # noqa: E731
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBBIII", 2 * len(name) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        + b"\0" * 36
        + struct.pack("<III", first, size, 0)
    )
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 0, len(stream))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, tables, count, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", *[count + 1 + n if n < tables else 0xFFFFFFFF for n in range(109)])
    return head + stream + directory.ljust(512, b"\0") + struct.pack(f"<{len(links)}I", *links)
