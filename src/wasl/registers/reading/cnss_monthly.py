"""CNSS's monthly declaration of wages: fixed-width lines of 260 characters, control totals checked.

Records A00–A03 are what CNSS sends out (pre-established), B00–B06 what the employer declares: B02 staff known to CNSS,
B04 entrants (who carry their CIN), B03, B05 and B06 totals. Amounts are in centimes. The file has neither nationality
nor birth date, so it is joined with the registration file on the insured number.

*Source:* the public layout of the electronic declaration (e-BDS, CNSS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wasl.errors import RegisterError
from wasl.registers.reading.refusals import UNKNOWN_LINE, wrong_length, wrong_total

__all__ = ["LAYOUT", "LINE", "MonthlyDeclaration", "is_monthly_declaration", "join_registration", "read_monthly"]

LINE = 260

HEADER = (("type", 3), ("num_affilie", 7), ("periode", 6))
LAYOUT: dict[str, tuple[tuple[str, int], ...]] = {
    "A00": (("type", 3), ("transfert", 14), ("categorie", 2), ("blanc", 241)),
    "A01": (*HEADER, ("raison_sociale", 40), ("activite", 40), ("adresse", 120), ("ville", 20), ("code_postal", 6),
            ("code_agence", 2), ("date_emission", 8), ("date_exigibilite", 8)),
    "A02": (*HEADER, ("num_immatriculation", 9), ("nom_prenom", 60), ("enfants", 2), ("af_a_payer", 6),
            ("af_a_deduire", 6), ("af_net", 6), ("blanc", 155)),
    "A03": (*HEADER, ("salaries", 6), ("enfants", 6), ("af_a_payer", 12), ("af_a_deduire", 12), ("af_net", 12),
            ("num_immatriculation", 15), ("blanc", 181)),
    "B00": (("type", 3), ("transfert", 14), ("categorie", 2), ("blanc", 241)),
    "B01": (*HEADER, ("raison_sociale", 40), ("activite", 40), ("adresse", 120), ("ville", 20), ("code_postal", 6),
            ("code_agence", 2), ("date_emission", 8), ("date_exigibilite", 8)),
    "B02": (*HEADER, ("num_immatriculation", 9), ("nom_prenom", 60), ("enfants", 2), ("af_a_payer", 6),
            ("af_a_deduire", 6), ("af_net", 6), ("af_a_reverser", 6), ("jours_declares", 2), ("salaire_reel", 13),
            ("salaire_plafonne", 9), ("situation", 2), ("controle", 19), ("blanc", 104)),
    "B03": (*HEADER, ("salaries", 6), ("enfants", 6), ("af_a_payer", 12), ("af_a_deduire", 12), ("af_net", 12),
            ("num_immatriculation", 15), ("af_a_reverser", 12), ("jours_declares", 6), ("salaire_reel", 15),
            ("salaire_plafonne", 13), ("controle", 19), ("blanc", 116)),
    "B04": (*HEADER, ("num_immatriculation", 9), ("nom_prenom", 60), ("num_cin", 8), ("jours_declares", 2),
            ("salaire_reel", 13), ("salaire_plafonne", 9), ("controle", 19), ("blanc", 124)),
    "B05": (*HEADER, ("salaries", 6), ("num_immatriculation", 15), ("jours_declares", 6), ("salaire_reel", 15),
            ("salaire_plafonne", 13), ("controle", 19), ("blanc", 170)),
    "B06": (*HEADER, ("salaries", 6), ("num_immatriculation", 15), ("jours_declares", 6), ("salaire_reel", 15),
            ("salaire_plafonne", 13), ("controle", 19), ("blanc", 170)),
}  # fmt: skip
"""Fields and widths of each record; every record is 260 characters wide."""

TOTALS = ("num_immatriculation", "jours_declares", "salaire_reel", "salaire_plafonne", "controle")
PERSON_COLUMNS = (
    "num_affilie", "periode", "num_immatriculation", "nom_prenom", "jours_declares", "salaire_reel",
    "salaire_plafonne", "situation", "num_cin",
)  # fmt: skip
MOST_DAYS = 26


@dataclass(frozen=True, slots=True)
class MonthlyDeclaration:
    """A declaration as read.

    Attributes:
        table: One row per declared line (B02, B04), as text.
        rows: Line number of each.
        broken: Lines of the wrong length or of an unknown type: (line, reason).
        mismatches: Totals that do not add up: (line, total, reason).
    """

    table: pa.Table = field(repr=False)
    rows: pa.Array = field(repr=False)
    broken: tuple[tuple[int, str], ...]
    mismatches: tuple[tuple[int, str, str], ...]


def is_monthly_declaration(path: Path) -> bool:
    """True for a file that begins like a monthly declaration."""
    with path.open("rb") as stream:
        head = stream.read(LINE + 2)
    return head[:3] in (b"A00", b"B00") and head[LINE:].strip(b"\r\n") == b"" and len(head) >= LINE


def read_monthly(path: Path) -> MonthlyDeclaration:
    """A monthly declaration, its totals checked.

    Raises:
        RegisterError: It holds no declared line.
    """
    lines = path.read_bytes().split(b"\n")
    good: list[bytes] = []
    numbers: list[int] = []
    broken: list[tuple[int, str]] = []
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip(b"\r")
        kind = line[:3].decode("ascii", "replace")
        if not line.strip():
            continue
        if kind not in LAYOUT:
            broken.append((number, UNKNOWN_LINE))
        elif len(line) != LINE:
            broken.append((number, wrong_length(len(line), LINE)))
        else:
            good.append(line)
            numbers.append(number)
    block = np.frombuffer(b"".join(good), np.uint8).reshape(-1, LINE)
    places = np.array(numbers, dtype=np.int64)
    kinds = _text(block[:, :3])
    tables, rows = [], []
    for kind in ("B02", "B04"):
        chosen = kinds == kind
        cells = _cells(block[chosen], kind)
        n = int(chosen.sum())
        columns = {name: cells.get(name, np.full(n, "", "U1")) for name in PERSON_COLUMNS}
        tables.append(pa.table({name: pa.array(values.tolist(), pa.string()) for name, values in columns.items()}))
        rows.append(places[chosen])
    table = pa.concat_tables(tables)
    if table.num_rows == 0:
        raise RegisterError(f"{path}: no declared employee (records B02 and B04).")
    blank = [pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column) for column in table.columns]
    table = pa.table(dict(zip(table.column_names, blank, strict=True)))
    mismatches = tuple(_check_totals(block, kinds, places))
    return MonthlyDeclaration(table, pa.array(np.concatenate(rows)), tuple(broken), mismatches)


def _text(cells: NDArray[np.uint8]) -> NDArray[np.str_]:
    """Fixed-width bytes (Latin-1) as stripped text."""
    width = cells.shape[1]
    return np.char.strip(np.ascontiguousarray(cells).astype(np.uint32).view(f"<U{width}").ravel())


def _cells(block: NDArray[np.uint8], kind: str) -> dict[str, NDArray[np.str_]]:
    cells, start = {}, 0
    for name, width in LAYOUT[kind]:
        cells[name] = _text(block[:, start : start + width])
        start += width
    return cells


def _numbers(values: NDArray[np.str_]) -> NDArray[np.object_]:
    """Whole numbers of any size; what is no number counts 0."""
    return np.array(
        [int(value) if value.isascii() and value.isdigit() else 0 for value in values.tolist()], dtype=object
    )


def _check_totals(
    block: NDArray[np.uint8], kinds: NDArray[np.str_], places: NDArray[np.int64]
) -> list[tuple[int, str, str]]:
    """Compare B03 with the B02 lines, B05 with B04, B06 with both, by employer and month."""
    found: list[tuple[int, str, str]] = []
    lines = {kind: _cells(block[kinds == kind], kind) for kind in ("B02", "B04")}
    for total, summed in (("B03", ("B02",)), ("B05", ("B04",)), ("B06", ("B02", "B04"))):
        stated = _cells(block[kinds == total], total)
        figures = {name: _numbers(stated[name]) for name in ("salaries", *TOTALS)}
        for row, (employer, month) in enumerate(zip(stated["num_affilie"], stated["periode"], strict=True)):
            line = int(places[kinds == total][row])
            own = [
                (lines[kind], (lines[kind]["num_affilie"] == employer) & (lines[kind]["periode"] == month))
                for kind in summed
            ]
            counted = {"salaries": sum(int(mask.sum()) for _, mask in own)}
            for name in TOTALS:
                counted[name] = sum(int(_numbers(cells[name][mask]).sum()) for cells, mask in own)
            found += [
                (line, name, wrong_total(total)) for name, value in counted.items() if int(figures[name][row]) != value
            ]
    return found


def join_registration(declared: pa.Table, registration: pa.Table) -> pa.Table:
    """Declared persons with what the registration file knows about them, in the order given.

    Insured numbers match without their leading zeros. Persons absent from the registration file stay, with gaps.

    Args:
        declared: One row per person, with ``num_immatriculation``.
        registration: Text columns with ``num_immatriculation`` and others (birth date, nationality, sex, document).
    """
    number = pc.ascii_ltrim(pc.fill_null(declared["num_immatriculation"], ""), "0")
    known = registration.append_column("number", pc.ascii_ltrim(registration["num_immatriculation"], "0"))
    known = known.filter(pc.is_valid(known["number"]))
    place = pc.index_in(number, value_set=known["number"].combine_chunks())
    for name in registration.column_names:
        if name not in declared.column_names:
            declared = declared.append_column(name, known[name].take(place))
    return declared
