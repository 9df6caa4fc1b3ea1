"""Cells that a separator or a line break cut, and the habits of programs that write text: mended, or said by name."""

from __future__ import annotations

import csv
import io

import pytest

from wasl.registers.reading import other_separators
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

SCHEMA = RegisterSchema.load("dgsn-permits")
HEADER = [field.name for field in SCHEMA.fields]
AT = {name: place for place, name in enumerate(HEADER)}
PEOPLE = [("DIALLO", "AWA", "F", "SENEGAL", "DAKAR"), ("KONE", "ALI", "M", "COTE D IVOIRE", "DALOA"),
          ("NGUEMA", "JEAN PAUL", "M", "GABON", "OYEM")]  # fmt: skip


def records(count=40):
    rows = []
    for place in range(count):
        surname, given, sex, country, town = PEOPLE[place % 3]
        row = dict.fromkeys(HEADER, "") | {
            "num_titre": f"A{1000 + place:07d}", "type_titre": "residence", "motif": "travail", "nom": surname,
            "prenom": given, "sexe": sex, "date_naissance": f"{1 + place % 28:02d}/03/{1960 + place}",
            "lieu_naissance": town, "nationalite": country, "profession": "Enseignant",
            "adresse": f"{place + 1} Rue des Écoles", "code_province": "04.441",
            "num_passeport": f"{5_100_000 + place}",
            "date_entree": "01/02/2020", "date_delivrance": "01/03/2020", "date_expiration": "01/03/2030",
        }  # fmt: skip
        rows.append([row[name] for name in HEADER])
    return rows


WHOLE = records()


def with_cell(column, change, every=1):
    place = AT[column]
    return [
        [*row[:place], change(row[place]), *row[place + 1 :]] if number % every == 0 else row
        for number, row in enumerate(WHOLE)
    ]


def read(tmp_path, text):
    path = tmp_path / "permits.csv"
    path.write_bytes(text.encode())
    return read_register(path, SCHEMA)


def plain(rows, mark=";", header=HEADER):
    return "\n".join(mark.join(row) for row in [header, *rows]) + "\n"


def values(register):
    return [register.table[name].to_pylist() for name in ("nom", "date_naissance", "nationalite", "num_passeport")]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return values(read(tmp_path_factory.mktemp("whole"), plain(WHOLE)))


@pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
@pytest.mark.parametrize(
    ("address", "every", "joined"),
    [
        ("12{0} Rue des Écoles", 1, 40),
        ("12{0} Rue des Écoles{0} Salé", 1, 40),
        ("12{0}Rue des Écoles", 5, 8),
        ("12 bis{0}Appt 4{0}Rue des Écoles", 5, 8),
        ("12\nRue des Écoles", 5, 8),
    ],
)
def test_an_address_that_was_cut_is_put_together(tmp_path, expected, mark, address, every, joined):
    register = read(tmp_path, plain(with_cell("adresse", lambda _: address.format(mark), every), mark))
    assert values(register) == expected
    assert (register.rows_read, register.rows_rejected) == (40, 0)
    assert register.noted("rows-joined") == {"": joined}


@pytest.mark.parametrize(
    ("column", "cell", "every"),
    [
        ("nom", "DIALLO;BA", 5),
        ("lieu_naissance", "DAKAR;PIKINE", 5),
        ("num_passeport", "51;00", 5),
        ("date_naissance", "01;03;1960", 5),
        ("adresse", "12;Rue des Écoles", 1),
    ],
)
def test_what_could_be_cut_elsewhere_is_refused_by_name(tmp_path, column, cell, every):
    register = read(tmp_path, plain(with_cell(column, lambda _: cell, every)))
    assert register.rows_rejected == 40 // every
    reasons = set(register.rejects["reason"].to_pylist())
    assert all(reason.endswith("a separator may stand in a cell without quotation marks") for reason in reasons)


