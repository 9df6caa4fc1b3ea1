"""Files laid out as people lay them out: the header is found wherever it stands, or the message helps to find it."""

from __future__ import annotations

import re
import zipfile

import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError
from wasl.registers.reading.headers import column_key, find_header, match_header, wanted_columns, words_key
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

NAMES = (
    "num_inscription num_carte_sejour campagne nom prenom sexe date_naissance nationalite region secteur montant statut"
)
COLUMNS = NAMES.split()
ROWS = [
    ["1", "A1733", "2014", "Diallo", "Awa", "F", "01/02/1990", "SEN", "04", "G", "1000", "financé"],
    ["2", "A2733", "2017", "Kone", "Ali", "M", "28/02/1985", "CIV", "06", "F", "1500", "en cours"],
    ["3", "A3733", "2017", "Sow", "Ali", "M", "27/02/1985", "CIV", "06", "F", "1500", "en cours"],
]
SCHEMA = RegisterSchema.load("anapec-projects")


@pytest.fixture
def csv(tmp_path):
    def csv(*lines: str, end: str = "\n"):
        path = tmp_path / "register.csv"
        path.write_bytes((end.join(lines) + end).encode())
        return path

    return csv


@pytest.fixture
def excel(tmp_path):
    def excel(*rows, at=(1, 1), change=None, sheets=None):
        book = Workbook()
        for name, content in (sheets or {"Feuil1": rows}).items():
            page = book.create_sheet(name)
            for r, row in enumerate(content):
                for c, cell in enumerate(row):
                    page.cell(at[0] + r, at[1] + c, cell)
        book.remove(book.worksheets[0])
        if change is not None:
            change(book.worksheets[0])
        path = tmp_path / "register.xlsx"
        book.save(path)
        return path

    return excel


def joined(rows=ROWS, mark=";", tail=""):
    return [mark.join(row) + tail for row in rows]


def names(path, **options):
    return read_register(path, SCHEMA, **options).table["nom"].to_pylist()


HEADER = ";".join(COLUMNS)
ALL = ["Diallo", "Kone", "Sow"]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_a_line_that_names_the_separator(csv, line):
    read = read_register(csv(line, HEADER, *joined()), SCHEMA)
    assert (read.table["nom"].to_pylist(), read.separator) == (ALL, ";")
    assert read.table["source_row"].to_pylist() == [3, 4, 5]


def test_the_separator_named_is_the_one_used(csv):
    lines = [",".join(COLUMNS), *joined(mark=",")]
    assert names(csv("sep=,", *lines)) == ALL
    assert names(csv("sep=^", *[line.replace(",", "^") for line in lines])) == ALL


@pytest.mark.parametrize(
    "title",
    [
        ["LISTE DES BENEFICIAIRES 2025"],
        ["Liste", "", "Éditée le 12/03/2025"],
        [";;;;Liste;;;;;;;"],
        ["", "", "Royaume du Maroc"],
    ],
)
def test_title_rows_before_the_header(csv, title):
    read = read_register(csv(*title, HEADER, *joined()), SCHEMA)
    assert read.table["nom"].to_pylist() == ALL
    assert read.table["source_row"].to_pylist()[0] == len(title) + 2
    assert "header in row" in read.layout


def test_two_header_rows(csv, excel):
    upper = ["Titre", "", "", "Identité", "", "", "Naissance", "Autre", "", "", "", ""]
    lower = [*COLUMNS[:6], "Date", *COLUMNS[7:]]
    assert names(csv(";".join(upper), ";".join(lower), *joined())) == ALL
    assert names(excel(["Liste 2025"], [], upper, lower, *ROWS)) == ALL


