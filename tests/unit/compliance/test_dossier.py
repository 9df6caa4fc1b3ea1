"""The dossier: statements with sources, visible holes, complete languages, versions with their differences."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile

import pytest
from lxml import html

from wasl.audit.events import AuditEvent, LinkageCompleted
from wasl.compliance.dossier import draw_up
from wasl.compliance.facts import AttackFigure, Facts, PassFact, attack_figures, risk_figure
from wasl.compliance.pages import dossier_docx, dossier_page
from wasl.compliance.particulars import Particulars
from wasl.compliance.scope import Scope
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import InputError
from wasl.linkage.plan import LinkagePlan
from wasl.locale import LANGUAGES, Language
from wasl.registers.documents import config_dir, validate_document
from wasl.registers.schema import RegisterSchema
from wasl.workflow.act import RunOptions
from wasl.workflow.dossier import draw_up_dossier

PASSES = (PassFact("passport", ("passport",)), PassFact("permit", ("permit",)), PassFact("names", ("names",)))


def facts(*registers: str, **changes: object) -> Facts:
    known: dict[str, object] = {
        "project": "simimo",
        "today": dt.date(2026, 6, 1),
        "registers": tuple(RegisterSchema.load(name) for name in registers),
        "plan": LinkagePlan.load("morocco"),
        "profile": "morocco/guarded",
        "passes": PASSES,
        "policies": (DisclosurePolicy.load("public-use"),),
    }
    return Facts(**(known | changes))  # type: ignore[arg-type]


TWO = facts("dgsn-permits", "cnss-employees")


def test_every_sentence_names_its_source_and_every_gap_is_a_hole() -> None:
    dossier = draw_up(TWO)
    assert all(statement.source.reference for statement in dossier.statements)
    places = [hole.place for hole in dossier.holes]
    assert {"controller.name", "purposes", "residual_risk", "rights", "registers.dgsn-permits.subjects"} <= set(places)
    assert "--attacks attacks.json" in places


def test_every_column_of_a_register_stands_in_the_dossier() -> None:
    dossier = draw_up(TWO)
    text = json.dumps(dossier.to_json(), ensure_ascii=False)
    for schema in TWO.registers:
        for field in schema.fields:
            assert f"({field.name})" in text


def test_what_is_asked_for_follows_from_the_configuration() -> None:
    scope = draw_up(TWO).scope
    assert scope is not None
    assert scope.registers == ("cnss-employees", "dgsn-permits")
    assert scope.interconnections == (("cnss-employees", "dgsn-permits"),)
    assert scope.outputs == ("microdata",)
    assert "nationality" in scope.variables or scope.variables
    without_passport = facts("survey-ene", "dgsn-permits", passes=(PassFact("consular", ("consular",)),))
    found = draw_up(without_passport).scope
    assert found is not None
    assert found.interconnections == ()


def test_a_dossier_without_registers_asks_for_them() -> None:
    dossier = draw_up(facts(policies=(), passes=(), plan=None))
    assert dossier.scope is None
    assert "--register" in [hole.place for hole in dossier.holes]


def test_an_answer_replaces_its_hole() -> None:
    particulars = validate_document(
        Particulars,
        {
            "controller": {"name": {"fr": "HCP", "ar": "المندوبية"}, "address": {"fr": "Rabat"}},
            "purposes": [{"fr": "Statistiques des migrations"}],
            "registers": {"dgsn-permits": {"subjects": {"fr": "Étrangers"}}},
        },
        "p",
    )
    dossier = draw_up(facts("dgsn-permits", particulars=particulars, particulars_name="p.toml"))
    places = {hole.place for hole in dossier.holes}
    assert not places & {"controller.name", "controller.address", "purposes", "registers.dgsn-permits.subjects"}
    assert "p.toml: controller" in {statement.source.reference for statement in dossier.statements}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_page_and_a_word_document_with_all_of_it(language: str) -> None:
    event = LinkageCompleted(plan_digest="d", delivery_digests=(), pairs=3, pairs_digest="p", engine="local")
    entries = [(7, AuditEvent(event, "2026-05-01T10:00:00.000Z", "unit", "simimo", "run-1"))]
    figures = (AttackFigure("linkage", "likelihood", 1000, 9, 4, "attacks.json"),)
    act = draw_up_dossier(facts("dgsn-permits", "cnss-employees", entries=entries, attacks=figures), RunOptions())
    dossier = act.result
    page = html.fromstring(bytes(act.artifacts[f"dossier.{language}.html"]))  # type: ignore[arg-type]
    assert page.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert len(page.findall(".//li")) == len(dossier.statements) + len(dossier.holes)
    assert len(page.findall('.//li[@class="hole"]')) == len(dossier.holes)
    text = page.text_content()
    assert not re.search(r"\{\w+\}", text)
    if language != "en":
        assert "Controller" not in text
        assert "log entry" not in text
    with zipfile.ZipFile(io.BytesIO(bytes(act.artifacts[f"dossier.{language}.docx"]))) as word:  # type: ignore[arg-type]
        xml = word.read("word/document.xml").decode()
    assert ("w:bidi" in xml) == (language == "ar")
    assert "7 (2026-05-01)" in xml


def test_equal_facts_give_equal_files() -> None:
    first, second = (draw_up_dossier(TWO, RunOptions()) for _ in range(2))
    assert first.digests()["dossier.json"] == second.digests()["dossier.json"]
    assert first.result.digest == second.result.digest


def test_a_later_version_lists_what_was_added_and_removed() -> None:
    before = draw_up(TWO)
    later = draw_up(facts("dgsn-permits", "anapec-certificates"), earlier=json.loads(json.dumps(before.to_json())))
    assert later.version == 2
    assert later.earlier == before.digest
    added = {json.dumps(statement.to_json(), ensure_ascii=False) for statement in later.added}
    assert any("anapec-certificates" in one for one in added)
    assert any("cnss-employees" in json.dumps(one) for one in later.removed)
    same = draw_up(TWO, earlier=json.loads(json.dumps(before.to_json())))
    assert not same.added
    assert not same.removed


def test_the_strongest_attack_of_each_view_is_stated() -> None:
    outcomes = [
        {"view": "linkage", "attack": "a", "exposed": 100, "anywhere": 3, "certain_persons": 1},
        {"view": "linkage", "attack": "b", "exposed": 100, "anywhere": 9, "certain_persons": None},
        {"view": "joined", "attack": "c", "exposed": 100, "anywhere": 40},
        {"view": "joined", "attack": "unknown truth", "exposed": None, "anywhere": None},
    ]
    figures = attack_figures(outcomes, "attacks.json")
    assert {(one.view, one.attack, one.named) for one in figures} == {("linkage", "b", 9), ("joined", "c", 40)}
    for wrong in ([{"view": "x"}], [1], {"a": 1}):
        with pytest.raises(InputError, match=re.escape("attacks.json of")):
            attack_figures(wrong, "file")  # type: ignore[arg-type]


def test_a_risk_report_of_another_kind_is_refused() -> None:
    report = {"policy": {"name": "p"}, "rows": 5, "risk_after": {"k": 3, "individual_risk": {"share": 0.01}}}
    assert risk_figure(report, "r").k == 3
    with pytest.raises(InputError, match=re.escape("internal-report.json of")):
        risk_figure({"rows": 5}, "r")


def test_what_the_authority_strikes_out_leaves_the_scope() -> None:
    scope = draw_up(TWO).scope
    assert scope is not None
    less = scope.without(["key:passport", "register:cnss-employees"])
    assert "passport" not in less.keys
    assert less.interconnections == ()
    assert isinstance(less, Scope)
    with pytest.raises(InputError, match="key:nothing"):
        scope.without(["key:nothing"])


def test_the_shipped_particulars_are_all_holes() -> None:
    empty = Particulars.load(config_dir() / "dossier" / "particulars.toml")
    assert draw_up(facts("dgsn-permits", particulars=empty)).holes == draw_up(facts("dgsn-permits")).holes


@pytest.mark.parametrize("title", ["x" * 300, "م" * 1000, "é" * 255, "a\x0bb\x00c", " \n\t "])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_of_any_title_has_its_documents(title: str, language: Language) -> None:
    from docx import Document

    particulars = Particulars.model_validate({"title": dict.fromkeys(LANGUAGES, title)})
    dossier = draw_up(facts("dgsn-permits", particulars=particulars))
    document = Document(io.BytesIO(dossier_docx(dossier, language)))
    assert len(document.core_properties.title) <= 255
    kept = title.replace("\x0b", "").replace("\x00", "")
    assert kept.strip() in "".join(paragraph.text for paragraph in document.paragraphs)
    assert kept.strip()[:1] in dossier_page(dossier, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dossier_speaks_of_titles_and_labels_in_its_language(language: Language) -> None:
    titles = {"fr": "Rapprochement", "ar": "مطابقة السجلات", "en": "Comparison"}
    named = facts(
        "dgsn-permits",
        "cnss-employees",
        passes=(PassFact("word-1", ("word_1", "birth_year")),),
        particulars=Particulars.model_validate({"title": titles}),
        retention={"": 365},
    )
    dossier = draw_up(named)
    text = html.fromstring(dossier_page(dossier, language)).text_content()
    assert titles[language] in text
    assert not [other for other in titles.values() if other != titles[language] and other in text]
    for schema in named.registers:
        assert schema.title_in(language) in text
        assert f"{schema.register_id} " not in re.sub(r"\[[^\]]*\]|\([^)]*\)", "", text), "sources may name it"
    for name in ("word-1", "word_1", "birth_year", "age_group", "occupation_group", "←"):
        assert name not in text
    if language == "ar":
        assert "\u2068registers.dgsn-permits.subjects\u2069" in text
        assert "\u2068`wasl attack`\u2069" in text


def test_arabic_in_a_word_document_has_weight_and_size_of_its_own() -> None:
    with zipfile.ZipFile(io.BytesIO(dossier_docx(draw_up(TWO), "ar"))) as parts:
        text = parts.read("word/document.xml").decode()
    assert text.count("<w:b/>") == text.count("<w:bCs/>") > 0
    assert text.count("<w:sz ") == text.count("<w:szCs ") > 0
