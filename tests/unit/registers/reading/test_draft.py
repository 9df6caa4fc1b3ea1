"""A schema proposed from a file: it loads, reads its file, says what it saw, and holds no cell of the file."""

from __future__ import annotations

import datetime as dt
import re
import tomllib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from wasl.errors import InputError, RegisterError
from wasl.holder.composition import load_profile
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.locale import messages
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import ROW_NUMBER, RegisterSchema

HEADINGS = [
    "N° dossier",
    "Nom de famille",
    "Prénom",
    "الجنس",
    "Né(e) le",
    "Nationalité",
    "N° Passeport",
    "Région",
    "Montant (DH)",
    "Observations",
]
NAMES = ["Diallo", "Traore", "Kone", "Alaoui", "Martin", "Sow", "Camara", "Bah"]


def rows(count=60, date="{d:02d}/{m:02d}/{y}"):
    return [
        [
            f"D{i:04d}",
            NAMES[i % 8],
            NAMES[(i * 3 + 1) % 8],
            ["ذكر", "أنثى"][i % 2],
            date.format(d=i % 28 + 1, m=i % 12 + 1, y=1950 + i % 50),
            ["Sénégal", "Mali", "R.D. CONGO"][i % 3],
            f"A{i * 7919 + 1000000}",
            ["Oriental", "Fès-Meknès"][i % 2],
            f"{i * 10},5",
            f"remarque privée {i}",
        ]
        for i in range(count)
    ]


def draft(path, **options):
    text = draft_register(path, **options).replace("\xa0", " ")
    schema = RegisterSchema.model_validate(tomllib.loads(text))
    return text, schema, {field.feature.value: field for field in schema.fields if field.feature}


def write_csv(tmp_path, lines, encoding="utf-8", mark=";"):
    path = tmp_path / "mon registre.csv"
    path.write_bytes("\n".join(mark.join(line) for line in lines).encode(encoding))
    return path


@pytest.mark.parametrize("preface", [[], [["LISTE 2025"], []], [["sep=;"]]])
def test_a_draft_reads_its_own_file(tmp_path, preface):
    path = write_csv(tmp_path, [*preface, HEADINGS, *rows()])
    text, schema, features = draft(path)
    assert schema.record == "n_dossier" or schema.by_name[schema.record].required
    assert set(features) == {"surname", "given", "sex", "birth_date", "nationality", "passport"}
    assert features["birth_date"].format == ("%d/%m/%Y",)
    assert features["nationality"].classification == "nationality"
    assert features["surname"].aliases == ("Nom de famille",)
    roles = {field.label: field.role.value for field in schema.fields}
    assert roles["Observations"] == "drop"
    assert roles["Région"] == roles["Montant (DH)"] == "payload"
    (tmp_path / "draft.toml").write_text(text, encoding="utf-8")
    read = read_register(path, RegisterSchema.load(tmp_path / "draft.toml"))
    assert (read.table.num_rows, read.rows_rejected) == (60, 0)
    assert read.table["date_naissance"].null_count == 0
    assert {variable.standard for variable in schema.payload} == {"sex", "nationality", "birth_year"}


def test_no_cell_is_in_the_draft_and_each_column_has_its_evidence(tmp_path):
    text, schema, _ = draft(write_csv(tmp_path, [HEADINGS, *rows()]))
    for row in rows():
        assert not any(cell in text for cell in (row[0], row[1], row[4], row[6], row[9]))
    assert text.count("60 cells, 0 missing") == len(schema.fields)
    assert "code list nationality covers 100 %" in text
    assert "100 % are dates" in text


@pytest.mark.parametrize(
    ("date", "layout"),
    [("{y}-{m:02d}-{d:02d}", "%Y-%m-%d"), ("{y}{m:02d}{d:02d}", "%Y%m%d"), ("{m:02d}/{d:02d}/{y}", "%m/%d/%Y")],
)
def test_the_layout_of_dates_is_found(tmp_path, date, layout):
    _, _, features = draft(write_csv(tmp_path, [HEADINGS, *rows(date=date)]))
    assert features["birth_date"].format[0] == layout


def test_old_years_and_partial_dates_are_said(tmp_path):
    old = rows(date="{y}")
    for row in old:
        row[4] = str(int(row[4]) - 120)
    text, _, features = draft(write_csv(tmp_path, [HEADINGS, *old]))
    assert features["birth_date"].earliest_year is not None
    assert "100 % without day or month" in text