def test_two_header_rows_with_merged_cells(excel):
    def merge(page):
        page.merge_cells("A1:C1")
        page.merge_cells("D1:F1")
        page.merge_cells("G1:G2")

    upper = ["Dossier", None, None, "Identité", None, None, "Date de naissance", *[None] * 5]
    lower = [*COLUMNS[:6], None, *COLUMNS[7:]]
    assert names(excel(upper, lower, *ROWS, change=merge)) == ALL


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_breaks_in_headings(csv, end):
    heading = HEADER.replace("nom;prenom", '"nom\n(de famille)";"pré\nnom"').replace("pré\nnom", "prenom\n")
    read = read_register(csv(heading, *joined(), end=end), SCHEMA)
    assert read.table["nom"].to_pylist() == ALL
    assert read.table["source_row"].to_pylist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("column", "heading"),
    [
        ("num_carte_sejour", "N° carte séjour"),
        ("num_carte_sejour", "Numéro de la carte de séjour"),
        ("num_carte_sejour", "Nº Carte de Séjour"),
        ("num_carte_sejour", "رقم بطاقة الإقامة"),
        ("nom", "\u200bNom"),
        ("nom", "\ufeffNOM "),
        ("nom", "No\u200dm"),
        ("nom", "الاسم العائلي"),
        ("nom", "Nom de famille"),
        ("prenom", "PRÉNOM"),
        ("prenom", "Prénom(s)"),
        ("prenom", "الإسم الشخصي"),
        ("date_naissance", "Date de naissance"),
        ("date_naissance", "Date de naissance (jj/mm/aaaa)"),
        ("date_naissance", "Né(e) le"),
        ("date_naissance", "تاريخ الازدياد"),
        ("date_naissance", "DDN"),
        ("nationalite", "Nationalité"),
        ("nationalite", "الجنسية"),
        ("sexe", "Sexe (M/F)"),
        ("sexe", "الجنس"),
    ],
)
def test_headings_of_the_same_words(csv, column, heading):
    read = read_register(
        csv(
            HEADER.replace(column, heading, 1) if column != "nom" else HEADER.replace(";nom;", f";{heading};"),
            *joined(),
        ),
        SCHEMA,
    )
    assert read.table[column].to_pylist() == [row[COLUMNS.index(column)] for row in ROWS] or column == "date_naissance"
    assert read.table[column].null_count == 0


def test_aliases_live_in_the_schema(csv):
    data = SCHEMA.model_dump(by_alias=True)
    next(f for f in data["fields"] if f["name"] == "montant")["aliases"] = ["Aide versée (DH)"]
    path = csv(HEADER.replace("montant", "aide versee DH"), *joined())
    with pytest.raises(RegisterError, match="missing column montant"):
        read_register(path, SCHEMA)
    read = read_register(path, RegisterSchema.model_validate(data))
    assert read.table["montant"].to_pylist() == [1000.0, 1500.0, 1500.0]
    assert read.renamed == {"montant": "aide versee DH"}


def test_a_missing_column_is_answered_with_the_line_the_columns_and_the_likely_ones(csv):
    path = csv("Liste 2025", HEADER.replace("montant", "montant_total"), *joined())
    with pytest.raises(RegisterError) as caught:
        read_register(path, SCHEMA)
    message = str(caught.value)
    for part in (
        "missing column montant",
        "Row 2 was read as the header",
        "'secteur'",
        "'montant' may be 'montant_total'",
        "aliases",
    ):
        assert part in message


@pytest.mark.parametrize("rows", [joined(), joined()[:1], ["Secret;Diallo", "Autre;Sow", "Encore;Ba"]])
def test_a_file_without_header_shows_no_value(csv, rows):
    with pytest.raises(RegisterError, match="looks like a record") as caught:
        read_register(csv(*rows), SCHEMA)
    assert "Diallo" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "tail"),
    [(HEADER + ";", ";"), (HEADER + ";;;", ";;;"), (HEADER, ";"), (HEADER, ";;"), (HEADER + ";", "")],
)
def test_trailing_separators(csv, header, tail):
    assert names(csv(header, *joined(tail=tail))) == ALL


def test_some_rows_with_trailing_separators_are_mended_and_counted(csv):
    rows = joined()
    read = read_register(csv(HEADER, rows[0], rows[1] + ";;", rows[2]), SCHEMA)
    assert read.table["nom"].to_pylist() == ALL
    assert read.table["source_row"].to_pylist() == [2, 3, 4]
    assert read.noted("rows-mended") == {"": 1}


