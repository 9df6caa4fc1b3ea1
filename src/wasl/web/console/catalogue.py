"""The public catalogue: a landing page for each published file, a tombstone for what was withdrawn, how to verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from wasl.errors import NotFoundError
from wasl.locale import N_
from wasl.service.access import Action
from wasl.service.ports import Area
from wasl.service.records import Release, TableOrder
from wasl.service.states import ReleaseStatus
from wasl.web.console.pages import AnyPage, Page, Pages
from wasl.web.console.titles import methods_of

__all__ = ["pages"]

pages = Pages()

PER_PAGE = 50
PUBLIC = (ReleaseStatus.PUBLISHED, ReleaseStatus.WITHDRAWN)
LONGEST_SEARCH = 100


@pages("GET", "/", Action.CATALOGUE_READ)
def show_catalogue(page: AnyPage) -> Response:
    """The published files, the newest first; for everybody."""
    asked = page.request.query_params.get("q", "")[:LONGEST_SEARCH].strip()
    after = page.request.query_params.get("after", "")
    with page.office.ledger.reading() as state:
        found: list[Release | TableOrder] = [
            *state.select(Release, status=PUBLIC, after=after, limit=PER_PAGE + 1, descending=True),
            *state.select(TableOrder, status=PUBLIC, after=after, limit=PER_PAGE + 1, descending=True),
        ]
    found.sort(key=lambda one: one.id, reverse=True)
    shown = [one for one in found[:PER_PAGE] if not asked or _matches(one, asked)]
    following = found[PER_PAGE - 1].id if len(found) > PER_PAGE else ""
    return page.render(
        "catalogue.html",
        releases=[(one, _about(page, one)) for one in shown],
        asked=asked,
        following=following,
    )


@pages("GET", "/catalogue/{release}", Action.CATALOGUE_READ)
def show_release(page: AnyPage, release: str) -> Response:
    """The landing page of a published file, or the tombstone of a withdrawn one; for everybody."""
    with page.office.ledger.reading() as state:
        found: list[Release | TableOrder] = [
            *state.select(Release, id=release[:80], status=PUBLIC),
            *state.select(TableOrder, id=release[:80], status=PUBLIC),
        ]
    if not found:
        raise NotFoundError("there is no such published release.")
    one = found[0]
    about = _about(page, one)
    if one.status is ReleaseStatus.WITHDRAWN:
        return page.render("tombstone.html", status=410, release=one, about=about)
    size = page.office.files.path(Area.PUBLIC, one.package).stat().st_size
    address = f"{str(page.request.base_url).rstrip('/')}/catalogue/{one.id}"
    return page.render(
        "landing.html",
        release=one,
        about=about,
        size=size,
        address=address,
        citation=_citation(one, about, address),
        record=_json_ld(page, one, about, address, size),
        methods=methods_of(one, page.language),
        verifier=str(page.office.signer.verifier),
    )


@pages("GET", "/verify", Action.CATALOGUE_READ)
def show_verification(page: AnyPage) -> Response:
    """The page that tells everybody the way to verify a published file."""
    return page.render("verify.html", verifier=str(page.office.signer.verifier), origin=page.office.signer.name)


def _matches(release: Release | TableOrder, asked: str) -> bool:
    keywords = release.description.get("keywords", ()) if isinstance(release, Release) else ()
    words = " ".join([release.title, *map(str, keywords)]).lower()
    return all(word in words for word in asked.lower().split())


def _about(page: Page, release: Release | TableOrder) -> dict[str, Any]:
    """The description of a release in the page's language; of tables, what their specification says of them."""
    if isinstance(release, Release):
        return _localized(page, release.description)
    table = release.specification["tables"][0]
    language = page.language.language
    return {
        "title": table.get(f"title_{language}") or table.get("title") or release.title,
        "abstract": page.language.text(
            N_("A protected table of linked registers, in several formats, with the method of its protection.")
        ),
        "version": "1.0",
        "producer": {"name": table.get("agency", "")},
        "period": {"start": table.get("period", ""), "end": table.get("period", "")},
        "keywords": [],
        "conditions": "",
        "geography": "",
        "universe": "",
        "sources": [],
        "variables": [
            {"name": one["name"], "label": one.get(f"label_{language}") or one.get("label") or one["name"]}
            for one in table["dimensions"]
        ],
    }


def _localized(page: Page, description: Mapping[str, Any]) -> dict[str, Any]:
    """The description with the texts of the page's language, and English where a text has no translation."""
    language = page.language.language
    about = dict(description)
    for name, value in description.items():
        translated = description.get(f"{name}_{language}")
        if isinstance(value, str) and translated:
            about[name] = translated
    about["variables"] = [
        {**one, "label": one.get(f"label_{language}") or one["label"]} for one in description.get("variables", ())
    ]
    about["sources"] = [page.language.sentence(str(one)) for one in description.get("sources", ())]
    return about


def _citation(release: Release | TableOrder, about: Mapping[str, Any], address: str) -> Markup:
    """How to cite a file; each part is isolated, so that names in the other direction do not turn its order."""
    given, where = str(about.get("citation", "")), Markup("<bdi>{}</bdi>").format(address)
    if given:
        return Markup("<bdi>{}</bdi> {}").format(given, where)
    producer, year = about.get("producer", {}).get("name", ""), release.published_at[:4]
    made = Markup("<bdi>{}</bdi> ({}). <bdi>{}</bdi>, {}.")
    return made.format(producer, year, about["title"], about.get("version", "1.0")) + Markup(" ") + where


def _json_ld(
    page: Page, release: Release | TableOrder, about: Mapping[str, Any], address: str, size: int
) -> dict[str, Any]:
    """The landing page as schema.org describes a dataset, for search engines."""
    period = about.get("period", {})
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": about["title"],
        "description": about["abstract"],
        "inLanguage": page.language.language,
        "version": about.get("version", "1.0"),
        "datePublished": release.published_at[:10],
        "identifier": release.manifest_digest,
        "keywords": list(about.get("keywords", ())),
        "creator": {"@type": "Organization", "name": about.get("producer", {}).get("name", "")},
        "temporalCoverage": f"{period.get('start', '')}/{period.get('end', '')}",
        "spatialCoverage": about.get("country_name", ""),
        "conditionsOfAccess": about.get("conditions", ""),
        "isAccessibleForFree": True,
        "variableMeasured": [one["label"] for one in about["variables"]],
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": "application/zip",
                "contentSize": str(size),
                "contentUrl": f"{str(page.request.base_url).rstrip('/')}/v1/catalogue/{release.id}/package",
                "sha256": release.package.removeprefix("sha256:"),
            }
        ],
    }
