"""Occupations in free words of French, Arabic and English, and by titles of ISCO-08, in major groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.registers.codes.classification import CodeList
from wasl.registers.documents import config_dir

OCCUPATIONS = CodeList.load("occupation")
BEGUN = sorted(one.removesuffix(" *") for one in OCCUPATIONS.spellings if one.endswith(" *"))
ENDED = sorted(one.removeprefix("* ") for one in OCCUPATIONS.spellings if one.startswith("* "))
WORDS = st.lists(
    st.sampled_from(["QUALIFIE", "BATIMENT", "CENTRE", "المغرب", "SENIOR", "JUNIOR"]), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    ("group", "texts"),
    [
        ("0", ["Militaire", "جندي"]),
        ("1", ["Directeur des ressources humaines", "Gérante", "General manager", "مدير تجاري", "مسير شركة"]),
        ("2", ["Ingénieur en génie civil", "Médecin généraliste", "Professeur d'anglais", "Software engineer",
               "Artiste peintre",               "Ingénieur études et développement",
               "مهندس معلوميات", "طبيبة أسنان", "أستاذ", "Health professionals"]),
        ("3", ["Technicien supérieur en électricité", "Conducteur de travaux BTP", "Joueur de basket",
               "Infirmière auxiliaire",
               "Laboratory technician", "محاسب", "لاعب كرة القدم",
               "Business and administration associate professionals"]),
        ("4", ["Secrétaire médicale", "Opérateur de saisie", "Call centre agent", "سكرتيرة"]),
        ("5", ["Vendeuse en boulangerie", "Serveur(se)", "Coiffeuse afro", "Security guard", "طباخ", "حارس أمن"]),
        ("6", ["Agriculteur", "Fisherman", "فلاح", "بستاني"]),
        ("7", ["Peintre en bâtiment", "Mécanicien auto", "Electrician", "كهربائي", "خياطة",
               "Building and related trades workers, excluding electricians"]),
        ("8", ["Chauffeur poids lourd", "Conducteur d'engins", "Truck driver", "سائق حافلة"]),
        ("9", ["Technicien de surface", "Vendeur ambulant de fruits", "Femme de ménage à domicile", "Domestic worker",
               "عامل يومي", "بائع متجول"]),
        ("X", ["Étudiante en médecine", "Housewife", "بدون مهنة", "ربة بيت"]),
    ],
)  # fmt: skip
def test_free_words_have_their_major_group(group: str, texts: list[str]) -> None:
    for text in texts:
        assert (OCCUPATIONS.codes(text), OCCUPATIONS.codes(text.upper())) == ((group,), (group,)), text


@given(st.sampled_from(BEGUN), WORDS)
def test_what_follows_an_occupation_does_not_change_it(begun: str, words: list[str]) -> None:
    assert OCCUPATIONS.codes(" ".join([begun, *words])) == OCCUPATIONS.spellings[f"{begun} *"]


@given(st.sampled_from(ENDED), WORDS)
def test_what_stands_before_an_occupation_does_not_change_it(ended: str, words: list[str]) -> None:
    assert OCCUPATIONS.codes(" ".join([*words, ended])) == OCCUPATIONS.spellings[f"* {ended}"]


@pytest.mark.parametrize("between", [" / ", ", ", " et ", " ; ", " & ", " ou ", " and "])
def test_a_cell_with_two_occupations_is_unknown(between: str) -> None:
    assert OCCUPATIONS.codes(f"Chauffeur de taxi{between}serveur") == ()
    assert OCCUPATIONS.codes(f"Ingénieur d'affaires{between}commerçant") == ()


@pytest.mark.parametrize("text", ["xyz", "ouvrier qualifié", "chef de rayon", "2221", "aide", "en Ingénieur", "agent"])
def test_words_that_do_not_tell_a_group_stay_unknown(text: str) -> None:
    """Numbers too: the national list numbers its groups otherwise than ISCO."""
    assert OCCUPATIONS.codes(text) == ()


def test_no_word_has_two_groups() -> None:
    assert [one for one, codes in OCCUPATIONS.spellings.items() if len(codes) > 1] == []
    assert BEGUN
    assert ENDED


def test_other_lists_have_no_such_spellings() -> None:
    for path in sorted((config_dir() / "classifications").glob("*.csv")):
        if path.stem != "occupation":
            assert not [one for one in CodeList.load(path.stem).spellings if " *" in one or "* " in one], path.stem


@pytest.mark.parametrize("group", "0123456789")
def test_numbers_of_isco_have_a_list_of_their_own(group: str) -> None:
    numbers = CodeList.load("isco-08")
    for number in (group, f"{group}1", f"{group}11", f"{group}112", f"{group}112.0", f" {group}112 "):
        assert numbers.codes(number) == (group,), number
    assert numbers.codes(f"{group}112".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))) == (group,)
    for other in (f"{group}1123", f"{group}11.2", f"{group}112-1", "Maçon"):  # five digits, and no numbers of ISCO
        assert numbers.codes(other) == (), other


def test_numbers_of_isco_that_lost_their_zero_are_those_of_armed_forces() -> None:
    numbers = CodeList.load("isco-08")
    assert {numbers.codes(number) for number in ("110", "210", "310", "0110", "0210", "0310")} == {("0",)}
    assert (numbers.codes("111"), numbers.codes("211"), numbers.codes("311")) == (("1",), ("2",), ("3",))


def test_labels_are_those_of_the_list_of_words() -> None:
    assert CodeList.load("isco-08").entries == OCCUPATIONS.entries