def test_excel_leaves_trailing_separators_out_in_blocks_of_rows(csv):
    many = [[str(i), f"A{i}733", "2014", "Diallo", "Awa", *row[5:]] for i, row in enumerate(ROWS * 12)]
    lines = [";".join(row if i < 16 or i > 31 else row[:9]) for i, row in enumerate(many)]
    read = read_register(csv(HEADER, *lines), SCHEMA)
    assert (read.table.num_rows, read.rows_rejected) == (36, 0)
    assert read.noted("rows-mended") == {"": 16}


def test_a_cell_beyond_the_columns_still_breaks_its_row(csv):
    rows = joined()
    read = read_register(csv(HEADER, rows[0], rows[1] + ";surplus", rows[2]), SCHEMA)
    assert (read.table["nom"].to_pylist(), read.rows_rejected) == (["Diallo", "Sow"], 1)


@pytest.mark.parametrize("at", [(3, 2), (1, 4), (10, 1)])
def test_tables_that_begin_anywhere(excel, at):
    read = read_register(excel(COLUMNS, *ROWS, at=at), SCHEMA)
    assert read.table["nom"].to_pylist() == ALL
    assert read.table["source_row"].to_pylist()[0] == at[0] + 1


@pytest.mark.parametrize("dimension", ["A1", "A1:C2", "A1:XFD1048576"])
def test_a_wrong_dimension_loses_no_cell(excel, tmp_path, dimension):
    path, wrong = excel(COLUMNS, *ROWS), tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(wrong, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if "sheet1" in name:
                data = re.sub(rb'<dimension ref="[^"]*"', f'<dimension ref="{dimension}"'.encode(), data)
                assert dimension.encode() in data
            new.writestr(name, data)
    assert names(wrong) == ALL


def test_the_right_one_of_several_sheets_is_found_and_named(excel):
    notes = [["Lisez-moi"], ["nom", "Nom de famille"], ["prenom", "Prénom"]]
    read = read_register(excel(sheets={"Notice": notes, "Données": [COLUMNS, *ROWS], "Codes": [["1", "M"]]}), SCHEMA)
    assert read.table["nom"].to_pylist() == ALL
    assert "Données" in read.layout


def test_sheets_that_all_have_the_columns_are_named_not_chosen(excel):
    path = excel(sheets={"2024": [COLUMNS, ROWS[0]], "2025": [COLUMNS, ROWS[1]]})
    with pytest.raises(RegisterError, match="2 sheets have the columns: '2024', '2025'"):
        read_register(path, SCHEMA)
    assert names(path, sheet="2025") == ["Kone"]


def test_merged_cells_are_filled_and_counted(excel):
    def merge(page):
        page.merge_cells("H2:H4")
        page.merge_cells("I3:J3")

    rows = [ROWS[0], [*ROWS[1][:7], None, "06", None, *ROWS[1][10:]], [*ROWS[2][:7], None, *ROWS[2][8:]]]
    read = read_register(excel(COLUMNS, *rows, change=merge), SCHEMA)
    assert read.table["nationalite"].to_pylist() == ["SEN"] * 3
    assert read.noted("cells-merged") == {"nationalite": 2, "secteur": 1}


def test_formulas_without_stored_values_are_named(excel):
    rows = [[*row[:10], "=500*2", row[11]] for row in ROWS]
    assert read_register(excel(COLUMNS, *rows), SCHEMA).noted("formulas-without-value") == {"montant": 3}
    rows = [["=ROW()", *row[1:]] for row in ROWS]
    with pytest.raises(RegisterError, match="'num_inscription' holds 3 formulas without a stored value"):
        read_register(excel(COLUMNS, *rows), SCHEMA)


def test_the_header_row_can_be_said(csv):
    path = csv(HEADER, *joined(), HEADER, *joined()[:1])
    assert names(path, header_row=5) == ["Diallo"]
    with pytest.raises(RegisterError, match="row 99"):
        read_register(path, SCHEMA, header_row=99)


def test_keys_of_headings():
    assert column_key("\ufeff Date  de\nNaissance : ") == "date_de_naissance"
    assert words_key("N° Titre") == words_key("num_titre") == words_key("Numéro du titre")
    assert words_key("nom") != words_key("nom_arabe")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "".join(part.title() for part in text.split("_")),
        lambda text: text.replace("_", ""),
        lambda text: text.upper().replace("_", "-"),
        lambda text: f"t.{text}",
        lambda text: f"{COLUMNS.index(text) + 1}. {text}",
        lambda text: text.replace("prenom", "pre\u0301nom"),
        lambda text: text.replace("prenom", "prénom").encode().decode("cp1252"),
    ],
)
def test_headings_as_programs_write_them(csv, change):
    assert names(csv(";".join(change(column) for column in COLUMNS), *joined())) == ALL