def test_lines_that_make_no_record_are_refused_by_name(tmp_path):
    register = read(tmp_path, plain([*WHOLE, ["B1", "residence"], ["B2"]]))
    assert register.rows_rejected == 2
    assert (
        register.rejects["reason"].to_pylist()[0].endswith("a line break may stand in a cell without quotation marks")
    )


def quoted(rows, mark=",", quoting=csv.QUOTE_ALL, header=HEADER):
    stream = io.StringIO()
    csv.writer(stream, delimiter=mark, quoting=quoting, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


ADDRESS = with_cell("adresse", lambda cell: cell.replace(" ", ", ", 1))
NUMBERED = [[str(number), *row] for number, row in enumerate(WHOLE, 1)]


@pytest.mark.parametrize(
    "text",
    [
        quoted(ADDRESS).replace('","', '", "'),
        quoted(ADDRESS, ";").replace('";"', '"; "'),
        quoted(NUMBERED, ";", csv.QUOTE_NONNUMERIC),
        quoted([[str(int(row[0]) - 1), *row[1:]] for row in NUMBERED], "\t"),
        quoted(NUMBERED, header=["", *HEADER]),
        quoted(ADDRESS).replace("Rue", r"\"Rue\""),
    ],
    ids=["comma-space", "semicolon-space", "R-row-names", "row-names-from-0", "write.csv2", "backslashes"],
)
def test_habits_of_programs(tmp_path, expected, text):
    register = read(tmp_path, text)
    assert values(register) == expected
    assert (register.rows_read, register.rows_rejected) == (40, 0)


def test_a_header_with_a_column_too_few_is_not_taken_for_row_names(tmp_path):
    register = read(tmp_path, plain([[row[0], *row] for row in WHOLE]))
    assert register.rows_rejected == 40


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 1000])
def test_texts_are_replaced_at_the_edges_of_pieces_too(tmp_path, monkeypatch, piece):
    monkeypatch.setattr(other_separators, "PIECE", piece)
    path = tmp_path / "text.csv"
    text = '"a", "é", "ب"\n"1", "2", "3, 4"\n'
    path.write_bytes(text.encode())
    stream, encoding = other_separators.opened(path, "utf-8", ",", spaced=True)
    assert (stream.read().decode(), encoding) == ('"a","é","ب"\n"1","2","3, 4"\n', "utf-8")
    path.write_text("a؛ب؛c\n", encoding="utf-8")
    assert other_separators.opened(path, "utf-8", "؛")[0].read() == "a\x1fب\x1fc\n".encode()


def missing_as(word, *columns):
    places = [AT[column] for column in columns]
    return [
        [word if place in places and number % 4 == 0 else cell for place, cell in enumerate(row)]
        for number, row in enumerate(WHOLE)
    ]


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("sure", ["date_naissance", "num_passeport"])
def test_the_na_of_a_program_is_missing_in_names_too(tmp_path, sure, coded):
    path = tmp_path / "permits.csv"
    path.write_text(quoted(missing_as("NA", "prenom", "nationalite", sure)), encoding="utf-8")
    register = read_register(path, SCHEMA, coded=coded)
    assert register.noted("words-for-missing") == {"prenom": 10, "nationalite": 10, sure: 10}
    assert all(register.table[name].null_count == 10 for name in ("prenom", "nationalite", sure))
    assert not register.rejects.num_rows


def test_na_alone_is_a_name_and_namibia_among_country_codes(tmp_path):
    assert read(tmp_path, plain(missing_as("NA", "prenom"))).table["prenom"].null_count == 0
    place = AT["nationalite"]
    codes = [[*row[:place], "SN", *row[place + 1 :]] for row in WHOLE[:20]]
    others = [
        [*row[:place], number % 2 * "M" + "NA"[number % 2 :], *row[place + 1 :]]
        for number, row in enumerate(WHOLE[20:])
    ]
    register = read(
        tmp_path, plain([*codes, *others, ["B1", *WHOLE[0][1 : AT["num_passeport"]], "NA", *WHOLE[0][-3:]]])
    )
    assert "nationalite" not in register.noted("words-for-missing")
    assert register.table["nationalite"].to_pylist().count("NA") == 10
