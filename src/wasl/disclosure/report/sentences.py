"""What users of a file are told about each method, in French, Arabic and English; no parameter and no count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from wasl.disclosure.methods.steps.step import Change

__all__ = ["LANGUAGES", "Language", "sentence"]

Language = Literal["fr", "ar", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "ar", "en")

_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "recode": (
        "{variables} : valeurs regroupées ; nombre de catégories : {categories}.",
        "{variables}: جُمّعت القيم؛ عدد الفئات: {categories}.",
        "{variables}: values are grouped; number of categories: {categories}.",
    ),
    "top_or_bottom": (
        "{variables} : les valeurs {ends} sont remplacées par une même valeur.",
        "{variables}: استُبدلت القيم {ends} بقيمة واحدة.",
        "{variables}: the {ends} values are replaced by one value.",
    ),
    "top_and_bottom": (
        "{variables} : les valeurs {ends} sont remplacées, à chaque extrémité, par une même valeur.",
        "{variables}: استُبدلت القيم {ends} بقيمة واحدة في كل طرف.",
        "{variables}: the {ends} values are replaced by one value at each end.",
    ),
    "grouped": (
        "{variables} : les catégories rares sont regroupées.",
        "{variables}: جُمّعت الفئات النادرة.",
        "Rare categories of {variables} are grouped.",
    ),
    "grouped_and_suppressed": (
        "{variables} : les catégories rares sont regroupées ou supprimées.",
        "{variables}: جُمّعت الفئات النادرة أو حُذفت.",
        "Rare categories of {variables} are grouped or suppressed.",
    ),
    "group_areas": (
        "{variables} : chaque zone aux effectifs suffisants est montrée seule, les autres avec des voisines.",
        "{variables}: تُعرض كل منطقة كافية العدد وحدها، وتُجمع المناطق الأخرى مع جيرانها.",
        "{variables}: every area with enough records is shown by itself, the others with neighbours.",
    ),
    "round": (
        "{variables} : valeurs arrondies.",
        "{variables}: قُرّبت القيم.",
        "{variables} is rounded.",
    ),
    "suppression": (
        (
            "Des valeurs isolées de variables identifiantes sont supprimées là où les combinaisons étaient rares : "
            "{variables}."
        ),
        "حُذفت قيم منفردة لمتغيرات معرِّفة حيث كانت التركيبات نادرة: {variables}.",
        "Single values of identifying variables are suppressed where combinations were rare: {variables}.",
    ),
    "suppress_records": (
        "Les enregistrements à combinaisons rares sont retirés, s'il y en a.",
        "تُسحب التسجيلات ذات التركيبات النادرة إن وُجدت.",
        "Records with rare combinations are removed, if there are any.",
    ),
    "microaggregate": (
        "{variables} : les valeurs sont des moyennes de groupes d'enregistrements semblables.",
        "{variables}: القيم متوسطات لمجموعات من التسجيلات المتشابهة.",
        "{variables}: values are means of groups of similar records.",
    ),
    "pram": (
        "{variables} : des catégories sont échangées au hasard avec des probabilités connues (PRAM).",
        "{variables}: استُبدلت فئات عشوائيا باحتمالات معلومة (PRAM).",
        "{variables}: categories are exchanged at random with known probabilities (PRAM).",
    ),
    "noise": (
        "{variables} : un bruit aléatoire est ajouté.",
        "{variables}: أُضيف تشويش عشوائي.",
        "{variables}: random noise is added.",
    ),
    "rank_swap": (
        "{variables} : des valeurs de rang voisin sont échangées.",
        "{variables}: بُودلت قيم متقاربة الرتبة.",
        "{variables}: values are exchanged with others of nearby rank.",
    ),
    "shuffle": (
        "{variables} : les valeurs sont redistribuées entre enregistrements aux prédictions semblables.",
        "{variables}: أُعيد توزيع القيم بين تسجيلات متشابهة التوقع.",
        "{variables}: values are shuffled between records with similar predictions.",
    ),
    "swap_records": (
        "Des enregistrements peuvent avoir échangé {variables} avec des enregistrements semblables d'ailleurs.",
        "قد تكون تسجيلات بادلت {variables} مع تسجيلات مشابهة من أماكن أخرى.",
        "Records may have exchanged their {variables} with similar records elsewhere.",
    ),
    "drop": (
        "Non diffusé : {variables}.",
        "غير منشور: {variables}.",
        "Not released: {variables}.",
    ),
    "renumber": (
        "Les numéros de ménage sont remplacés par des numéros aléatoires.",
        "استُبدلت أرقام الأسر بأرقام عشوائية.",
        "Household numbers are replaced by random ones.",
    ),
    "shuffle_rows": (
        "Les enregistrements sont dans un ordre aléatoire.",
        "التسجيلات بترتيب عشوائي.",
        "Rows are in random order.",
    ),
}
"""French, Arabic, English."""

_ENDS: Mapping[tuple[bool, bool], tuple[str, str, str]] = {
    (True, True): ("les plus basses et les plus élevées", "الأدنى والأعلى", "lowest and highest"),
    (True, False): ("les plus basses", "الأدنى", "lowest"),
    (False, True): ("les plus élevées", "الأعلى", "highest"),
}


def sentence(change: Change, language: Language) -> str:
    """The sentence about a change for users of the file.

    Args:
        change: A change that took effect.
        language: ``fr``, ``ar`` or ``en``.
    """
    kind, names, counts = change.method, change.variables, change.counts
    if kind == "group":
        kind = "recode"
    elif kind == "group_rare":
        kind = "grouped_and_suppressed" if counts.get("suppressed") else "grouped"
    elif kind in ("local_suppression", "risk_suppression"):
        kind, names = "suppression", tuple(name for name in change.variables if counts.get(name))
    ends = (change.parameters.get("bottom") is not None, change.parameters.get("top") is not None)
    if kind == "top_bottom":
        kind = "top_and_bottom" if all(ends) else "top_or_bottom"
    place = LANGUAGES.index(language)
    return _SENTENCES[kind][place].format(
        variables=("، " if language == "ar" else ", ").join(names),
        categories=counts.get("categories_after", ""),
        ends=_ENDS[ends][place] if ends in _ENDS else "",
    )