def test_windows_and_workbooks_and_parquet(tmp_path):
    arabic = write_csv(tmp_path, [HEADINGS, *rows()], "cp1256")
    assert "given" in draft(arabic, encoding="windows-1256")[2]
    book = Workbook()
    book.active.title = "Notice"
    book.active.append(["Ce classeur"])
    page = book.create_sheet("Données")
    for row in [["Liste"], [], HEADINGS, *rows()]:
        page.append(row)
    book.save(tmp_path / "r.xlsx")
    _, schema, features = draft(tmp_path / "r.xlsx")
    assert schema.file.sheet == "Données"
    assert read_register(tmp_path / "r.xlsx", schema).table.num_rows == 60
    pq.write_table(pa.table(dict(zip(HEADINGS, zip(*rows(), strict=True), strict=True))), tmp_path / "r.parquet")
    assert set(draft(tmp_path / "r.parquet")[2]) == set(features)


@pytest.mark.parametrize(
    "rows",
    [
        [["nom", "né le"], *[[NAMES[i % 8], f"05/03/{1950 + i % 9}"] for i in range(30)]],
        [["nom", "date de naissance"], *[[NAMES[i % 8], f"{i % 28 + 1:02d}/03/{1950 + i}"] for i in range(30)]],
        [["dossier", "nom", "né le"], *[[f"D{i % 29}00", NAMES[i % 8], f"05/03/{1950 + i}"] for i in range(30)]],
    ],
)
def test_a_file_whose_records_nothing_numbers_is_numbered_by_row(tmp_path, rows):
    path = write_csv(tmp_path, rows)
    text, schema, _ = draft(path)
    assert schema.record == "source_row"
    assert "no column numbers the records" in text
    read = read_register(path, schema)
    assert (read.table.num_rows, read.rows_rejected) == (30, 0)
    profile = EncodingProfile.load("guarded")
    encoded = encode(
        read, schema, LinkageKey(bytes(range(32)), "t"), profile, created="2026-01-01T00:00:00Z",
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert set(encoded.keep_map["record"].to_pylist()) == {str(row) for row in range(2, 32)}


@pytest.mark.parametrize("kind", ["date", "integer", "decimal"])
def test_a_record_number_of_any_type_is_encoded(tmp_path, kind):
    cells = {"date": "{:02d}/03/1985", "integer": "{}", "decimal": "{},5"}[kind]
    rows = [["n", "nom", "le"], *[[cells.format(i + 1), NAMES[i % 8], f"05/03/{1950 + i}"] for i in range(9)]]
    fields = [
        {"name": "n", "type": kind, "role": "identifier"},
        {"name": "nom", "role": "name", "feature": "surname"},
        {"name": "le", "type": "date", "role": "birth", "feature": "birth_date"},
    ]
    schema = RegisterSchema.model_validate(
        {"id": "x", "version": 1, "title": "x", "holder": "x", "record": "n", "fields": fields, "profiles": "morocco"}
    )
    encoded = encode(
        read_register(write_csv(tmp_path, rows), schema), schema, LinkageKey(bytes(range(32)), "t"),
        EncodingProfile.load("guarded"), created="2026-01-01T00:00:00Z", rng=np.random.default_rng(0),
    )  # fmt: skip
    assert encoded.keep_map.num_rows == 9


def test_father_and_mother_in_a_small_file_do_not_leave(tmp_path):
    lines = [["num", "nom", "nom du père"], *[[f"N{i}77", NAMES[i], NAMES[7 - i]] for i in range(8)]]
    _, schema, _ = draft(write_csv(tmp_path, lines))
    assert all(field.role.value != "payload" for field in schema.fields)


def test_what_is_no_register_is_refused(tmp_path):
    path = tmp_path / "empty.csv"
    path.write_bytes(b"")
    with pytest.raises(RegisterError, match="empty"):
        draft_register(path)


@pytest.mark.parametrize(
    ("more", "family"), [([], "febrl"), (["Sexe"], "morocco"), (["N° passeport"], "morocco")]
)  # fmt: skip
def test_names_and_birth_alone_get_the_family_made_for_them(tmp_path, more, family):
    cells = {"Sexe": ["M", "F", "M", "F"], "N° passeport": ["AB123456", "CD234567", "EF345678", "GH456789"]}
    rows = [["N°", "Nom", "Prénom", "Date de naissance", *more]]
    people = [("EL AMRANI", "Yassine"), ("TAZI", "Fatima"), ("DIALLO", "Mamadou"), ("BENANI", "Salma")]
    for k, (surname, given) in enumerate(people):
        rows.append([str(k + 1), surname, given, f"{10 + k}/03/19{80 + k}", *[cells[name][k] for name in more]])
    _, schema, features = draft(write_csv(tmp_path, rows))
    assert {"surname", "given", "birth_date"} <= set(features)
    assert schema.profiles == family


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_comments_are_in_the_readers_language_and_the_schema_is_the_same(tmp_path, language):
    path = write_csv(tmp_path, [HEADINGS, *rows()])
    english, _, _ = draft(path)
    text, _, _ = draft(path, words=messages(language))
    assert tomllib.loads(text) == tomllib.loads(english)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert len(comments) > len(HEADINGS)
    assert not [line for line in comments if any(f" {word} " in line for word in ("the", "are", "missing", "distinct"))]


class TestWhatAPersonSays:
    """A person corrects what was proposed: the draft follows, and the file is read by it."""

    def test_features_and_roles_are_taken(self, tmp_path):
        path = write_csv(
            tmp_path, [["A", "B", "C", "D"], *[[f"x{i}", NAMES[i % 8], "05/03/1980", str(i)] for i in range(50)]]
        )
        chosen = {"A": "record", "B": "surname", "C": "birth_date", "D": "drop"}
        _, schema, features = draft(path, chosen=chosen)
        assert schema.record == "a"
        assert set(features) == {"surname", "birth_date"}
        assert {field.name: field.role.value for field in schema.fields}["d"] == "drop"
        assert read_register(path, schema).table.num_rows == 50

    def test_without_a_record_number_rows_are_numbered(self, tmp_path):
        path = write_csv(tmp_path, [HEADINGS, *rows()])
        _, schema, _ = draft(path, chosen={"N° dossier": "drop", "Nom de famille": "surname"})
        assert schema.record == ROW_NUMBER

    @pytest.mark.parametrize(
        ("chosen", "reason"),
        [
            ({"Nom de famille": "surname", "Prénom": "surname"}, "several columns"),
            ({"N° dossier": "record", "N° Passeport": "record"}, "several columns"),
            ({"Région": "record"}, "numbers no records"),
        ],
    )
    def test_what_cannot_be_is_refused_by_name(self, tmp_path, chosen, reason):
        with pytest.raises(InputError, match=reason):
            draft(write_csv(tmp_path, [HEADINGS, *rows()]), chosen=chosen)

    def test_a_statistical_variable_of_free_text_may_be_kept(self, tmp_path):
        path = write_csv(tmp_path, [HEADINGS, *rows()])
        _, schema, _ = draft(path, chosen={"Observations": "payload"})
        assert {field.name: field.role.value for field in schema.fields}["observations"] == "payload"


class TestWhereNoRowNamesTheColumns:
    """A record is never taken for the header: its values would become names of columns and stand in the draft."""

    @pytest.mark.parametrize("first", [["A12", "Diallo", "Awa", "1980-03-05"], ["4501", "Diallo", "Awa", "20"]])
    def test_a_record_in_the_first_row_is_refused_without_its_values(self, tmp_path, first):
        lines = [[f"A{i}", NAMES[i % 8], NAMES[i % 7], f"19{i % 60 + 20}-03-05"] for i in range(30)]
        with pytest.raises(RegisterError, match="looks like a record") as refusal:
            draft(write_csv(tmp_path, [first, *lines]))
        assert "Diallo" not in str(refusal.value) + refusal.value.remedy

    @pytest.mark.parametrize("heading", ["Q101", "VAR2024", "Date (jj/mm/aaaa)", "2024", "N° 12 bis"])
    def test_headings_with_digits_are_headings(self, tmp_path, heading):
        lines = [[f"A{i}", NAMES[i % 8], str(i % 9)] for i in range(30)]
        _, schema, _ = draft(write_csv(tmp_path, [["Dossier", "Nom", heading], *lines]))
        assert len(schema.fields) == 3


@pytest.mark.parametrize("heading", ["year_of_birth", "Année de naissance", "سنة الازدياد", "Año de nacimiento", "YOB"])
def test_a_year_of_birth_stands_for_the_birth_date(tmp_path, heading):
    path = tmp_path / "patients.csv"
    lines = [f"P{i:03d},{NAMES[i % 8]},{NAMES[(i * 3 + 1) % 8]},{1940 + i % 60}" for i in range(200)]
    path.write_text("\n".join([f"id,first_name,last_name,{heading}", *lines]), encoding="utf-8")
    text, schema, by_feature = draft(path)
    assert by_feature["birth_date"].aliases == (heading,) or by_feature["birth_date"].name == heading
    assert schema.profiles == "generic"
    read = read_register(path, schema)
    assert read.table.num_rows == 200
    assert "1975" not in text


def test_a_year_beside_a_date_of_birth_is_none(tmp_path):
    path = tmp_path / "both.csv"
    lines = [f"P{i:03d},{NAMES[i % 8]},{NAMES[(i * 3 + 1) % 8]},{1900 + i}-03-1{i % 9},{1900 + i}" for i in range(99)]
    path.write_text("\n".join(["id,nom,prénom,date de naissance,année de naissance", *lines]), encoding="utf-8")
    _, schema, by_feature = draft(path)
    assert by_feature["birth_date"].name == "date_naissance"
    assert [field.feature for field in schema.fields if field.name.startswith("annee")] == [None]


@pytest.mark.parametrize("whose", ["customer", "client", "abonné", "passenger", "locataire"])
def test_names_without_births_are_compared_by_address(tmp_path, whose):
    path = tmp_path / "customers.csv"
    lines = [f"{i:04d};{NAMES[i % 8]} {NAMES[i % 7]};{i % 90} rue du Port;2{i % 9}000;Fes" for i in range(300)]
    path.write_text("\n".join([f"numero;nom complet {whose};Adresse;CP;Ville", *lines]), encoding="utf-8")
    _, schema, by_feature = draft(path)
    assert {"full_name", "street", "postcode", "locality"} <= set(by_feature)
    assert all(by_feature[name].role.value == "contact" for name in ("street", "postcode", "locality"))
    assert schema.profiles == "generic"
    encoded = encode(
        read_register(path, schema), schema, LinkageKey.new("p", bytes(32)), load_profile("guarded", schema),
        created="2026-01-01T00:00:00Z", rng=np.random.default_rng(1),
    )  # fmt: skip
    assert encoded.delivery.header.filter_bits.keys() >= {"contact", "names"}


def with_column(tmp_path, heading, cells):
    path = tmp_path / "own.csv"
    lines = [
        f"P{i:03d};{NAMES[i % 8]};{NAMES[(i * 3 + 1) % 8]};{1 + i % 28:02d}/0{1 + i % 9}/19{40 + i % 60};{cell}"
        for i, cell in enumerate(cells)
    ]
    path.write_text("\n".join([f"Dossier;Nom;Prénom;Né le;{heading}", *lines]), encoding="utf-8")
    text, schema, _ = draft(path)
    read = read_register(path, schema)
    assert read.table.num_rows == len(lines)
    return text, schema.fields[-1], read.table.column(schema.fields[-1].name).to_pylist()


@pytest.mark.parametrize(
    ("heading", "write"),
    [
        ("Mois d'admission", lambda i: f"{['janvier', 'mars', 'août', 'déc.'][i % 4]} 202{i % 5}"),
        ("Entrée", lambda i: f"{1 + i % 12:02d}/202{i % 5}"),
        ("Période", lambda i: f"202{i % 5}{1 + i % 12:02d}"),
        ("تاريخ التسجيل", lambda i: f"{['يناير', 'غشت', 'شتنبر'][i % 3]} 202{i % 5}"),
        ("تاريخ التسجيل", lambda i: f"{['مارس', 'نونبر'][i % 2]} ٢٠٢{i % 5}"),
    ],
)
def test_months_of_a_year_are_months(tmp_path, heading, write):
    _, field, read = with_column(tmp_path, heading, [write(i) for i in range(60)])
    assert (field.type, field.role.value) == ("month", "payload")
    assert all(re.fullmatch(r"202\d-(0[1-9]|1[0-2])", month) for month in read)


AMOUNTS = [37 * i * i + 251 for i in range(60)]
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.mark.parametrize(
    ("heading", "write"),
    [
        ("Salaire", str),
        ("Montant accordé", str),
        ("مبلغ المساعدة", lambda n: f"{n:,}".replace(",", "٬").translate(ARABIC_DIGITS)),
        ("الأجر الشهري", lambda n: str(n).translate(ARABIC_DIGITS)),
        ("Aide", lambda n: f"{n:,}".replace(",", " ")),
        ("Aide", lambda n: f"{n:,}".replace(",", "\u202f")),
        ("Salaire", lambda n: f"{n:,}.00".replace(",", " ").replace(".", ",")),
    ],
)
def test_amounts_that_hardly_repeat_are_no_numbers_of_documents(tmp_path, heading, write):
    _, field, read = with_column(tmp_path, heading, [write(n) for n in AMOUNTS])
    assert field.type in ("integer", "decimal")
    assert field.role.value == "payload"
    assert read == AMOUNTS


def test_numbers_of_documents_are_no_amounts(tmp_path):
    for write in (lambda i: f"{100_000 + 7919 * i}", lambda i: f"{100 + i} {200 + i} {300 + i}"):
        _, field, _read = with_column(tmp_path, "Carte", [write(i) for i in range(60)])
        assert field.role.value == "identifier"


@pytest.mark.parametrize(
    ("heading", "standard"),
    [
        ("Ville/quartier", "province"),
        ("Ville", "province"),
        ("Ville de travail", "work_province"),
        ("Ville de l'employeur", "work_province"),
        ("مدينة العمل", "work_province"),
        ("المدينة", "province"),
    ],
)
def test_a_town_is_one_of_work_where_the_heading_says_so(tmp_path, heading, standard):
    towns = ["Casablanca", "طنجة", "Oujda", "أكادير", "Dakhla", "البيضاء"]
    _, field, _read = with_column(tmp_path, heading, [towns[i % 6] for i in range(60)])
    assert (field.type, field.classification, field.standard) == ("code", "city", standard)


def test_provinces_as_numbers_are_codes_where_the_heading_says_province(tmp_path):
    codes = ["1511", "6141", "12391", "3061"]
    _, field, _read = with_column(tmp_path, "Province", [codes[i % 4] for i in range(60)])
    assert (field.type, field.classification, field.standard) == ("code", "province", "province")
    _, other, _read = with_column(tmp_path, "Unités", [codes[i % 4] for i in range(60)])
    assert other.type == "integer"


@pytest.mark.parametrize("heading", ["ISCO", "Code CITP", "CITP-08", "ISCO-08 code"])
def test_numbers_of_isco_are_occupations_where_the_heading_says_so(tmp_path, heading):
    _, field, read = with_column(tmp_path, heading, [["2512", "9621", "5120", "110"][i % 4] for i in range(60)])
    assert (field.type, field.classification, field.standard) == ("code", "isco-08", "occupation_group")
    assert len(read) == 60


def test_dates_in_arabic_digits_are_dates_under_any_heading(tmp_path):
    cells = [f"{1 + i % 28:02d}/0{1 + i % 9}/202{i % 4}".translate(ARABIC_DIGITS) for i in range(60)]
    _, field, read = with_column(tmp_path, "تاريخ الدخول", cells)
    assert (field.type, field.role.value, field.format) == ("date", "payload", ("%d/%m/%Y",))
    assert None not in read


def test_two_digit_years_of_birth_are_said_and_lie_in_the_past(tmp_path):
    path = tmp_path / "own.csv"
    lines = [f"P{i:03d};{NAMES[i % 8]};{NAMES[i % 7]};{1 + i % 28:02d}/03/{i:02d}" for i in range(100)]
    path.write_text("\n".join(["Dossier;Nom;Prénom;DDN", *lines]), encoding="utf-8")
    text, _, by_feature = draft(path)
    assert by_feature["birth_date"].format == ("%d/%m/%y",)
    last = int(re.search(r"years \d{4} to (\d{4})", text)[1])
    assert last <= dt.datetime.now(dt.UTC).year


def test_a_stated_encoding_stays_in_the_draft(tmp_path):
    path = write_csv(tmp_path, [["Dossier", "Nom", "Âge"], *[[f"D{i}", "Zoé", str(i)] for i in range(30)]], "cp1252")
    text = draft_register(path, encoding="windows-1252")
    schema = RegisterSchema.model_validate(tomllib.loads(text))
    assert schema.file.encoding == "windows-1252"
    assert "encoding" not in draft_register(path)
