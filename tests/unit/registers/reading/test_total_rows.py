"""Lines of totals below a list are refused and counted; persons are kept, whatever their names."""

from __future__ import annotations

import pytest

from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

NAMES = [field.name for field in RegisterSchema.load("dgsn-permits").fields]
PERSON = dict.fromkeys(NAMES, "x") | {
    "nom": "Diallo", "prenom": "Awa", "sexe": "F", "date_naissance": "01/03/1985", "nationalite": "SEN",
    "date_entree": "01/02/2019", "date_delivrance": "01/03/2019", "date_expiration": "01/03/2024",
}  # fmt: skip


def read(tmp_path, *last):
    rows = [PERSON | {"num_titre": f"A{100 + i}"} for i in range(8)] + list(last)
    lines = [NAMES] + [[row.get(name, "") for name in NAMES] for row in rows]
    (tmp_path / "list.csv").write_text("\n".join(";".join(line) for line in lines) + "\n", encoding="utf-8")
    return read_register(tmp_path / "list.csv", RegisterSchema.load("dgsn-permits"))


@pytest.mark.parametrize(
    "word",
    ["TOTAL", "Total général : 8", "Totaux", "Sous-total", "Effectif", "Nombre de titres", "*** Fin de liste ***",
     "المجموع", "مجموع السندات", "الإجمالي", "\u200fالمجموع", "Nbre de titres", "Grand total"],
)  # fmt: skip
@pytest.mark.parametrize("column", ["num_titre", "type_titre"])
def test_a_line_of_totals_is_refused_once_and_counted(tmp_path, word, column):
    found = read(tmp_path, {column: word, "nom": "12", "adresse": "8"}, {})
    assert found.table.num_rows == 8
    assert found.rejects.to_pylist() == [
        {"row": 10, "column": "", "kind": "row", "reason": "a line of totals, not a record"}
    ]
    assert found.rows_read == 9


@pytest.mark.parametrize("surname", ["Total", "Somme", "Effectif"])
def test_somebody_who_is_called_so_is_kept(tmp_path, surname):
    whole = read(tmp_path, PERSON | {"num_titre": "A200", "nom": surname})
    scant = read(tmp_path, {"num_titre": "A200", "nom": surname, "prenom": "Awa", "nationalite": "SEN"})
    assert (whole.table.num_rows, scant.table.num_rows) == (9, 9)


def test_totals_are_looked_for_at_the_end_only(tmp_path):
    found = read(tmp_path, {"num_titre": "TOTAL", "nom": "x"}, *(PERSON | {"num_titre": f"B{i}"} for i in range(6)))
    assert found.table.num_rows == 15
