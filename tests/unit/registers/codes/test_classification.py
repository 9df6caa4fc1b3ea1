"""Standard codes: countries, demonyms, provinces, activities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from wasl.errors import SchemaError
from wasl.registers.codes.classification import CodeList, code_list, harmonize
from wasl.registers.documents import config_dir
from wasl.registers.reading.cells import type_column
from wasl.registers.schema import Field, RegisterSchema
from wasl.registers.schema_fields import CodeSpellings

SHIPPED = sorted(path.stem for path in (config_dir() / "classifications").glob("*.csv"))


@pytest.mark.parametrize(
    ("name", "spelling", "codes"),
    [
        ("nationality", "Côte d'Ivoire", ("CIV",)),
        ("nationality", "REP. DU SENEGAL", ("SEN",)),
        ("nationality", "ivoirienne", ("CIV",)),
        ("nationality", "congolais", ("COD", "COG")),
        ("nationality", "guinéen", ("GIN", "GNB", "GNQ")),
        ("nationality", "Atlantis", ()),
        ("sex", "Femme", ("F",)),
        ("sex", "1", ("M",)),
        ("province", "06.141", ("06.141",)),
        ("city", "Témara", ("04.501",)),
        ("activity", "BTP", ("F",)),
        ("activity", "4711", ("G",)),
        ("activity", "01.11", ("A",)),
        ("occupation", "Maçon", ("7",)),
        ("activity", "الفلاحة", ("A",)),
        ("activity", "البناء والأشغال العمومية", ("F",)),
        ("activity", "التجارة", ("G",)),
        ("contract-type", "طلب أول", ("first",)),
        ("contract-type", "Première demande", ("first",)),
        ("contract-type", "التجديد", ("renewal",)),
        ("contract-status", "تم التأشير", ("granted",)),
        ("certificate-result", "Avis défavorable", ("refused",)),
        ("pension-type", "معاش الشيخوخة", ("old-age",)),
        ("permit-motive", "لم الشمل", ("family",)),
        ("legal-status", "en situation irrégulière", ("irregular",)),
    ],
)
def test_spellings(name, spelling, codes):
    assert CodeList.load(name).codes(spelling) == codes


def test_confused_demonyms_meet_under_one_code():
    nations = CodeList.load("nationality")
    assert nations.comparable("nigérien") == nations.comparable("nigérian")
    assert nations.comparable("congolais") == nations.comparable("RDC")
    assert nations.comparable("Sénégal") == "SEN"


def test_harmonizing_counts_what_it_cannot_say():
    column = pa.chunked_array([["Sénégal", "congolais", "Atlantis", "Atlantis", None, "FRA"]])
    found = harmonize(column, CodeList.load("nationality"))
    assert found.values.to_pylist() == ["SEN", None, None, None, None, "FRA"]
    assert (found.present, found.mapped, found.ambiguous, found.unmapped) == (5, 2, 1, (("Atlantis", 2),))
    assert found.coverage == pytest.approx(0.4)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_list_holds_together(name):
    codes = CodeList.load(name)
    assert codes.entries
    assert "version" in codes.title
    assert all(codes.codes(code) == (code,) for code in codes.entries)


@pytest.mark.parametrize("path", sorted((config_dir() / "registers").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_schema_names_shipped_lists(path: Path):
    schema = RegisterSchema.load(path)
    assert schema.register_id == path.stem
    assert {field.classification for field in schema.fields if field.classification} <= set(SHIPPED)


def test_an_unknown_list_is_refused():
    with pytest.raises(SchemaError, match="no classification"):
        CodeList.load("nothing")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("R.D. CONGO", "COD"),
        ("R.D.C.", "COD"),
        ("Congo (RDC)", "COD"),
        ("Congo, République démocratique du", "COD"),
        ("جمهورية الكونغو الديمقراطية", "COD"),
        ("180", "COD"),
        ("CD", "COD"),
        ("Congo (Brazzaville)", "COG"),
        ("République du Congo", "COG"),
        ("République de Guinée", "GIN"),
        ("Guinée (Conakry)", "GIN"),
        ("Guinée-Bissau", "GNB"),
        ("غينيا الاستوائية", "GNQ"),
        ("504", "MAR"),
        ("٥٠٤", "MAR"),
        ("12", "DZA"),
        ("MA", "MAR"),
        ("مغربية", "MAR"),
        ("السنغال", "SEN"),
        ("Sénégalais(e)", "SEN"),
        ("سينغالي", "SEN"),
        ("كوت ديفوار", "CIV"),
        ("Côte d’Ivoire", "CIV"),
        ("Türkiye", "TUR"),
        ("Alemania", "DEU"),
    ],
)
def test_countries_in_the_words_and_numbers_of_registers(text, code):
    assert CodeList.load("nationality").codes(text) == (code,)


@pytest.mark.parametrize("text", ["غينية", "guinéen", "كونغولي"])
def test_demonyms_of_several_countries_stay_ambiguous(text):
    assert len(CodeList.load("nationality").codes(text)) > 1


def test_every_country_has_its_iso_codes():
    nationality = CodeList.load("nationality")
    assert all(any(key.isdigit() for key, codes in nationality.spellings.items() if code in codes) or code == "XKX"
               for code in ("MAR", "FRA", "SEN", "CIV", "COD", "SYR", "CHN"))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ذكر", "M"),
        ("أنثى", "F"),
        ("انثي", "F"),
        ("امرأة", "F"),
        ("Masculin", "M"),
        ("MME", "F"),
        ("01", "M"),
        ("Fém.", "F"),
    ],
)
def test_sex_in_arabic_and_other_words(text, code):
    assert CodeList.load("sex").codes(text) == (code,)


def test_a_schema_may_bring_a_code_list_of_its_own():
    data = RegisterSchema.load("anapec-projects").model_dump(by_alias=True)
    next(f for f in data["fields"] if f["name"] == "sexe")["classification"] = "our-sex"
    data["code_lists"] = {
        "our-sex": [{"code": "M", "label": "Homme", "spellings": ["G1"]}, {"code": "F", "spellings": ["G2", "dame"]}]
    }
    schema = RegisterSchema.model_validate(data)
    own = code_list(schema, "our-sex")
    assert (own.codes("g1"), own.codes("Dame"), own.codes("M"), own.codes("H")) == (("M",), ("F",), ("M",), ())
    assert code_list(schema, "region").codes("04") == CodeList.load("region").codes("04")
    with pytest.raises(SchemaError, match="no classification"):
        code_list(schema, "their-sex")


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("nationality", "SN - Sénégal", "SEN"),
        ("nationality", "Sénégal (SEN)", "SEN"),
        ("nationality", "686/SN", "SEN"),
        ("nationality", "Nationalité : malienne", "MLI"),
        ("nationality", "ressortissante guinéenne de Guinée", None),
        ("nationality", "الجنسية: سنغالية", "SEN"),
        ("nationality", "C.I.", "CIV"),
        ("nationality", "686.0", "SEN"),
        ("nationality", "Zaïroise", "COD"),
        ("nationality", "Haute-Volta", "BFA"),
        ("nationality", "Upper Volta", "BFA"),
        ("nationality", "Gambian", "GMB"),
        ("nationality", "URSS", None),
        ("nationality", "FR/MA", None),
        ("sex", "1 - Homme", "M"),
        ("sex", "2=F", "F"),
        ("sex", "Sexe: F", "F"),
        ("sex", "1.0", "M"),
        ("sex", "إناث", "F"),
        ("sex", "H/F", None),
    ],
)
def test_cells_that_say_more_than_the_code(name, cell, code):
    codes = CodeList.load(name).codes(cell)
    assert codes == ((code,) if code else ())


@pytest.mark.parametrize("name", ["nationality", "sex", "region", "education"])
def test_a_code_with_its_label_beside_it_is_that_code_or_unknown(name):
    listed = CodeList.load(name)
    for code, entry in listed.entries.items():
        for cell in (f"{code} - {entry.label_fr}", f"{entry.label_fr} ({code})", f"{code}={entry.label_fr}"):
            assert listed.codes(cell) in ((code,), (), listed.codes(entry.label_fr))


@pytest.mark.parametrize("name", sorted(path.stem for path in (config_dir() / "classifications").glob("*.csv")))
def test_a_cell_with_a_label_in_any_language_means_its_code(name):
    listed = CodeList.load(name)
    for entry in listed.entries.values():
        for label in (entry.label, entry.label_fr, entry.label_ar):
            assert not label or listed.codes(label) == (entry.code,), (entry.code, label)


def test_a_spelling_goes_before_an_arabic_label():
    own = ({"code": "a", "label_ar": "نعم"}, {"code": "b", "label_ar": "لا", "spellings": ["نعم"]})
    fields = [{"name": "x", "role": "payload", "type": "code", "classification": "own"}]
    schema = RegisterSchema.model_validate({
        "id": "r", "version": 1, "title": "t", "holder": "h", "record": "source_row", "fields": fields,
        "code_lists": {"own": own},
    })  # fmt: skip
    assert code_list(schema, "own").codes("نعم") == ("b",)
    assert code_list(schema, "own").codes("لا") == ("b",)


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("labour-status", "عاطل عن العمل", "unemployed"),
        ("labour-status", "Femme au foyer", "inactive"),
        ("labour-status", "نشيط مشتغل", "employed"),
        ("education", "Niveau universitaire", "5-8"),
        ("education", "9ème année fondamentale", "2"),
        ("education", "ابتدائي", "1"),
        ("province", "الحسيمة", "01.051"),
        ("region", "سوس ماسة", "09"),
    ],
)
def test_words_of_moroccan_surveys(name, cell, code):
    assert CodeList.load(name).codes(cell) == (code,)


@pytest.mark.parametrize("name", SHIPPED)
def test_codes_that_a_spreadsheet_made_numbers_are_found(name):
    """06.141 becomes 6.141 or 6,141; 07 becomes 7 or 7.0."""
    codes = CodeList.load(name)
    of_digits = [code for code in codes.entries if code.replace(".", "", 1).isdigit()]
    for code in of_digits:
        number = float(code)
        texts = {repr(number), repr(number).replace(".", ",")} | ({str(int(code))} if "." not in code else set())
        assert {codes.codes(text) for text in texts} == {(code,)}, code


def test_two_codes_of_one_number_stay_ambiguous_as_a_number_and_exact_as_written():
    listed = tuple(CodeSpellings(code=code, label=label) for code, label in (("1.5", "half"), ("01.50", "other")))
    schema = RegisterSchema.load("training").model_copy(update={"code_lists": {"own": listed}})
    found = code_list(schema, "own")
    assert found.codes("01.50") == ("01.50",)
    assert found.codes("1.5") == ("1.5",)
    assert found.codes("1,50") == ()


@pytest.mark.parametrize("men", ["H", "h", "Hombre", "H."])
@pytest.mark.parametrize("women", ["M", "m", "M."])
def test_beside_h_alone_m_is_a_woman(men, women):
    column = pa.chunked_array([[men, women, None, men]])
    assert harmonize(column, CodeList.load("sex")).values.to_pylist() == ["M", "F", None, "M"]


@pytest.mark.parametrize("cells", [["H", "F", "M"], ["H", "M", "Femme"], ["M", "M"], ["M", "F"], ["Homme", "M"]])
def test_where_women_are_written_otherwise_m_is_a_man(cells):
    found = harmonize(pa.chunked_array([cells]), CodeList.load("sex")).values.to_pylist()
    assert found == ["F" if cell in ("F", "Femme") else "M" for cell in cells]


def test_a_list_of_the_schema_itself_means_what_it_says():
    own = CodeList.load("sex")
    other = replace(own, digest="another list")
    assert other.told_by(["H", "M"]) is other
    assert own.told_by(["H", "M"]).codes("M") == ("F",)


def test_provinces_are_found_by_the_number_a_spreadsheet_makes_of_their_digits():
    for name in ("province", "city"):
        codes = CodeList.load(name)
        for code in codes.entries:
            assert codes.codes(str(int(code.replace(".", "")))) == (code,)


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [("Tanger", "طنجة"), ("Oujda", "وجدة"), ("Agadir", "اكادير"), ("Dakhla", "الداخلة"), ("Témara", "تمارة"),
     ("Inezgane", "إنزكان"), ("M'diq", "المضيق"), ("Ben Guerir", "ابن جرير"), ("Casablanca", "الدارالبيضاء")],
)  # fmt: skip
def test_towns_in_short_are_found_in_both_scripts(latin, arabic):
    codes = CodeList.load("city")
    assert codes.codes(latin) == codes.codes(arabic) != ()


@pytest.mark.parametrize("cells", [["0", "1"], ["1.0", "0.0", "1.0"], ["00", "01"], ["٠", "١"]])
def test_0_and_1_without_2_are_not_guessed(cells):
    found = harmonize(pa.chunked_array([pa.array(cells)]), CodeList.load("sex"))
    assert (found.mapped, found.ambiguous) == (0, len(cells))


@pytest.mark.parametrize(
    "cells", [["1", "2"], ["0", "1", "2"], ["01", "02"], ["1.0", "2.0"], ["1 - Masculin", "2 - Féminin"]]
)
def test_1_and_2_are_the_numbers_of_the_standard(cells):
    found = harmonize(pa.chunked_array([pa.array(cells)]), CodeList.load("sex"))
    assert [code for code in found.values.to_pylist() if code] == ["M", "F"]


@pytest.mark.parametrize(
    "error", ["#N/A", "#REF!", "#VALEUR!", "#NOM?", "#DIV/0!", "#NUL!", "#WERT!", "#BEZUG!", "#VALUE!"]
)
def test_errors_of_a_spreadsheet_in_codes_are_counted(error):
    spec = Field.model_validate({"name": "nationalite", "type": "code", "role": "origin", "feature": "nationality"})
    read = type_column(spec, pa.chunked_array([pa.array(["SENEGAL", error, None, error])]))
    assert read.notes == {"cells-with-errors": 2}
