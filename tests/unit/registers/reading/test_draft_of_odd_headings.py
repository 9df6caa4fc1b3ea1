"""Drafts from files with odd headings: who is meant, remarks, explanations in brackets."""

from __future__ import annotations

import tomllib

import pyarrow as pa
import pytest
from openpyxl import Workbook

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.policy.draft import draft_policy
from wasl.disclosure.protect import protect
from wasl.errors import RegisterError
from wasl.registers.documents import validate_document
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.headers import known_features
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema


@pytest.mark.parametrize(
    ("heading", "feature"),
    [
        ("Nom de l'élève", "surname"),
        ("Nom du patient", "surname"),
        ("Prénom du bénéficiaire", "given"),
        ("Nom et prénom de l'assuré", "full_name"),
        ("Sexe (1=G, 2=F)", "sex"),
        ("Date de naissance de l'enfant (jj/mm/aaaa)", "birth_date"),
        ("N° passeport du titulaire", "passport"),
        ("الاسم العائلي للتلميذ", ""),
        ("الاسم الشخصي (التلميذ)", "given"),
        ("Patient date of birth", "birth_date"),
        ("Nom du père", ""),
        ("Nationalité de la mère", ""),
        ("Téléphone du tuteur", ""),
        ("اسم الأب", ""),
    ],
)
def test_words_for_the_person_do_not_matter_and_words_for_others_do(heading, feature):
    assert (known_features(heading) or [""])[0] == feature


def drafted(tmp_path, columns):
    path = tmp_path / "file.csv"
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([";".join(columns), *(";".join(row) for row in rows)]) + "\n", encoding="utf-8")
    fields = tomllib.loads(draft_register(path))["fields"]
    return {field["label"]: field for field in fields}


@pytest.mark.parametrize(("heading", "feature"), [("اسم المستفيد", "full_name"), ("الاسم", "full_name")])
@pytest.mark.parametrize("beside", ["", "النسب"])
def test_a_name_of_somebody_is_the_whole_one_where_no_column_has_another(tmp_path, heading, feature, beside):
    columns = {"numero": [f"{n:04d}" for n in range(60)], heading: ["بناني رشيد", "حجي سناء", "التازي أنس"] * 20}
    columns |= {beside: ["بناني", "حجي", "التازي"] * 20} if beside else {}
    assert drafted(tmp_path, columns)[heading]["feature"] == ("given_arabic" if beside else feature)


@pytest.mark.parametrize(
    "heading", ["Observations", "Remarques du médecin", "ملاحظات", "Nom du père", "Adresse de l'employeur", "q_open"]
)
def test_texts_that_may_name_anybody_do_not_leave_even_if_few(tmp_path, heading):
    rows = 200
    columns = {"numero": [f"{n:04d}" for n in range(rows)], heading: ["vu le docteur", "absent", "", "idem"] * 50}
    field = drafted(tmp_path, columns)[heading]
    assert field["role"] == "drop"
    assert "feature" not in field


def test_the_nationality_of_a_parent_is_not_the_persons(tmp_path):
    rows = 200
    codes = {
        "numero": [f"{n:04d}" for n in range(rows)],
        "Nationalité du père": ["Marocaine", "Malienne"] * 100,
        "Sexe (1=G, 2=F)": ["1", "2"] * 100,
    }
    found = drafted(tmp_path, codes)
    assert "feature" not in found["Nationalité du père"]
    assert found["Sexe (1=G, 2=F)"]["feature"] == "sex"


HOSPITAL = {
    "رقم الملف": [f"{n:05d}" for n in range(300)],
    "الاسم العائلي": ["بنعلي", "العلوي", "Diop"] * 100,
    "الجنس": ["ذكر", "أنثى"] * 150,
    "الجنسية": ["مغربية", "سنغالية", "مالية"] * 100,
    "ملاحظات": ["", "متابعة", "عاجل"] * 100,
    "القسم": ["01", "02", "03", "04"] * 75,
}
SURVEY = {
    "hh_id": [f"{n // 3:05d}" for n in range(300)],
    "wgt": [f"{100 + n % 7}.25" for n in range(300)],
    "sex": ["1", "2"] * 150,
    "nationality": ["MA", "SN", "ML"] * 100,
    "region": ["Rabat", "Oriental", "Souss"] * 100,
    "educ": ["0", "1", "2", "3", "9"] * 60,
    "age": [str(n % 80) for n in range(300)],
    "Nom du répondant": ["A", "B", "C"] * 100,
}


@pytest.mark.parametrize("columns", [HOSPITAL, SURVEY], ids=["Arabic headings", "survey"])
def test_a_drafted_policy_protects_the_data_that_it_was_drafted_from(columns):
    """Names and remarks are dropped, hierarchies have the values, few numbers are codes, nothing else stops."""
    shipped = {"nationality-continents.csv": "leaf,one,two\n504,Africa,All\n686,Africa,All\n"}
    table = pa.table(columns)
    policy = validate_document(
        DisclosurePolicy, tomllib.loads(draft_policy(table, "p", {}, hierarchies=shipped)), "draft"
    )
    roles = {variable.name: variable.role.value for variable in policy.variables}
    made = protect(table, policy.model_copy(update={"hierarchy_texts": shipped}), seed=1)
    released = set(made.table.column_names)
    assert not released & {"رقم الملف", "الاسم العائلي", "ملاحظات", "Nom du répondant"}
    if columns is HOSPITAL:
        assert (roles["الجنس"], roles["الجنسية"]) == ("key", "key")
        return
    assert (roles["hh_id"], roles["wgt"]) == ("household", "weight")
    numbers = {variable.name for variable in policy.variables if variable.hierarchy is not None}
    assert numbers == {"age"}
    assert made.utility.variables["sex"].categories_after == 2


