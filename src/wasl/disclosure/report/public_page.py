"""The public reports as HTML pages, in French, Arabic or English. They show what ``report.public`` decided, no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from wasl.disclosure.report import layout, plots
from wasl.disclosure.report.attack_tables import attack_tables
from wasl.disclosure.report.sentences import LANGUAGES, Language
from wasl.disclosure.report.utility_tables import utility_tables
from wasl.locale import messages

if TYPE_CHECKING:
    from wasl.disclosure.protect import Protection
    from wasl.disclosure.synthesize import Synthesis

__all__ = ["public_page", "synthesis_page"]

ORDER: tuple[Language, ...] = ("en", "fr", "ar")
"""The languages on a page of all three."""

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "rows": ("Le fichier compte {rows} enregistrements.", "يضم الملف {rows} تسجيلا.", "The file has {rows} records."),
    "removed": (
        "Enregistrements retirés : {band}.",
        "تسجيلات مسحوبة: {band}.",
        "Records removed: {band}.",
    ),
    "purpose": (
        (
            "Il a été protégé contre l'identification des personnes avant sa diffusion. Cette page dit comment, et ce "
            "que cela change pour l'analyse."
        ),
        "حُمي الملف من التعرف على الأشخاص قبل نشره. تبين هذه الصفحة كيف تم ذلك وأثره على التحليل.",
        (
            "It was protected against the identification of persons before release. This page says how, and what that "
            "means for analysis."
        ),
    ),
    "bands": (
        (
            "Les pertes sont données par tranches élargies au hasard, afin qu'aucune valeur masquée ne puisse en être "
            "déduite. « – » : non publié pour la même raison."
        ),
        "تُعطى الخسائر في فئات موسعة عشوائيا حتى لا يمكن استنتاج أي قيمة محجوبة منها. «–»: غير منشور للسبب نفسه.",
        (
            "Losses are given in bands that are widened at random, so that no masked value can be deduced from them. "
            '"–": not published, for the same reason.'
        ),
    ),
    "rules": ("Règles : {title}. {source}", "القواعد: {title}. {source}", "Rules: {title}. {source}"),
    "variables": ("Variables", "المتغيرات", "Variables"),
    "label": ("libellé", "التسمية", "label"),
    "name": ("nom", "الاسم", "name"),
    "kind": ("nature", "النوع", "kind"),
    "identifying": ("identifiante", "معرِّف", "identifying"),
    "other": ("autre", "آخر", "other"),
    "methods": ("Méthodes, dans l'ordre", "الطرق بالترتيب", "Methods, in order"),
    "step": ("étape", "المرحلة", "step"),
    "description": ("description", "الوصف", "description"),
    "none": ("Aucune méthode n'a modifié le fichier.", "لم تغير أي طريقة الملف.", "No method changed the file."),
    "loss": ("Perte d'information", "فقدان المعلومات", "Information loss"),
    "variable": ("variable", "المتغير", "variable"),
    "categories": ("catégories diffusées", "الفئات المنشورة", "categories released"),
    "suppressed": ("cellules supprimées", "خلايا محذوفة", "suppressed cells"),
    "detail_kept": ("détail conservé", "التفصيل المحتفظ به", "detail kept"),
    "changed": ("cellules changées", "خلايا معدلة", "changed cells"),
    "distance": ("distance de Hellinger", "مسافة هيلينغر", "Hellinger distance"),
    "number": ("nombre", "العدد", "number"),
    "mean_shift": (
        "déplacement de la moyenne (écarts types)",
        "انزياح المتوسط (بالانحراف المعياري)",
        "shift of the mean (standard deviations)",
    ),
    "spread_shift": (
        "variation relative de l'écart type",
        "التغير النسبي للانحراف المعياري",
        "relative change of the standard deviation",
    ),
    "pairs": (
        "Distance moyenne des tableaux à deux variables : {band}.",
        "متوسط مسافة الجداول الثنائية: {band}.",
        "Mean distance of two-way tables: {band}.",
    ),
    "below": ("moins de {high}", "أقل من {high}", "under {high}"),
    "between": ("{low} à {high}", "من {low} إلى {high}", "{low} to {high}"),
    "nothing": ("aucun", "لا شيء", "none"),
    "synthetic": (
        (
            "Chaque enregistrement est synthétique, tiré d'un modèle statistique ({model}) des données. Aucun "
            "n'est celui d'une personne."
        ),
        "كل تسجيل اصطناعي، مسحوب من نموذج إحصائي ({model}) للبيانات. لا يخص أي تسجيل شخصا.",
        (
            "Every record is synthetic, drawn from a statistical model ({model}) of the data. No record is that of a "
            "person."
        ),
    ),
    "areas": ("Zones", "المناطق", "Areas"),
    "area": ("zone", "المنطقة", "area"),
    "shown_as": ("montrée comme", "تُعرض ضمن", "shown as"),
    "hidden": ("non montrée", "غير معروضة", "not shown"),
    "records": ("enregistrements", "التسجيلات", "records"),
    "kept": ("valeurs présentes", "القيم المتوفرة", "values present"),
    "chart": (
        "Détail conservé, au moins",
        "التفصيل المحتفظ به على الأقل",
        "Detail kept, at least",
    ),
}
"""Words of the pages: French, Arabic, English."""


def public_page(protection: Protection, language: Language | None = None) -> str:
    """What users of the file are told: methods, suppression, information loss in bands; no risk values.

    Args:
        protection: The protected file.
        language: ``fr``, ``ar`` or ``en``; default: all three, one after the other on one page.
    """
    facts = protection.public_report()
    title = protection.policy.title or protection.policy.name

    def parts(chosen: Language) -> list[Markup]:
        removed = _band(facts["rows_removed"], chosen, share=False)
        rows = _word("rows", chosen, rows=messages(chosen).number(facts["rows"]))
        text = f"{rows} {_word('removed', chosen, band=removed)} {_word('purpose', chosen)}"
        return [layout.paragraph(text), *_common(facts, chosen)]

    return _in_languages(title, parts, language, confidential=False)


def _in_languages(
    title: str, parts: Callable[[Language], list[Markup]], language: Language | None, *, confidential: bool
) -> str:
    """A page in one language, or in all three below each other."""
    if language is not None:
        words = messages(language)
        return layout.page(words.sentence(title), parts(language), confidential=confidential, words=words)
    sections = [layout.section(parts(chosen), chosen) for chosen in ORDER]
    return layout.page(title, [layout.languages(ORDER), *sections], confidential=confidential)


def synthesis_page(
    synthesis: Synthesis, attacks: Mapping[str, Any], *, confidential: bool, language: Language | None = None
) -> str:
    """The report of a synthetic file, with or without what is confidential.

    Args:
        synthesis: The synthetic file.
        attacks: Results of attacks, for the confidential page.
        confidential: Whether to show real uniques, attacks and exact losses.
        language: ``fr``, ``ar`` or ``en``; default: all three for the public page, English for the confidential one.
    """
    facts = synthesis.public_report()
    title = synthesis.policy.title or synthesis.policy.name

    def parts(chosen: Language) -> list[Markup]:
        rows = _word("rows", chosen, rows=messages(chosen).number(facts["rows"]))
        text = f"{rows} {_word('synthetic', chosen, model=facts['model'])}"
        return [layout.paragraph(text), *_common(facts, chosen)]

    if not confidential:
        return _in_languages(title, parts, language, confidential=False)
    words = messages(language or "en")
    _ = words.text
    uniques = [
        (_("rows equal to real sample uniques on the keys"), layout.number(synthesis.uniques.keys, words)),
        (
            _("rows equal to real sample uniques in all categories, left"),
            layout.number(synthesis.uniques.whole, words),
        ),
        (_("rows drawn anew"), layout.number(synthesis.uniques.replaced, words)),
    ]
    secret = [
        layout.heading(_("Exact losses")),
        utility_tables(synthesis.utility, words),
        layout.heading(_("Real uniques")),
        layout.table((_("measure"), _("value")), uniques),
        attack_tables(attacks, words),
    ]
    return layout.page(title, [*parts(words.language), *secret], confidential=True, words=words)


def _common(facts: Mapping[str, Any], language: Language) -> list[Markup]:
    """Rules, variables, methods and losses."""
    suffix = "" if language == "en" else f"_{language}"
    words = messages(language)
    policy, loss = facts["policy"], facts["information_loss"]
    variables = [(item[f"label{suffix}"], item["name"], _word(item["role"], language)) for item in facts["variables"]]
    methods = [(number, item[f"description{suffix}"]) for number, item in enumerate(facts["methods"], 1)]
    suppressed = facts.get("suppressed_cells", {})
    columns = ["variable", "categories"]
    figures = [name for name in ("detail_kept", "changed", "distance") if any(name in v for v in _values(loss))]
    hidden = any(item["share"]["below"] > 0 for item in suppressed.values())
    columns += (["suppressed"] if hidden else []) + figures
    rows = [
        (
            name,
            layout.number(item["categories"], words),
            *((_band(suppressed[name]["share"], language),) if hidden else ()),
            *(_band(item.get(figure), language, share=figure != "distance") for figure in figures),
        )
        for name, item in loss["variables"].items()
    ]
    parts = [
        layout.paragraph(
            _word("rules", language, title=words.sentence(policy["title"]) or policy["name"], source=policy["source"])
        ),
        layout.heading(_word("variables", language)),
        layout.table(tuple(_word(w, language) for w in ("label", "name", "kind")), variables),
        layout.heading(_word("methods", language)),
        layout.table(tuple(_word(w, language) for w in ("step", "description")), methods)
        if methods
        else layout.paragraph(_word("none", language)),
        *_areas(facts.get("areas", []), suffix, language),
        layout.heading(_word("loss", language)),
        layout.paragraph(_word("bands", language)),
        layout.table(tuple(_word(w, language) for w in columns), rows),
    ]
    if loss["numbers"]:
        shifts = ("mean_shift", "spread_shift")
        parts.append(
            layout.table(
                tuple(_word(w, language) for w in ("number", *shifts)),
                [(name, *(_band(item[s], language) for s in shifts)) for name, item in loss["numbers"].items()],
            )
        )
    if loss["two_way_tables"] is not None:
        pairs = _band(loss["two_way_tables"], language, share=False)
        parts.append(layout.paragraph(_word("pairs", language, band=pairs)))
    least = {name: item["detail_kept"]["from"] for name, item in loss["variables"].items() if item.get("detail_kept")}
    if least:
        parts.append(layout.figure(_word("chart", language), plots.bars(least, label="", words=words)))
    return parts


def _areas(areas: Sequence[Mapping[str, Any]], suffix: str, language: Language) -> list[Markup]:
    """Where each area is found, and what each published area has."""
    words = messages(language)
    parts: list[Markup] = []
    for one in areas:
        name = {item["code"]: item[f"label{suffix}"] for item in one["published"]}
        found = [
            (item["code"], item[f"label{suffix}"], name.get(item["shown_as"], _word("hidden", language)))
            for item in one["areas"]
        ]
        has = [
            (
                item["code"],
                item[f"label{suffix}"],
                words.number(item["rows"]),
                ", ".join(f"{key} {words.percent(share)}" for key, share in item["detail"].items()),
            )
            for item in one["published"]
        ]
        both = (one["variable"], _word("area", language))
        parts += [
            layout.heading(_word("areas", language)),
            layout.table((*both, _word("shown_as", language)), found),
            layout.table((*both, _word("records", language), _word("kept", language)), has),
        ]
    return parts


def _values(loss: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(loss["variables"].values())


def _word(name: str, language: Language, **values: Any) -> str:
    return _WORDS[name][LANGUAGES.index(language)].format(**values)


def _band(band: Mapping[str, float] | None, language: Language, *, share: bool = True) -> str:
    """A band in words."""
    if band is None:
        return "–"
    low, high = band["from"], band["below"]
    words = messages(language)

    def figure(value: float) -> str:
        return words.percent(value) if share else words.significant(value)

    if low == high:
        return _word("nothing", language) if low == 0.0 else figure(low)
    if low == 0.0:
        return _word("below", language, high=figure(high))
    return _word("between", language, low=figure(low), high=figure(high))
