# ruff: noqa: E501 (tables of words)
"""Headings in twelve languages: a draft finds who is meant, and a shipped schema its columns."""

from __future__ import annotations

import tomllib

import pytest
from openpyxl import Workbook

from wasl.errors import RegisterError
from wasl.registers.documents import validate_document
from wasl.registers.reading.draft import draft_register
from wasl.registers.reading.headers import known_features
from wasl.registers.reading.headings import HEADINGS
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

MEANT = ("record", "surname", "given", "sex", "birth_date", "birth_place", "nationality", "passport", "payload", "phone",
         "drop", "drop")  # fmt: skip
FILES = {
    "fr": "N° dossier|Nom|Prénom|Sexe|Né(e) le|Né à|Nationalité|N° passeport|Métier|Tél|Observations|Nom de la mère",
    "ar": "رقم الملف|النسب|الإسم|الجنس|تاريخ الإزدياد|محل الولادة|الجنسية|رقم الجواز|المهنة|الهاتف|ملاحظات|اسم الأم",
    "en": "File no|Surname|Given names|Gender|D.O.B.|Birthplace|Country of origin|Passport #|Job title|Mobile|Remarks|Mother's name",
    "es": "Nº expediente|Apellidos|Nombre|Sexo|F. Nac.|Lugar de nacimiento|País de origen|Nº pasaporte|Profesión|Teléfono móvil|Observaciones|Nombre de la madre",
    "de": "Aktenzeichen|Name|Vorname|Geschlecht|geb. am|Geburtsort|Staatsangehörigkeit|Reisepass-Nr.|Beruf|Telefon|Bemerkungen|Name der Mutter",
    "pt": "Processo n.º|Apelido|Nome|Sexo|Data de nascimento|Naturalidade|Nacionalidade|Passaporte n.º|Profissão|Telemóvel|Observações|Nome da mãe",
    "it": "N. pratica|Cognome|Nome|Sesso|Data di nascita|Luogo di nascita|Cittadinanza|N. passaporto|Professione|Cellulare|Note|Nome della madre",
    "nl": "Dossiernummer|Achternaam|Voornaam|Geslacht|Geb. datum|Geboorteplaats|Nationaliteit|Paspoortnr.|Beroep|Telefoonnummer|Opmerkingen|Naam moeder",
    "tr": "Dosya no|Soyadı|Adı|Cinsiyeti|Doğum Tarihi|Doğum Yeri|Uyruğu|Pasaport No|Mesleği|Telefon|Açıklama|Anne adı",
    "pl": "Nr sprawy|Nazwisko|Imię|Płeć|Data urodzenia|Miejsce urodzenia|Obywatelstwo|Nr paszportu|Zawód|Numer telefonu|Uwagi|Imię matki",
    "ro": "Nr. dosar|Nume|Prenume|Sex|Data nașterii|Locul nașterii|Cetățenie|Nr. pașaport|Profesie|Telefon|Observații|Numele mamei",
    "ru": "Номер дела|Фамилия|Имя|Пол|Дата рождения|Место рождения|Гражданство|Паспорт|Профессия|Телефон|Примечание|Имя матери",
    "programs": "recordId|familyName|givenName|gender|birthDate|birthPlace|citizenship|passportNumber|jobTitle|phoneNumber|freeText|motherName",
}
ROWS = 80


def person(n):
    return [f"D{n:05d}", ("Diallo", "Tazi", "Kone")[n % 3], ("Awa", "Ali", "Jean", "Ana")[n % 4], "MF"[n % 2],
            f"{n % 28 + 1:02d}/{n % 12 + 1:02d}/{1950 + n % 50}", ("Dakar", "Bamako")[n % 2], ("SEN", "MLI", "CIV")[n % 3],
            f"A{1000000 + 7919 * n}", ("maçon", "étudiant")[n % 2], f"06{10000000 + 104729 * n}", ("", "vu")[n % 2],
            ("Fatou", "Mariam")[n % 2]]  # fmt: skip


