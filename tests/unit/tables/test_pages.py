"""Maps and notes of protected tables in three languages."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.tables.pages import heat_map_pages, method_page
from wasl.tables.protect import protect_tables


@pytest.fixture
def protected(specify):
    rows = [("N", "A")] * 9 + [("N", "B")] * 2 + [("S", "A")] * 8 + [("S", "B")] * 7
    data = pa.table({"place": [row[0] for row in rows], "kind": [row[1] for row in rows]})
    spec = specify(
        dimensions=[{"name": "place"}, {"name": "kind"}],
        input={},
        title="Permits",
        title_fr="Permis",
        title_ar="رخص",
    )
    return protect_tables(spec, [data], {})


@pytest.mark.parametrize(
    ("file", "opening", "title", "unsafe", "withheld"),
    [
        ("heat-map.html", '<html lang="en" dir="ltr">', "Permits", "too few contributors", "protect another"),
        ("heat-map.fr.html", '<html lang="fr" dir="ltr">', "Permis", "trop peu de contributeurs", "protéger une autre"),
        ("heat-map.ar.html", '<html lang="ar" dir="rtl">', "رخص", "عدد المساهمين قليل", "لحماية أخرى"),
    ],
)
def test_each_language_has_its_map(protected, file, opening, title, unsafe, withheld):
    page = heat_map_pages(protected)[file]
    assert opening in page
    assert f"<h2><bdi>{title}</bdi></h2>" in page
    assert page.count('class="frequency" title="place=N, kind=B: ') == 1
    assert unsafe in page.split('class="frequency" title="')[1].split('"')[0]
    assert withheld in page.split('class="secondary" title="')[1].split('"')[0]
    for other in {"heat-map.html", "heat-map.fr.html", "heat-map.ar.html"} - {file}:
        assert f'href="{other}"' in page


def test_the_public_note_names_statuses_and_titles_in_each_language(protected):
    page = method_page(protected)
    for expected in ("withheld to protect another (secondary)", "retirée pour en protéger une autre (secondary)"):
        assert expected in page
    for title in ("Permits", "Permis", "رخص"):
        assert f"<bdi>{title}</bdi>" in page


@pytest.mark.parametrize(
    ("file", "shown"), [("heat-map.fr.html", "Féminin"), ("heat-map.ar.html", "أنثى"), ("heat-map.html", "Female")]
)
def test_codes_of_a_shipped_classification_are_said_in_words(specify, file, shown):
    rows = [("F", "A")] * 9 + [("M", "B")] * 8
    data = pa.table({"sex": [row[0] for row in rows], "kind": [row[1] for row in rows]})
    spec = specify(dimensions=[{"name": "sex", "classifications": ["sex"]}, {"name": "kind"}], input={})
    page = heat_map_pages(protect_tables(spec, [data], {}))[file]
    assert f"<bdi>{shown}</bdi>" in page
    assert "<bdi>A</bdi>" in page
