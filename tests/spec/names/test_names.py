"""What name normalization promises, rule by rule and on lists of spellings."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from pathlib import Path

import pytest

from wasl.holder.names.normalizer import canonical, normalize, skeleton
from wasl.holder.names.rules import ALIASES, LATIN_RULES, SOUND_RULES, WORD_RULES

DOMAIN = Path(__file__).parents[4] / "shared" / "domain"
RULES = [*WORD_RULES, *LATIN_RULES, *SOUND_RULES]

FAMILIES = {
    "youssef": "Youssef,Yousef,Yusuf,Youssouf,يوسف",
    "khalid": "Khalid,Khaled,Khaleed,خالد",
    "mustapha": "Mustapha,Mostafa,Moustafa,Mustafa,مصطفى",
    "noureddine": "Noureddine,Nour Eddine,Nordine,Nur al-Din,نور الدين",
    "othmane": "Ousmane,Osman,Usman,Othmane,Uthman,عثمان",
    "souleymane": "Souleymane,Sulaiman,Soulaimane,Slimane,سليمان",
    "boubacar": "Boubacar,Aboubacar,Abubakar,Abou Bakr,أبو بكر",
    "abderrahman": "Abderrahman,Abderrahmane,Abdul Rahman,Abdourahmane,عبد الرحمن",
    "cherkaoui": "Cherkaoui,Charkaoui,Cherqaoui,El Cherkaoui,الشرقاوي",
    "ouazzani": "Ouazzani,Wazzani,El Ouazzani,Elouazzani,الوزاني",
    "ndiaye": "Ndiaye,N'Diaye,Njie,Ndiay",
    "coulibaly": "Coulibaly,Koulibaly,Coulibali",
    "kouassi": "Kouassi,Kwassi,Kouassy",
    "diakite": "Diakite,Diakité,Jakite",
    "nguessan": "N'Guessan,Nguessan",
    "benjelloun": "Benjelloun,Bendjelloun,Ben Jelloun,بن جلون",
    "lahcen": "Lahcen,Lahsen,Lhassan,الحسن",
    "leila": "Leila,Layla,Laila,ليلى",
    "jean-pierre": "Jean-Pierre,JEAN PIERRE",
    "gomes": "Gomes,Gomez,Gómez",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.why}: {' = '.join(rule.example)}")
def test_every_rule_unites_its_example(rule):
    left, right = rule.example
    assert skeleton(left) == skeleton(right) != ""


@pytest.mark.parametrize("spellings", FAMILIES.values(), ids=FAMILIES.keys())
def test_spellings_of_one_name_share_a_skeleton(spellings):
    assert len({skeleton(spelling) for spelling in spellings.split(",")}) == 1


def test_different_names_mostly_keep_apart():
    firsts = [skeleton(spellings.split(",")[0]) for spellings in FAMILIES.values()]
    assert len(set(firsts)) == len(firsts)


@pytest.mark.parametrize(
    ("left", "right"),
    [("Diallo", "Diouf"), ("Traore", "Toure"), ("Rachid", "Rachidi"), ("Alami", "Alaoui"), ("Ndiaye", "Ndoye"),
     ("Idrissi", "Driss"), ("Bernard", "Bernardi"), ("Aicha", "Aissatou"), ("Fall", "Faye"), ("Youssef", "Younes")],
)  # fmt: skip
def test_names_that_must_stay_apart(left, right):
    assert skeleton(left) != skeleton(right)


def test_aliases_are_reachable_canonical_words():
    for word, meaning in ALIASES.items():
        assert canonical(word) == canonical(meaning), word


def test_titles_go_unless_nothing_else_is_left():
    assert normalize("Sidi Mohamed").words == normalize("Mohamed").words
    assert normalize("Moulay").words != ()
    assert skeleton("Ait El Haj") == skeleton("Aitelhaj")


def test_the_name_after_marriage_is_kept_apart():
    name = normalize("ALAMI EPOUSE DIALLO")
    assert name.words == normalize("Alami").words
    assert name.married == normalize("Diallo").words


def test_given_names_after_the_name_after_marriage_are_given_names():
    assert normalize("BOYE EPSE FAYE FATOU").words == normalize("Boye Fatou").words
    assert normalize("BOYE EPSE AIT LAHCEN FATOU").words == normalize("Boye Fatou").words


def test_the_name_from_birth_is_the_name():
    assert normalize("Faye née Boye").words == normalize("Boye").words
    assert set(normalize("Fatou Faye née Boye").words) >= set(normalize("Fatou Boye").words)


def test_order_and_case_do_not_matter_to_the_words():
    assert sorted(normalize("DIALLO Mamadou").words) == sorted(normalize("mamadou diallo").words)


def test_what_is_no_name_gives_nothing():
    assert normalize("123 -- ?").words == ()
    assert skeleton("") == ""


PASSPORT_TURKISH = "Şahin/Sahin Çelik/Celik Koç/Koc Çakır/Cakir Kılıç/Kilic Şimşek/Simsek Güneş/Gunes Taş/Tas Ayşe/Ayse"
PINYIN_AND_WADE_GILES = "Zhang/Chang Xu/Hsu Zhou/Chou Xie/Hsieh Jiang/Chiang Qian/Chien Cai/Tsai Zeng/Tseng Xiao/Hsiao"


@pytest.mark.parametrize("pair", f"{PASSPORT_TURKISH} {PINYIN_AND_WADE_GILES}".split())
def test_turkish_and_chinese_names_as_passports_write_them(pair):
    left, right = pair.split("/")
    assert skeleton(left) == skeleton(right)


@pytest.mark.parametrize(("left", "right"), [("Zhor", "Chor"), ("Hsain", "Chain"), ("Qais", "Chais")])
def test_rules_for_chinese_syllables_leave_other_names_alone(left, right):
    assert skeleton(left) != skeleton(right)


def _groups() -> dict[str, list[str]]:
    path = DOMAIN / "name_variants.csv"
    if not path.is_file():
        pytest.skip("the list of spellings is not here")
    groups = defaultdict(list)
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            groups[row["group"]].append(row["spelling"])
    return groups


def test_recall_and_false_agreement_on_the_list_of_spellings():
    groups = _groups()
    bones = [(group, skeleton(spelling)) for group, spellings in groups.items() for spelling in spellings]
    same = [a == b for (g, a), (h, b) in itertools.combinations(bones, 2) if g == h]
    other = [a == b for (g, a), (h, b) in itertools.combinations(bones, 2) if g != h]
    assert sum(same) / len(same) >= 0.95
    assert sum(other) / len(other) <= 0.002