def test_payload_columns_have_headings_in_general_use_too(csv):
    schema = RegisterSchema.load("dgsn-permits")
    headings = {
        "num_titre": "رقم بطاقة الإقامة", "type_titre": "نوع السند", "motif": "سبب الإقامة", "nom": "الاسم العائلي",
        "prenom": "الاسم الشخصي", "nom_arabe": "Nom (arabe)", "prenom_arabe": "Prénom AR", "sexe": "الجنس",
        "date_naissance": "Né(e) le", "lieu_naissance": "Né(e) à", "nationalite": "الجنسية", "profession": "المهنة",
        "adresse": "العنوان", "code_province": "رمز الإقليم", "num_passeport": "رقم جواز السفر",
        "date_entree": "Date d'entrée au Maroc", "date_delivrance": "Délivré le",
        "date_expiration": "تاريخ انتهاء الصلاحية",
    }  # fmt: skip
    read = read_register(csv(";".join(headings.values()), ";".join(headings)), schema)
    assert read.table.select(list(headings)[3:5]).to_pylist() == [{"nom": "nom", "prenom": "prenom"}]
    assert read.table["date_naissance"].null_count == 1


@pytest.mark.parametrize("line", ["sep=;;;;;;;;;;;;", "sep=,", "sep=;\n", " sep = ;", "Liste\nsep=;"])
def test_a_separator_line_that_a_program_has_spoilt(csv, line):
    assert names(csv(line, HEADER, *joined())) == ALL


def test_other_separators(csv):
    assert names(csv(HEADER.replace(";", "~"), *joined(mark="~"))) == ALL
    with pytest.raises(RegisterError, match="not divided by"):
        names(csv(HEADER.replace(";", "@"), *joined(mark="@")))


def test_rows_that_repeat_the_header_or_number_its_columns_are_left_out_and_counted(csv, excel):
    numbers = [f"({place})" for place in range(1, len(COLUMNS) + 1)]
    read = read_register(csv(HEADER, ";".join(numbers), joined()[0], HEADER, *joined()[1:]), SCHEMA)
    assert (read.table["nom"].to_pylist(), read.noted("headings-repeated")) == (ALL, {"": 2})
    assert read.table["source_row"].to_pylist() == [3, 5, 6]
    read = read_register(excel(COLUMNS, ROWS[0], COLUMNS, *ROWS[1:]), SCHEMA)
    assert (read.table["nom"].to_pylist(), read.noted("headings-repeated")) == (ALL, {"": 1})


@pytest.mark.parametrize("lines", [[HEADER], [HEADER, "", ""], [HEADER, ";" * 11], [HEADER, HEADER]])
def test_a_file_of_headings_only(csv, lines):
    with pytest.raises(RegisterError, match="columns but no rows"):
        names(csv(*lines))


def test_a_header_without_line_end_is_a_file_of_headings_only(tmp_path):
    (tmp_path / "register.csv").write_text(HEADER)
    with pytest.raises(RegisterError, match="columns but no rows"):
        names(tmp_path / "register.csv")


