"""Pages about protected tables: the public method note, and the internal maps of what was suppressed and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jinja2 import Environment

from wasl.locale import LANGUAGES, Language, Messages, messages
from wasl.locale.messages import in_language
from wasl.locale.printing import PRINTED
from wasl.registers.codes.classification import CodeList
from wasl.registers.known_names import known_name
from wasl.tables.primary import RULES
from wasl.tables.protected import STATUSES, ProtectedTable, ProtectedTables
from wasl.tables.specification import ProtectionMethod

__all__ = ["heat_map_page", "heat_map_pages", "method_page"]

MOST_CELLS = 20_000
"""Cells of a table that the map shows; past that, a browser takes seconds to draw it."""

_ENVIRONMENT = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.globals["printed"] = PRINTED

_METHODS: Mapping[ProtectionMethod, Mapping[str, str]] = {
    ProtectionMethod.SUPPRESSION: {
        "en": "Cells that could tell something about a single contributor are not published. Further cells are "
        "withheld so that these cannot be computed from totals. All other figures are the true ones. Withheld cells "
        "are empty; their status is 'primary' or 'secondary'. They are not zero.",
        "fr": "Les cases qui pourraient révéler une information sur un contributeur ne sont pas publiées. D'autres "
        "cases sont retirées afin qu'on ne puisse pas les calculer à partir des totaux. Les autres chiffres sont "
        "exacts. Les cases retirées sont vides ; leur statut est « primary » ou « secondary ». Elles ne valent pas "
        "zéro.",
        "ar": "لا تُنشر الخانات التي قد تكشف معلومة عن مساهم واحد. وتُحجب خانات أخرى حتى لا يمكن حسابها من المجاميع. "
        "جميع الأرقام الأخرى صحيحة. الخانات المحجوبة فارغة وليست صفرا.",
    },
    ProtectionMethod.CELL_KEY: {
        "en": "A small random number was added to every count. The same group of persons has the same number in every "
        "table. Totals may differ slightly from the sum of their parts. Zeros are true zeros.",
        "fr": "Un petit nombre aléatoire a été ajouté à chaque effectif. Un même groupe de personnes reçoit le même "
        "nombre dans tous les tableaux. Les totaux peuvent différer légèrement de la somme des parties. Les zéros "
        "sont vrais.",
        "ar": "أُضيف عدد عشوائي صغير إلى كل عدد. المجموعة نفسها من الأشخاص لها العدد نفسه في كل الجداول. "
        "قد تختلف المجاميع قليلا عن مجموع الأجزاء. الأصفار حقيقية.",
    },
    ProtectionMethod.ROUNDING: {
        "en": "All figures are rounded.",
        "fr": "Tous les chiffres sont arrondis.",
        "ar": "جميع الأرقام مقرّبة.",
    },
    ProtectionMethod.NONE: {
        "en": "The figures are published as they are.",
        "fr": "Les chiffres sont publiés tels quels.",
        "ar": "تُنشر الأرقام كما هي.",
    },
}

_NOISY_SUMS: Mapping[str, str] = {
    "en": "A random amount was added to or taken from every sum. It is a share of the largest contributions to the "
    "sum. The same group of contributors has the same amount in every table. Totals may differ from the sum of their "
    "parts. Zeros are true zeros.",
    "fr": "Un montant aléatoire a été ajouté à chaque somme ou en a été retranché. C'est une part des plus fortes "
    "contributions à la somme. Un même groupe de contributeurs reçoit le même montant dans tous les tableaux. Les "
    "totaux peuvent différer de la somme des parties. Les zéros sont vrais.",
    "ar": "أُضيف إلى كل مجموع أو طُرح منه مبلغ عشوائي، هو حصة من أكبر المساهمات فيه. المجموعة نفسها من المساهمين لها "
    "المبلغ نفسه في كل الجداول. قد تختلف المجاميع عن مجموع الأجزاء. الأصفار حقيقية.",
}

_MEDIANS: Mapping[str, str] = {
    "en": "A median band is the lower limit of the class in which the median of a cell lies. The classes begin at "
    "{limits}. It is published only where no withheld number of records could move the median into another class.",
    "fr": "Une classe médiane est désignée par la limite inférieure de la classe où se trouve la médiane d'une case. "
    "Les classes commencent à {limits}. Elle n'est publiée que si aucun effectif retiré ne peut déplacer la médiane "
    "vers une autre classe.",
    "ar": "تُعطى الفئة الوسيطة بالحد الأدنى للفئة التي يقع فيها وسيط الخانة. تبدأ الفئات عند {limits}. "
    "لا تُنشر إلا إذا لم يكن بوسع أي عدد محجوب أن ينقل الوسيط إلى فئة أخرى.",
}

_TITLES = {"en": "How this table was protected", "fr": "Comment ce tableau a été protégé", "ar": "كيف حُمي هذا الجدول"}
_COUNTED = {"en": ("status", "cells"), "fr": ("statut", "cases"), "ar": ("الحالة", "الخانات")}

_METHOD = _ENVIRONMENT.from_string(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ name }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
table { border-collapse: collapse; } th { text-align: start; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem 0; padding-inline-end: 1rem; }
section { margin-top: 2rem; }
{{ printed }}
</style>
</head>
<body>
<h1>{{ name }}</h1>
{% for part in parts %}
<section lang="{{ part.language }}"{% if part.language == "ar" %} dir="rtl"{% endif %}>
<h2>{{ part.title }}</h2>
<p>{{ part.text }}</p>
{% for table in tables %}
<h3><bdi>{{ table.names[part.language] }}</bdi></h3>
<table aria-label="{{ table.names[part.language] }}">
<tr><th scope="col">{{ part.counted[0] }}</th><th scope="col">{{ part.counted[1] }}</th></tr>
{% for status, count in table.counts %}
<tr><td>{{ part.words[status] }}</td><td>{{ count }}</td></tr>
{% endfor %}
</table>
{% endfor %}
</section>
{% endfor %}
</body>
</html>
"""
)