PERSONS = {
    "N° du titre": [f"A{1000 + 7 * n}" for n in range(30)],
    "Nom": ["Diallo", "Kone", "Sow"] * 10,
    "Prénom": ["Awa", "Ali"] * 15,
    "Date de naissance": [f"{n % 27 + 1:02d}/03/1985" for n in range(30)],
}


@pytest.mark.parametrize("shape", ["{place}. {name}", "{place}) {name}", "{name} :", "t.{plain}"])
def test_a_draft_reads_its_own_file_whatever_stands_before_the_headings(tmp_path, shape):
    names = [
        shape.format(place=place, name=name, plain=name.replace(" ", "_")) for place, name in enumerate(PERSONS, 1)
    ]
    path = tmp_path / "file.csv"
    rows = [";".join(row) for row in zip(*PERSONS.values(), strict=True)]
    path.write_text("\n".join([";".join(names), *rows]) + "\n", encoding="utf-8")
    schema = validate_document(RegisterSchema, tomllib.loads(draft_register(path)), "draft")
    assert {feature.value for feature in schema.by_feature} >= {"surname", "given", "birth_date"}
    assert read_register(path, schema).table.num_rows == 30


def _workbook(tmp_path, sheets, hidden=()):
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
        page.sheet_state = "hidden" if name in hidden else "visible"
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_a_draft_prefers_sheets_that_are_shown_and_have_rows(tmp_path):
    rows = [list(PERSONS), *map(list, zip(*PERSONS.values(), strict=True))]
    sheets = {"Brouillon": rows[:5], "Modèle": rows[:1], "Export": rows}
    draft = tomllib.loads(draft_register(_workbook(tmp_path, sheets, hidden=["Brouillon"])))
    assert draft["file"]["sheet"] == "Export"


def test_a_draft_of_two_equal_sheets_is_refused_and_one_that_is_named_is_made(tmp_path):
    rows = [list(PERSONS), *map(list, zip(*PERSONS.values(), strict=True))]
    path = _workbook(tmp_path, {"2024": [rows[0], *rows[1:9]], "2025": [rows[0], *rows[9:]]})
    with pytest.raises(RegisterError, match=r"2 sheets have the columns: '2024', '2025'"):
        draft_register(path)
    assert tomllib.loads(draft_register(path, sheet="2025"))["file"]["sheet"] == "2025"


def _drafted(tmp_path, heading, cells):
    """The evidence and the field of a column in the draft of a small register."""
    path = tmp_path / "people.csv"
    lines = [f"{1000 + place};Diallo;Awa;{cell};12/03/{1960 + place}" for place, cell in enumerate(cells * 20)]
    path.write_text("\n".join([f"id;nom;prenom;{heading};date_naissance", *lines]), encoding="utf-8")
    text = draft_register(path).replace("\N{NO-BREAK SPACE}", " ")
    field = tomllib.loads(text)["fields"][3]
    return [line for line in text.splitlines() if line.startswith("#")][-2], field


@pytest.mark.parametrize("heading", ["code_sexe", "s1q3_sexe", "Q12. Sexe", "cod_sexo", "B2 Gender", "رمز الجنس"])
def test_a_question_or_a_code_of_sex_is_sex(tmp_path, heading):
    evidence, field = _drafted(tmp_path, heading, ["1", "2"])
    assert (field["feature"], field["classification"]) == ("sex", "sex")
    assert "code list sex covers 100 %" in evidence


@pytest.mark.parametrize("heading", ["sexe_conjoint", "sexe du père", "s1q3_sexe_enfant"])
def test_the_sex_of_another_person_is_not_the_persons(tmp_path, heading):
    assert "feature" not in _drafted(tmp_path, heading, ["1", "2"])[1]


@pytest.mark.parametrize("cells", [["0", "1"], ["0.0", "1.0"], ["00", "01"]])
def test_a_draft_says_that_0_and_1_have_two_meanings(tmp_path, cells):
    evidence, field = _drafted(tmp_path, "sexe", cells)
    assert field["feature"] == "sex"
    assert "100 % may mean several codes: write which into `code_lists`" in evidence


def test_a_draft_says_that_a_list_does_not_cover_own_numbers(tmp_path):
    evidence, _field = _drafted(tmp_path, "nationalite", ["101", "102", "215", "331"])
    assert "code list nationality covers only 0 %: write what each code means into `code_lists`" in evidence


@pytest.mark.parametrize(
    ("file", "short"),
    [
        ("التلاميذ", "altlamidh"),
        ("المستفيدون من المنح", "almstfidoun-mn-almnh"),
        ("سجل 2024", "sjl-2024"),
        ("Employés déclarés", "employes-declares"),
        ("2025", "2025"),
        ("北京", "register"),
    ],
)
def test_registers_of_two_files_have_two_short_names(tmp_path, file, short):
    path = tmp_path / f"{file}.csv"
    path.write_text("numero;sexe\n" + "".join(f"A{n:04d};{n % 2 + 1}\n" for n in range(50)), encoding="utf-8")
    assert tomllib.loads(draft_register(path))["id"] == short