def test_lines_in_quotation_marks_as_a_whole_are_named(csv):
    with pytest.raises(RegisterError, match="quotation marks as a whole, from row 1"):
        names(csv(*[f'"{line}"' for line in [HEADER, *joined()]]))


def test_zero_bytes_among_text_are_dropped_and_counted(csv):
    read = read_register(csv(HEADER, *joined()[:1], joined()[1].replace("Kone", "Ko\0ne\0\0"), joined()[2]), SCHEMA)
    assert (read.table["nom"].to_pylist(), read.noted("marks-dropped")) == (ALL, {"nom": 1})


def test_a_file_joined_from_two_encodings_is_named_with_the_line(csv):
    path = csv(HEADER, *joined([[*row[:11], "financé"] for row in ROWS * 2]))
    path.write_bytes(path.read_bytes() + joined()[0].replace("Awa", "André").encode("cp1252") + b"\n")
    with pytest.raises(RegisterError, match="the first is line 8"):
        names(path)


def test_the_content_tells_the_kind_of_a_file_not_its_name(csv, excel, tmp_path):
    for wrong, path in (
        ("a.csv", excel(COLUMNS, *ROWS)),
        ("a.xls", excel(COLUMNS, *ROWS)),
        ("a.xlsx", csv(HEADER, *joined())),
    ):
        named = tmp_path / wrong
        named.write_bytes(path.read_bytes())
        assert names(named) == ALL


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "an old document of Office"),
        (b"<html><table><tr><td>nom</td></tr></table></html>", "a web page"),
        (b"\x1f\x8b\x08\0\0", "a gzip archive"),
    ],
)
def test_kinds_that_are_not_read_are_named(tmp_path, content, words):
    path = tmp_path / "register.csv"
    path.write_bytes(content)
    with pytest.raises(RegisterError, match=words):
        names(path)


@pytest.mark.parametrize("name", ["anapec-projects", "dgsn-permits", "cnss-employees", "consular-register"])
@pytest.mark.parametrize("language", ["label", "label_fr", "label_ar"])
def test_the_labels_of_a_schema_are_headings_in_every_language(name, language):
    schema = RegisterSchema.load(name)
    wanted = wanted_columns(schema)
    labels = {f.name: getattr(f, language) for f in schema.fields if f.name in wanted.names}
    twice = {text for text in labels.values() if list(labels.values()).count(text) > 1}
    header = find_header([tuple(text or column for column, text in labels.items())], wanted, None)
    missed = set(header.match.missing) - {column for column, text in labels.items() if text in twice}
    assert not missed


def test_a_file_in_utf_32(tmp_path):
    path = tmp_path / "register.csv"
    path.write_bytes("\n".join([HEADER, *joined()]).encode("utf-32"))
    assert names(path) == ALL


def test_texts_written_as_formulas_are_read_as_texts(csv):
    rows = [[f'"=""{cell}"""' for cell in row] for row in ROWS]
    read = read_register(csv(";".join(COLUMNS), *joined(rows)), SCHEMA)
    plain = read_register(csv(";".join(COLUMNS), *joined()), SCHEMA)
    assert read.table.equals(plain.table)
    assert set(read.noted("texts-as-formulas")) >= {"num_inscription", "nom"}


@pytest.mark.parametrize("text", ['[{"nom": "A"}]', '{"rows": []}', '\ufeff[\n  {"nom": "A"}]'])
def test_a_json_file_is_named(tmp_path, text):
    path = tmp_path / "register.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match="this is a JSON file"):
        read_register(path, SCHEMA)


@pytest.mark.parametrize(
    ("register", "headings"),
    [
        ("cnss-employees", {"N° Immat.": "num_immatriculation"}),
        ("cnss-pensioners", {"المبلغ": "montant", "تاريخ السريان": "date_effet"}),
    ],
)
def test_headings_in_french_and_arabic_use(register, headings):
    wanted = wanted_columns(RegisterSchema.load(register))
    for heading, name in headings.items():
        others = [other for other in wanted.names if other != name]
        assert match_header([(each,) for each in (heading, *others)], wanted).renamed == {name: heading}