def drafted(path):
    document = tomllib.loads(draft_register(path))
    schema = validate_document(RegisterSchema, document, "draft")
    assert read_register(path, schema).rows_rejected == 0
    return document


@pytest.mark.parametrize("language", sorted(FILES))
@pytest.mark.parametrize("change", [str, str.upper, lambda text: text.replace(" ", "_"), lambda text: f" {text} :"])
def test_a_draft_knows_who_is_meant_in_every_language(tmp_path, language, change):
    headings = [change(text) for text in FILES[language].split("|")]
    if change is str.upper and language in ("tr", "programs"):
        return  # Turkish capitals have a dotted I; without small letters nothing divides glued words
    path = tmp_path / "file.csv"
    lines = [";".join(headings), *(";".join(person(n)) for n in range(ROWS))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    document = drafted(path)
    columns = [next(field for field in document["fields"] if field["label"] == text.strip()) for text in headings]
    found = [
        "record" if column["name"] == document["record"] else column.get("feature", column["role"])
        for column in columns
    ]
    assert tuple(found) == MEANT


@pytest.mark.parametrize(
    ("headings", "features"),
    [
        (("Name", "Vorname"), ("surname", "given")),
        (("Name", "Surname"), ("given", "surname")),
        (("Nome", "Cognome"), ("given", "surname")),
        (("Nome",), ("full_name",)),
        (("الاسم",), ("full_name",)),
        (("الاسم", "النسب"), ("given", "surname")),
        (("Name",), ("full_name",)),
        (("Nom",), ("surname",)),
    ],
)
def test_a_word_for_the_name_means_what_the_other_columns_leave(tmp_path, headings, features):
    path = tmp_path / "file.csv"
    path.write_text(
        "\n".join(
            [";".join(("id", *headings, "date de naissance"))]
            + [
                ";".join((f"X{n:04d}", *[person(n)[1 + k] for k in range(len(headings))], person(n)[4]))
                for n in range(ROWS)
            ]
        ),
        encoding="utf-8",
    )
    fields = {field["label"]: field for field in drafted(path)["fields"]}
    assert tuple(fields[heading]["feature"] for heading in headings) == features


def test_every_heading_in_use_is_known_as_what_it_stands_for():
    for feature, texts in HEADINGS.items():
        for text in texts:
            assert feature in known_features(text), (feature, text)


@pytest.mark.parametrize(
    "heading",
    ["Nazwisko ojca", "Vorname der Mutter", "Nome do pai", "Babanın adı", "Naam vader", "cognome del coniuge"],
)
def test_parents_and_spouses_are_other_persons(heading):
    assert known_features(heading) == []


def test_the_heading_of_a_script_does_not_hide_the_other_one(tmp_path):
    path = tmp_path / "file.csv"
    schema = RegisterSchema.load("dgsn-permits")
    french = {field.name: field.name for field in schema.fields}
    french |= {
        "nom": "Last name",
        "nom_arabe": "Surname (Arabic)",
        "prenom": "First name",
        "prenom_arabe": "Given name (Arabic)",
    }
    row = dict.fromkeys(french, "") | {"num_titre": "A1", "nom": "Tazi", "nom_arabe": "التازي"}
    path.write_text(";".join(french.values()) + "\n" + ";".join(row.values()) + "\n", encoding="utf-8")
    read = read_register(path, schema).table.to_pylist()[0]
    assert (read["nom"], read["nom_arabe"]) == ("Tazi", "التازي")


@pytest.mark.parametrize("first", ["Nom", "N° dossier", "Date de naissance"])
def test_a_draft_of_a_table_on_its_side_is_refused_without_a_value(tmp_path, first):
    book = Workbook()
    rows = [FILES["fr"].split("|"), *(person(n) for n in range(20))]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for column in sorted(columns, key=lambda column: column[0] != first):
        book.active.append(column)
    path = tmp_path / "file.xlsx"
    book.save(path)
    with pytest.raises(RegisterError, match="each record is a column") as refusal:
        draft_register(path)
    assert "Diallo" not in str(refusal.value)
    assert "D00001" not in str(refusal.value)