_MAP = _ENVIRONMENT.from_string(
    """<!doctype html>
<html lang="{{ language }}" dir="{{ direction }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ name }} – {{ heading }}</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; color: #222; margin: 1rem; }
.confidential { background: #7a1f1f; color: #fff; padding: .4rem .8rem; }
.map { overflow-x: auto; } nav a { margin-inline-end: 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } td { width: 1.4rem; height: 1.1rem; border: 1px solid #fff; }
th { text-align: start; font-weight: normal; padding-inline-end: .6rem; white-space: nowrap; }
th.v { writing-mode: vertical-rl; transform: rotate(180deg); padding: .3rem 0; direction: ltr; text-align: left; }
.published { background: #e4eee7; } .zero { background: #f6f6f6; } .perturbed { background: #d5e3f0; }
.secondary { background: #f0b45a; } .frequency { background: #a02020; } .dominance { background: #7b2d8b; }
.p-percent { background: #4b2d8b; } .pq { background: #2d3b8b; } .zero-rule { background: #555; }
ul.key { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem .6rem; }
ul.key li { padding: .1rem .6rem; }
.frequency, .dominance, .p-percent, .pq, .zero-rule { color: #fff; }
{{ printed }}
@media print {
td { text-align: center; font-size: 7pt; border-color: #bbb; } .key li { border: 1px solid #000; }
.published, .zero, .perturbed, .secondary, .frequency, .dominance, .p-percent, .pq, .zero-rule { color: #000; }
.zero::after { content: " 0"; } .perturbed::after { content: " ±"; } .secondary::after { content: " s"; }
.frequency::after { content: " F"; } .dominance::after { content: " D"; } .p-percent::after { content: " P"; }
.pq::after { content: " Q"; } .zero-rule::after { content: " Z"; }
}
</style>
</head>
<body>
<nav>
{% for file, other in others %}
<a href="{{ file }}" lang="{{ other.language }}">{{ other.name }}</a>
{% endfor %}
</nav>
<p class="confidential">{{ warning }}</p>
<h1><bdi>{{ name }}</bdi></h1>
<p>{{ heading }}</p>
<ul class="key">
{% for kind, word in kinds %}
<li class="{{ kind }}">{{ word }}</li>
{% endfor %}
</ul>
{% for table in tables %}
<h2><bdi>{{ table.name }}</bdi></h2>
{% if table.rows is none %}
<p>{{ table.too_many }}</p>
{% else %}
<div class="map">
<table>
<tr><th></th>{% for column in table.columns %}<th class="v"><bdi>{{ column }}</bdi></th>{% endfor %}</tr>
{% for label, depth, cells in table.rows %}
<tr><th style="padding-inline-start:{{ depth }}rem"><bdi>{{ label }}</bdi></th>
{% for kind, title in cells %}
<td{% if kind %} class="{{ kind }}" title="{{ title }}"{% endif %}></td>
{% endfor %}
</tr>
{% endfor %}
</table>
</div>
{% endif %}
{% endfor %}
</body>
</html>
"""
)

_KINDS = ("published", "zero", "perturbed", "secondary", *RULES[:4], "zero-rule")


