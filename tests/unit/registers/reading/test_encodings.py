"""The encoding of a text file is found from its letters; in doubt the file is refused, never read as rubbish."""

from __future__ import annotations

import pytest

from wasl.errors import RegisterError
from wasl.registers.reading.encodings import detect_encoding
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

FRENCH = "Traoré Zoé|Kébé Aïssatou|N'Guessan Françoise|GUINÉE|Côte d'Ivoire|SÉNÉGAL|Née à Fès|Ménagère|Élève"
ARABIC = "محمد|فاطمة|العلوي|عبد الرحمن|خديجة|الحسن|كامارا|موسى|ليلى|بنعلي|الدار البيضاء"
SPANISH = "Muñoz|González|NÚÑEZ|Peña|Martínez|Español|Ibáñez"


def lines(*texts):
    return "\n".join(f"{i};{word};x" for i, word in enumerate(w for text in texts for w in text.split("|")))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (lines(FRENCH), "cp1252"),
        (lines(FRENCH, SPANISH), "cp1252"),
        (lines(ARABIC), "cp1256"),
        (lines(ARABIC, FRENCH.replace("É", "é")), "cp1256"),
        (lines(ARABIC, *[FRENCH.replace("É", "é")] * 5), "cp1256"),
        (lines(ARABIC), "iso8859-6"),
        (lines(FRENCH), "cp850"),
        (lines(FRENCH), "mac_roman"),
        (lines(FRENCH, ARABIC), "utf-8"),
        (lines(FRENCH, ARABIC), "utf-16"),
        (lines(FRENCH), "utf-16-le"),
    ],
)
def test_the_encoding_is_found(tmp_path, text, encoding):
    path = tmp_path / "register.csv"
    path.write_bytes(text.encode(encoding))
    assert text == path.read_bytes().decode(detect_encoding(path))


def test_a_doubtful_file_is_refused_and_both_readings_are_shown_without_a_word_of_it(tmp_path):
    path = tmp_path / "register.csv"
    capitals = "SECRÉT GUINÉE SÉNÉGAL CÔTE ÉLÈVE FÈS".replace(" ", "\n")
    path.write_bytes(capitals.encode("cp1252") + "\nمحمد\nفاطمة\nعلي\nخديجة\nحسن\nليلى".encode("cp1256"))
    with pytest.raises(RegisterError, match="as Windows-125") as caught:
        detect_encoding(path)
    assert "SECR" not in str(caught.value)
    assert str(caught.value).count("the file has the letters") == 2


@pytest.mark.parametrize("text", ["N° Titre;nom\n1;Diallo\n", "prix;2 000 €\n", "nom;œuvre\n", "Ali;Né\n"])
def test_few_signs_are_enough_where_the_readings_do_not_differ(tmp_path, text):
    path = tmp_path / "register.csv"
    path.write_bytes(text.encode("cp1252"))
    assert path.read_bytes().decode(detect_encoding(path)) == text


SAME = "Né à Fès|Prénom|Sénégal|Pièce|Durée|Français|Forêt|Aïssatou|Hélène|Reçu|Mélange"
"""Words that Windows-1252 and Windows-1256 read in the same way."""


@pytest.mark.parametrize("word", ["Âge", "École", "État civil", "Établissement", "Île", "CÔTE", "DÉBUT", "NAÎTRE"])
def test_one_french_word_tells_where_all_others_read_the_same(tmp_path, word):
    path = tmp_path / "register.csv"
    text = lines(word, *[SAME] * 4)
    path.write_bytes(text.encode("cp1252"))
    assert path.read_bytes().decode(detect_encoding(path)) == text


@pytest.mark.parametrize("word", ARABIC.split("|"))
def test_one_arabic_word_tells_where_all_others_read_the_same(tmp_path, word):
    path = tmp_path / "register.csv"
    text = lines(word, *[SAME] * 4)
    path.write_bytes(text.encode("cp1256"))
    assert path.read_bytes().decode(detect_encoding(path)) == text


HEADER = (
    "num_inscription;num_carte_sejour;campagne;nom;prenom;sexe;date_naissance;nationalite;region;secteur;montant;statut"
)


def test_an_arabic_file_is_read_and_the_schema_may_name_the_encoding(tmp_path):
    path = tmp_path / "register.csv"
    names = ARABIC.split("|")
    rows = [f"{i};A{i};2014;{name};علي;ذكر;01/02/1990;SEN;04;G;1;financé" for i, name in enumerate(names)]
    path.write_bytes("\n".join([HEADER, *rows]).encode("cp1256"))
    schema = RegisterSchema.load("anapec-projects")
    assert read_register(path, schema).table["nom"].to_pylist() == names
    named = schema.model_copy(update={"file": schema.file.model_copy(update={"encoding": "windows-1256"})})
    assert read_register(path, named).table["nom"].to_pylist() == names
    with pytest.raises(RegisterError, match="no encoding is called"):
        read_register(path, schema, encoding="windows-9999")
