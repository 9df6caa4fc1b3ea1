"""CNSS's monthly declaration: fixed width, totals checked, joined with the registration file."""

from __future__ import annotations

import pytest

from wasl.errors import RegisterError
from wasl.registers.reading.cnss_monthly import LAYOUT, LINE, read_monthly
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

REGISTRATION = (
    "num_immatriculation,nom_jeune_fille,sexe,date_naissance,nationalite,type_piece,num_piece,code_activite,ville\n"
    "1234567,,1,19900205,SEN,PP,A0012,G,Casablanca\n"
    "2234567,,2,19850101,CIV,CS,C77,F,Rabat\n"
)


def line(kind: str, **cells: str | int) -> str:
    text = ""
    for name, width in LAYOUT[kind]:
        value = str(cells.get(name, kind if name == "type" else ""))
        number = isinstance(cells.get(name), int)
        text += value.rjust(width, "0") if number else value.ljust(width)
    return text


def declaration(**totals: int) -> str:
    head = {"num_affilie": 1111111, "periode": 202610}
    first = {"num_immatriculation": 1234567, "nom_prenom": "DIALLO MAMADOU", "jours_declares": 26,
             "salaire_reel": 500000, "salaire_plafonne": 500000, "controle": 11}  # fmt: skip
    new = {"num_immatriculation": 2234567, "nom_prenom": "KONE AWA", "num_cin": "", "jours_declares": 10,
           "salaire_reel": 200000, "salaire_plafonne": 200000, "controle": 12}  # fmt: skip
    total = {"salaries": 1, "num_immatriculation": 1234567, "jours_declares": 26, "salaire_reel": 500000,
             "salaire_plafonne": 500000, "controle": 11} | totals  # fmt: skip
    lines = [
        line("B00", transfert=1, categorie="B0"),
        line("B01", **head),
        line("B02", **head, **first),
        line("B03", **head, **total),
        line("B04", **head, **new),
        line("B05", **head, **{name: new.get(name, 1) for name in total}),
        line("B06", **head, **{name: total.get(name, 0) + int(new.get(name, 1)) for name in total}),
    ]
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture
def files(tmp_path):
    def files(text: str):
        (tmp_path / "registration.csv").write_text(REGISTRATION)
        (tmp_path / "bds.txt").write_text(text, encoding="latin-1", newline="")
        return tmp_path / "bds.txt", tmp_path / "registration.csv"

    return files


@pytest.mark.parametrize("kind", LAYOUT)
def test_every_record_is_260_wide(kind):
    assert sum(width for _, width in LAYOUT[kind]) == LINE


def test_declared_employees_are_joined_with_their_registration(files):
    path, registration = files(declaration())
    table = read_register(path, RegisterSchema.load("cnss-employees"), registration=registration)
    rows = {row["num_immatriculation"]: row for row in table.table.to_pylist()}
    assert rows["001234567"]["nom_prenom"] == "DIALLO MAMADOU"
    assert rows["001234567"]["date_naissance"].year == 1990
    assert rows["001234567"]["salaire_reel"] == 500000
    assert rows["002234567"]["nationalite"] == "CIV"
    assert table.rejects.num_rows == 0


def test_someone_with_two_employers_is_one_row(files):
    first = declaration()
    path, registration = files(first + first.replace("1111111", "2222222"))
    table = read_register(path, RegisterSchema.load("cnss-employees"), registration=registration)
    assert table.table.num_rows == 2
    assert table.table["jours_declares"].to_pylist() == [26, 20]


def test_totals_that_do_not_add_up_are_reported(files):
    path, registration = files(declaration(salaire_reel=400000))
    table = read_register(path, RegisterSchema.load("cnss-employees"), registration=registration)
    assert [(row["row"], row["column"]) for row in table.rejects.to_pylist()] == [
        (4, "salaire_reel"),
        (7, "salaire_reel"),
    ]


def test_lines_of_another_length_are_rejected_with_their_number(files):
    path, _ = files(declaration() + "B02short\r\nZ99\r\n")
    assert [number for number, _ in read_monthly(path).broken] == [8, 9]


def test_without_the_registration_file_the_remedy_is_named(files):
    path, _ = files(declaration())
    with pytest.raises(RegisterError, match="--registration"):
        read_register(path, RegisterSchema.load("cnss-employees"))


def test_a_declaration_without_employees_is_refused(files):
    path, _ = files(line("B00", transfert=1, categorie="B0") + "\r\n")
    with pytest.raises(RegisterError, match="no declared employee"):
        read_monthly(path)