def method_page(result: ProtectedTables) -> str:
    """The public note in English, French and Arabic; it states the method but none of its parameters."""
    texts = [_METHODS[result.spec.protection.method]]
    if any(table.perturbs_sums for table in result.spec.tables):
        counts = not all(table.perturbs_sums for table in result.spec.tables)
        texts = [*texts, _NOISY_SUMS] if counts else [_NOISY_SUMS]
    bands = {table.input.bands for table in result.spec.tables if table.input.bands}
    for limits in sorted(bands):
        named = ", ".join(str(limit) for limit in limits)
        texts = [*texts, {language: text.format(limits=named) for language, text in _MEDIANS.items()}]
    return _METHOD.render(
        name=result.spec.tables[0].title or result.spec.name,
        parts=[
            {
                "language": language,
                "title": _TITLES[language],
                "text": " ".join(text[language] for text in texts),
                "counted": _COUNTED[language],
                "words": {status: _status(status, language) for status in STATUSES},
            }
            for language in _TITLES
        ],
        tables=[
            {
                "names": {language: _title(table, language) for language in _TITLES},
                "counts": [(status, count) for status, count in table.counts().items() if count],
            }
            for table in result.tables
        ],
    )


def _status(status: str, language: str) -> str:
    """The word for a status, and its code in the files."""
    word = messages(next(known for known in LANGUAGES if known == language)).text(known_name(status))
    return word if word == status else f"{word} ({status})"


def _title(table: ProtectedTable, language: str) -> str:
    titles = {"fr": table.spec.title_fr, "ar": table.spec.title_ar}
    return titles.get(language, "") or table.spec.title or table.spec.name


def heat_map_pages(result: ProtectedTables) -> dict[str, str]:
    """The internal map in each language, by file name; ``heat-map.html`` is the English one."""
    return {_file(language): heat_map_page(result, language) for language in LANGUAGES}


def _file(language: Language) -> str:
    return "heat-map.html" if language == "en" else f"heat-map.{language}.html"


def heat_map_page(result: ProtectedTables, language: Language = "en") -> str:
    """The internal map: a square per cell, coloured by status and, for unsafe cells, by the rule they break."""
    says = messages(language)
    _ = says.text
    return _MAP.render(
        language=language,
        direction=says.direction,
        others=[(_file(other), messages(other)) for other in LANGUAGES if other != language],
        name=result.spec.name,
        heading=_("What was suppressed, and why"),
        warning=_("Confidential: this page names the unsafe cells and the rules they break."),
        tables=[_drawn(table, says) for table in result.tables],
        kinds=[(kind, _(known_name(kind))) for kind in _KINDS],
    )


def _meanings(classifications: Sequence[str], says: Messages) -> dict[str, str]:
    """The labels of the codes of shipped classifications in a language."""
    return {
        code: in_language(says.language, entry.label, entry.label_fr, entry.label_ar)
        for name in classifications
        for code, entry in CodeList.load(name).entries.items()
    }


def _drawn(table: ProtectedTable, says: Messages) -> dict[str, Any]:
    _ = says.text
    cells = table.cells
    name = _title(table, says.language)
    if cells.size > MOST_CELLS:
        too_many = _(
            "{size} cells are too many for a picture. {file} lists them.", size=cells.size, file="internal.csv"
        )
        return {"name": name, "too_many": too_many, "rows": None}
    first = cells.dimensions[0]
    rest = cells.places[:, 1:]
    combinations, column = np.unique(rest, axis=0, return_inverse=True)
    grid: list[list[tuple[str, str]]] = [[("", "")] * len(combinations) for row in range(first.size)]
    for cell in range(cells.size):
        kind = STATUSES[table.status[cell]]
        if kind == "primary":
            rule = RULES[table.rule[cell] - 1] if table.rule[cell] else "frequency"
            kind = "zero-rule" if rule == "zero" else rule
        title = f"{cells.label(cell)}: {_(known_name(kind))}"
        if table.status[cell] in (1, 2):
            low, high = f"{table.low[cell]:.6g}", f"{table.high[cell]:.6g}"
            title += "; " + _("interval {low} to {high}", low=low, high=high)
        grid[cells.places[cell, 0]][int(column.reshape(-1)[cell])] = (kind, title)
    words = [_meanings(described.classifications, says) for described in table.spec.dimensions]
    names = [
        " · ".join(
            w.get(d.codes[p], d.codes[p]) for d, p, w in zip(cells.dimensions[1:], places, words[1:], strict=True) if p
        )
        or _("Total")
        for places in combinations.tolist()
    ]
    rows = [
        (words[0].get(code) or (_("Total") if code == first.total else code), int(first.depths[i]), grid[i])
        for i, code in enumerate(first.codes)
    ]
    return {"name": name, "columns": names, "rows": rows}
