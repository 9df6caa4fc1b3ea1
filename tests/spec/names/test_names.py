# ruff: noqa: E501 (lists of names)
"""What name normalization promises, rule by rule and on lists of spellings."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from wasl.holder.encoding.grams import text_grams
from wasl.holder.names.normalizer import canonical, normalize, skeleton, written
from wasl.holder.names.placeholders import what_is_no_name
from wasl.holder.names.rules import ALIASES, LATIN_RULES, SOUND_RULES, WORD_RULES
from wasl.holder.reading_rules import rules_digest

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


@pytest.mark.parametrize(
    ("word", "spelled"),
    [("Max", "MAKS"), ("Meier", "MIER"), ("Beier", "BIER"), ("Faarax", "FARA"), ("Olivier", "OLIFI")],
)
def test_short_names_and_german_endings_keep_their_letters(word, spelled):
    assert canonical(word) == spelled


@pytest.mark.parametrize("pair", f"{PASSPORT_TURKISH} {PINYIN_AND_WADE_GILES}".split())
def test_turkish_and_chinese_names_as_passports_write_them(pair):
    left, right = pair.split("/")
    assert skeleton(left) == skeleton(right)


@pytest.mark.parametrize(("left", "right"), [("Zhor", "Chor"), ("Hsain", "Chain"), ("Qais", "Chais")])
def test_rules_for_chinese_syllables_leave_other_names_alone(left, right):
    assert skeleton(left) != skeleton(right)


SPELLINGS = Path(__file__).parent / "spellings.csv"
"""Spellings of names by kind, written from general knowledge of the languages. The rules were tuned on the rows
``tuned``, looked at once on ``held``; ``later``, ``recent``, ``unseen``, ``fresh`` and ``blind`` were written after them, in
this order, and rules were added for each after a first look. The first looks stand in docs/names.md."""


ROUNDS = Path(__file__).parent / "rounds.csv"
"""Lists written blind, three to six a round, each measured once before any rule was mended for it (docs/names.md)."""
NEAR = Path(__file__).parent / "near.csv"
"""Different names that are near each other: masculine and feminine, another long vowel, another weak consonant."""


def _own_groups(split: str | None = None) -> list[list[str]]:
    with SPELLINGS.open(encoding="utf-8") as stream:
        return [row["spellings"].split("|") for row in csv.DictReader(stream) if split in (None, row["split"])]


def _false_agreement(groups: list[list[str]]) -> float:
    """Share of pairs of spellings of different names with one skeleton. Groups that share a spelling are one name."""
    name_of: dict[str, int] = {}
    parents = list(range(len(groups)))

    def root(group: int) -> int:
        while parents[group] != group:
            group = parents[group]
        return group

    for group, spellings in enumerate(groups):
        for spelling in spellings:
            parents[root(group)] = root(name_of.setdefault(canonical(spelling), group))
    names: Counter[int] = Counter()
    meetings: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for group, spellings in enumerate(groups):
        names[root(group)] += len(spellings)
        meetings["all"][root(group)] += len(spellings)
        for spelling in spellings:
            meetings[skeleton(spelling)][root(group)] += 1
    whole = _pairs_of_different(meetings.pop("all"))
    return sum(_pairs_of_different(found) for found in meetings.values()) / whole


def _pairs_of_different(counts: Counter[int]) -> float:
    return (sum(counts.values()) ** 2 - sum(count**2 for count in counts.values())) / 2


def _rounds(number: int | None = None) -> list[tuple[str, list[str]]]:
    with ROUNDS.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if number in (None, int(row["round"]))]
    return [(row["origin"], row["spellings"].split("|")) for row in rows]


def test_false_agreement_on_the_lists_of_spellings():
    assert _false_agreement(_own_groups()) <= 0.001
    assert _false_agreement([spellings for _, spellings in _rounds()]) <= 0.001
    assert _false_agreement([*_own_groups(), *(spellings for _, spellings in _rounds())]) <= 0.001


@pytest.mark.parametrize(
    ("number", "least"),
    [(1, 0.94), (2, 0.94), (3, 0.95), (4, 0.97), (5, 0.95), (6, 0.93), (7, 0.88), (8, 0.82), (9, 0.95), (10, 0.82),
     (11, 0.91), (12, 0.87)],
)  # fmt: skip # as it is after the rules that each round asked for; no rule was made for rounds 8, 10 and 12: docs/names.md
def test_recall_on_the_rounds_of_blind_lists(number, least):
    pairs = [
        skeleton(a) == skeleton(b) != ""
        for _, spellings in _rounds(number)
        for a, b in itertools.combinations(spellings, 2)
    ]
    assert sum(pairs) / len(pairs) >= least


def test_the_canonical_spelling_separates_names_that_are_near():
    with NEAR.open(encoding="utf-8") as stream:
        pairs = [(row["one"], row["other"]) for row in csv.DictReader(stream)]
    same = [pair for pair in pairs if canonical(pair[0]) == canonical(pair[1])]
    assert len(same) <= 2, same  # Sangaré and Sankaré are one name to many clerks; Emine and Emin differ in a mute e


@pytest.mark.parametrize(
    ("split", "least"),
    [("tuned", 0.98), ("held", 0.98), ("later", 0.98), ("recent", 0.97), ("unseen", 0.97), ("fresh", 0.95),
     ("blind", 0.92), (None, 0.975)],
)  # fmt: skip
def test_recall_on_the_lists_of_spellings_by_kind(split, least):
    pairs = [
        skeleton(a) == skeleton(b) != ""
        for group in _own_groups(split)
        for a, b in itertools.combinations(dict.fromkeys(group), 2)
    ]
    assert sum(pairs) / len(pairs) >= least


def test_different_names_of_the_lists_agree_in_less_than_one_pair_of_a_thousand():
    firsts = {group[0]: skeleton(group[0]) for group in _own_groups()}
    pairs = [a == b for a, b in itertools.combinations(firsts.values(), 2)]
    assert sum(pairs) / len(pairs) <= 0.001


@pytest.mark.parametrize(
    "pair",
    [
        "Karim/Karima",
        "Said/Saida",
        "Jamil/Jamila",
        "Rachid/Rachida",
        "Hassan/Houcine",
        "Hassan/Hassina",
        "Mohamed/Mahmoud",
        "Latif/Latifa",
        "Karim/Kerroum",
        "Salim/Salima",
        "Nabil/Nabila",
        "Said/Saad",
        "Hamid/Hamida",
        "Gamal/Gamila",
        "Tounkara/Toukara",
        "Diallo/Diallos",
        "Ahmed/Hmida",
        "Bamba/Bemba",
        "Gamal/Jamel",
        "Martin/Martine",
        "Simon/Simone",
        "Denis/Denise",
        "Christian/Christiane",
        "François/Françoise",
        "Robert/Roberte",
        "Sylvain/Sylvaine",
        "سعد/سعاد",
        "عمر/عامر",
        "عادل/عدل",
        "علية/عالية",
        "أمين/أمينة",
        "كريم/كريمة",
        "حسن/حسين",
        "حامد/حميد",
        "سالم/سليم",
    ],
)
def test_the_canonical_spelling_separates_what_the_skeleton_unites(pair):
    left, right = pair.split("/")
    assert canonical(left) != canonical(right)


@pytest.mark.parametrize(
    ("together", "apart"),
    [("N'Diaye", "N Diaye"), ("NDIAYE", "N. Diaye"), ("N’Guessan", "N-GUESSAN"), ("M'Baye", "M Baye"), ("Mbaye", "M-Baye"),
     ("M'Hamed", "M Hamed"), ("Nguema", "N`Guema"), ("Mbengue", "M´Bengue")],
)  # fmt: skip
def test_nasal_initials_meet_however_they_are_set_apart(together, apart):
    assert normalize(together).skeletons == normalize(apart).skeletons
    assert len(normalize(apart).words) == 1


@pytest.mark.parametrize(
    "pair",
    [
        "سهام/Siham",
        "سهيل/Souhail",
        "سهيلة/Souhaila",
        "الدهبي/Dahbi",
        "التهامي/Touhami",
        "كهينة/Kahina",
        "القهوجي/Kahouaji",
        "صهيب/Souhaib",
        "الطهراوي/Tahraoui",
        "الضهراوي/Dahraoui",
        "ذهبية/Dahbia",
        "ظهير/Dahir",
        "شهد/Chahd",
        "مهدي/Mehdi",
        "أسماء/Asmaa",
        "إسماعيل/Ismail",
    ],
)
def test_two_arabic_letters_are_not_read_as_one_latin_sound(pair):
    arabic, latin = pair.split("/")
    assert skeleton(arabic) == skeleton(latin)


def _one_word_spellings() -> list[str]:
    texts = [text for spellings in (*_own_groups(), *(group for _, group in _rounds())) for text in spellings]
    whole = {text.upper() for text in texts if text.isascii() and re.fullmatch("[A-Za-z]{2,}", text)}
    return sorted(word for word in whole if normalize(f"ALAMI {word}").words != normalize("ALAMI").words)


COMPOUND = re.compile("(?:OU|U|E)?D+I+N+E?")
"""The second part of a name of two words (… of the religion), which no list has as a name of its own."""


@pytest.mark.parametrize("before", ["ALAMI", "BOUAFIA", "DIALLO", "KOUASSI", "SCHMIDT"])
def test_a_name_in_one_field_with_another_stays_a_word_of_its_own(before):
    for word in _one_word_spellings():
        if not COMPOUND.fullmatch(word):
            assert normalize(f"{before} {word}").words == normalize(before).words + normalize(word).words, word


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("BOUAFIA ALADIN", ("BOUAFIA", "ALADIN")),
        ("ALAMI AZEDDINE", ("ALAMI", "AZEDDINE")),
        ("BENALI AZZEDINE", ("BENALI", "AZZEDINE")),
        ("MARTIN ODIN", ("MARTIN", "ODIN")),
        ("MARTIN ADINE", ("MARTIN", "ADINE")),
        ("ABOU DIALLO", ("ABOU", "DIALLO")),
        ("BOU NDIAYE", ("BOU", "NDIAYE")),
        ("SAN AWA", ("SAN", "AWA")),
        ("LE THI MAI", ("LE", "THI", "MAI")),
        ("DU PING", ("DU", "PING")),
        ("NOUR EDDINE ALAMI", ("NOUREDDINE", "ALAMI")),
        ("ALA EDDINE", ("ALAEDDINE",)),
        ("SALAH AL DIN", ("SALAHEDDINE",)),
        ("SHAMS UD DIN", ("CHAMSEDDINE",)),
        ("NOUR ADDINE", ("NOUREDDINE",)),
        ("ABOU BAKR DIALLO", ("ABOUBAKR", "DIALLO")),
    ],
)
def test_words_are_joined_where_they_are_one_name_and_nowhere_else(whole, parts):
    found = [normalize(part).skeletons for part in parts]
    assert list(normalize(whole).skeletons) == [bones for part in found for bones in part]


def test_a_title_is_not_an_initial():
    assert normalize("M. Diallo").words == normalize("Diallo").words
    assert normalize("M Diallo Amadou").words == normalize("Diallo Amadou").words


@pytest.mark.parametrize(
    ("text", "latin"),
    [
        ("ⵎⵓⵃⴰⵎⵎⴷ", "Mouhammd"),
        ("ⴰⵣⵓⵍⴰⵢ", "Azoulay"),
        ("САМАRА", "Camara"),
        ("КONÉ", "Koné"),
        ("ТОМА", "Toma"),
        ("Иванов", "Ivanov"),
        ("Παπαδόπουλος", "Papadopoulos"),
        ("Đặng", "Dang"),
        ("Đorđe", "Dorde"),
        ("Ɖogbe", "Dogbe"),
        ("Ɔwusu", "Owusu"),
        ("M\u200dohamed", "Mohamed"),
        ("\u200eDiallo\u200f", "Diallo"),
        ("Dial\u00adlo", "Diallo"),
        ("\ufeffDiallo", "Diallo"),
        ("م\u200cحمد", "محمد"),
        ("علی", "علي"),
        ("یحیی", "يحيى"),
        ("کریم", "كريم"),
        ("فاطمه", "فاطمة"),
        ("خديجه", "خديجة"),
        ("أبوبكر", "أبو بكر"),
        ("ابوبكر", "Aboubakr"),
        ("أبوالحسن", "Abou El Hassan"),
        ("بنعلي", "Ben Ali"),
        ("عبدالإله", "Abdelilah"),
        ("مُحَمَّد", "محـــمد"),
    ],
)
def test_scripts_marks_and_letters_of_other_keyboards(text, latin):
    assert skeleton(text) == skeleton(latin) != ""


@pytest.mark.parametrize(
    "pair",
    ["سيسي/Cissé", "تراوري/Traoré", "كوني/Koné", "توري/Touré", "كوليبالي/Coulibaly", "ولد عبد العزيز/Ould Abdel Aziz", "Wuld Ahmed/Ould Ahmed",
     "Soxna/Sokhna", "Xadi/Khady", "Caam/Thiam", "Jeng/Dieng", "Mbye/Mbaye", "Lansana/Lassana", "Küçük/Kucuk", "Serhiy/Serguii",
     "Benyelloun/Benjelloun"],
)  # fmt: skip
def test_spellings_of_the_gambia_of_wolof_and_of_the_sahel_in_arabic_script(pair):
    left, right = pair.split("/")
    assert skeleton(left) == skeleton(right) != ""


def test_a_final_i_after_the_article_is_no_ending_of_the_sahel():
    assert skeleton("السيسي") == skeleton("Al Sissi")
    assert skeleton("السيسي") != skeleton("سيسي")


def test_final_h_stays_where_it_is_no_ta_marbuta():
    assert skeleton("نزيه") == skeleton("Nazih")
    assert skeleton("عبد الله") == skeleton("Abdallah")


@pytest.mark.parametrize(
    "text",
    [
        "NEANT",
        "néant",
        "INCONNU",
        "Inconnue",
        "غير معروف",
        "غير معروفة",
        "مجهول",
        "لا يوجد",
        "SANS NOM",
        "SNP",
        "S.N.P",
        "FNU",
        "LNU",
        "XXX",
        "xxxx",
        "...",
        "--",
        "123",
        "nan",
        "N/A",
        "NON RENSEIGNÉ",
        "UNKNOWN",
        "INCONNU INCONNU",
        "<NA>",
        "NC",
        "undefined",
        "X ben X",
        "XBENTX",
        "Monsieur X",
        "né sous X",
        "père inconnu",
        "Bébé de Fatou",
        "BABY OF AWA",
        "Nouveau-né",
        "illisible",
        "Prénom",
        "John Doe",
        "مجهول الأب",
        "مجهولة الهوية",
        "فلان",
        "غير مقروء",
        "مولود جديد",
        "No consta",
        "Non indiqué",
        "à renseigner",
        "voir ci-dessus",
        "mort-né",
        "Anonymous",
        "noname",
        "test test",
        "desconhecida",
        "sem nome",
        "senza cognome",
        "unbekannt",
        "ohne Namen",
        "geen voornaam",
        "isimsiz",
        "nieznany",
        "necunoscut",
        "неизвестно",
        "#NAME?",
        "#NOM?",
        "#VALEUR!",
        "#DIV/0!",
        "معلومة ناقصة",
        "نفس الاسم",
        "بنت فلان",
        "غير مسجلة",
        "Vorname",
        "Nazwisko",
    ],
)
def test_placeholders_are_no_names(text):
    assert what_is_no_name(text) == "names-placeholder"


@pytest.mark.parametrize("text", ["张伟", "ጌታቸው", "שלום", "김"])
def test_a_script_that_is_not_read_is_said_to_be_unreadable(text):
    assert what_is_no_name(text) == "names-unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "Na",
        "Nan",
        "Diallo",
        "محمد",
        "Ba",
        "Sané",
        "ⵢⵉⴷⵉⵔ",
        "Иванов",
        "Li",
        "Inès",
        "Neanti",
        "Xavier",
        "Baby",
        "Sow Fils",
        "Maria de Fatima",
        "Malcolm X",
        "Bem Xavier",
        "Toto",
        "طفيل",
        "Brak",
        "Dito",
        "سري",
        "مكتوم",
        "Absent Fils",
        "Monsieur Diallo",
        "Madame Ba",
        "Nieto",
        "بنت الشاطئ",
    ],
)
def test_names_that_look_like_placeholders_stay(text):
    assert what_is_no_name(text) is None


def test_a_rule_that_needs_letters_cannot_apply_without_them():
    words = {word for group in _own_groups() for text in group for word in re.findall("[A-Z]+", text.upper())}
    for rule in [*LATIN_RULES, *SOUND_RULES]:
        assert all(rule.needs in word for word in words if rule.compiled.search(word)), rule.pattern


def test_the_rules_are_those_of_this_release_on_every_python():
    """Whoever changes a rule changes this digest: registers must then be encoded again together."""
    assert rules_digest() == "60ea7134eda95899"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("O'Brien-Smith", ("OBRIEN", "SMITH")),
        ("Élodie Çelik", ("ELODIE", "CELIK")),
        ("Mme DUPONT Marie", ("DUPONT", "MARIE")),
        ("van der Dussen", ("VAN", "DER", "DUSSEN")),
        ("M. N Diaye Ibrahima", ("NDIAYE", "IBRAHIMA")),
        ("Fatima EL ALAOUI épouse DIALLO", ("FATIMA", "EL", "ALAOUI")),
        ("Dupont née Martin", ("MARTIN",)),
        ("عبد القادر", ("ABDKADR",)),
        ("", ()),
        ("-", ()),
        ("7 / 12", ()),
        ("Mme", ("MME",)),
    ],
)
def test_words_as_they_are_spelled_follow_no_rule(text, words):
    assert written(text) == words


def _misspelled(word):
    """Every word with one letter dropped, doubled, replaced or exchanged with the next."""
    for at in range(len(word)):
        before, here, after = word[:at], word[at], word[at + 1 :]
        yield from (before + after, before + here * 2 + after, before + "q" + after)
        yield before + after[:1] + here + after[1:]


@pytest.mark.parametrize("name", ["Alberto", "Elmar", "Christoph", "Joseph", "Lynn", "William", "Edgar", "Mohammed"])
def test_a_misspelled_word_differs_in_the_wrong_letters_only(name):
    right = set(text_grams(written(name)[0]))
    for wrong in _misspelled(name):
        found = set(text_grams("".join(written(wrong))))
        assert len(right - found) <= 3  # an exchange of two letters touches three pairs of them
