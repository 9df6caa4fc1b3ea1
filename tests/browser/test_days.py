"""The day of every role, in French; the review by keyboard alone; one pass in Arabic and English."""

from __future__ import annotations

import pytest
from browser_support import BASE, PATIENCE_MS, World
from playwright.sync_api import Page, expect

from wasl.service.records import Decision, Release, Token, TokenStatus
from wasl.service.states import ReleaseStatus

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE_MS)


def heading(page: Page, text: str) -> None:
    expect(page.locator("main h1")).to_contain_text(text)


def test_a_holder_sends_a_file_and_sees_what_became_of_it(world: World) -> None:
    page = world.page("holder")
    world.go(page, f"{BASE}/files/cnss-employees")
    form = page.locator("form[action$='/payloads']")
    form.locator("input[type=file]").set_input_files(world.outbox("cnss-employees") / "cnss-employees.payload.parquet")
    expect(form.locator("[data-digest]")).to_contain_text("sha256:")
    form.get_by_role("button", name="Envoyer").click()
    page.wait_for_url("**said=file-received")
    expect(page.get_by_role("status")).to_contain_text("Le fichier est reçu et contrôlé.")
    world.go(page, f"{BASE}/objections")
    page.fill("#records", "nobody")
    page.get_by_role("button", name="Enregistrer les oppositions").click()
    expect(page.locator("main")).to_contain_text("1 de la liste n'a pas 32 chiffres hexadécimaux")
    page.close()


def test_a_damaged_file_is_refused_with_what_to_do(world: World) -> None:
    page = world.page("holder")
    world.go(page, f"{BASE}/files/cnss-employees")
    form = page.locator("form[action$='/deliveries']")
    form.locator("input[type=file]").set_input_files(
        {"name": "x.parquet", "mimeType": "application/octet-stream", "buffer": b"PAR1 not a file"}
    )
    form.get_by_role("button", name="Envoyer").click()
    heading(page, "mal formé")
    expect(page.locator("main")).to_contain_text("Encodez de nouveau le registre")
    page.close()


def test_the_linkage_unit_starts_a_run_and_watches_it(world: World) -> None:
    page = world.page("linkage")
    world.go(page, f"{BASE}/runs/new")
    page.get_by_role("button", name="Lancer l'appariement").click()
    page.wait_for_url("**/runs/*said=run-asked")
    expect(page.locator("main .lead .state")).to_have_text("pondéré")
    expect(page.get_by_role("heading", name="Mesure de fuite de l'ensemble")).to_be_visible()
    page.close()


def test_a_reviewer_works_by_keyboard_alone(world: World) -> None:
    run = world.ids["run scored"]
    page = world.page("reviewer")
    world.go(page, f"{BASE}/review/{run}/next")
    first = page.url
    page.keyboard.press("j")
    page.wait_for_url("**said=decided**")
    second = page.url
    page.keyboard.press("k")
    page.wait_for_url(lambda address: "said=decided" in address and address != second)
    page.keyboard.press("l")
    page.wait_for_url(lambda address: "said=" not in address)
    for pair in (second, first):  # one decision after the other is undone, from any page
        page.keyboard.press("u")
        page.wait_for_url(f"{pair.partition('?')[0]}?said=taken-back")
    page.keyboard.press("j")
    page.wait_for_url("**said=decided**")
    third = page.url
    page.keyboard.press("s")
    page.wait_for_url(lambda address: "said=decided" in address and address != third)
    with world.installation.ledger.reading() as state:
        mine = [one.verdict for one in state.select(Decision, run=run, reviewer="revue-1")]
    assert "same" in mine
    assert "unsure" in mine
    page.close()


def test_the_spine_keeper_reads_conflicts(world: World) -> None:
    page = world.page("spine")
    world.go(page, "/console")
    page.locator(".tasks a").first.click()
    expect(page.get_by_role("button", name="Résoudre en personnes")).to_be_visible()
    page.close()


def test_the_release_desk_changes_a_policy_and_compares_scenarios(world: World) -> None:
    release = world.ids["release unsafe"]
    page = world.page("release")
    world.go(page, f"{BASE}/releases/{release}/scenarios")
    page.get_by_role("button", name="Comparer").click()
    expect(page.get_by_role("heading", name="Scénarios", exact=True)).to_be_visible()
    expect(page.locator("table").first).to_contain_text("k = 3")
    world.go(page, f"{BASE}/releases/{release}/policy")
    page.fill("#t_k", "beaucoup")
    page.get_by_role("button", name="Contrôler seulement").click()
    expect(page.locator("main")).to_contain_text("attend un nombre")
    world.go(page, f"{BASE}/releases/{release}/policy")
    page.fill("#t_k", "5")
    page.fill("#t_suppressed_cells", "")
    page.fill("#t_removed_rows", "0,1")
    page.get_by_role("button", name="Protéger le fichier").click()
    expect(page.locator("main .lead .state")).to_have_text("protégée")
    page.get_by_role("button", name="Demander la publication").click()
    expect(page.locator("main .lead .state")).to_have_text("en attente")
    page.close()


def test_the_approver_refuses_with_a_reason(world: World) -> None:
    release = world.ids["release requested"]
    page = world.page("approver")
    world.go(page, f"{BASE}/releases/{release}")
    expect(page.get_by_role("heading", name="Attaques sur le fichier protégé")).to_be_visible()
    page.fill("#reason-refuse", "<b>k</b> trop bas")
    page.get_by_role("button", name="Refuser").click()
    expect(page.locator("main .lead .state")).to_have_text("refusée")
    expect(page.locator("main .caution")).to_contain_text("<b>k</b> trop bas")
    with world.installation.ledger.reading() as state:
        assert state.get(Release, release).status is ReleaseStatus.REFUSED
    page.close()


def test_an_analyst_orders_a_table(world: World) -> None:
    menu = world.ids["menu"]
    page = world.page("analyst")
    world.go(page, f"{BASE}/tables/menus/{menu}")
    page.get_by_role("button", name="Commander").first.click()
    expect(page.locator("main .lead .state")).to_have_text("approuvée")
    expect(page.get_by_role("link", name="Télécharger les tableaux (ZIP)")).to_be_visible()
    page.close()


def test_the_auditor_filters_proves_and_compares(world: World) -> None:
    page = world.page("auditor")
    world.go(page, "/console/log")
    page.select_option("#kind", "ReleaseApproved")
    page.get_by_role("button", name="Afficher").click()
    page.locator("ol.log a").first.click()
    expect(page.get_by_role("heading", name="Preuve qu'elle est au journal")).to_be_visible()
    world.go(page, "/console/log/checkpoints")
    page.get_by_role("button", name="Signer le journal maintenant").click()
    note = page.locator("section.card pre").first.inner_text()
    page.fill("#note", note)
    page.get_by_role("button", name="Comparer").click()
    expect(page.get_by_role("status")).to_contain_text("Le journal prolonge votre point de contrôle")
    page.close()


def test_administrators_invite_a_user_by_the_two_person_rule(world: World) -> None:
    page = world.page("admin")
    world.go(page, "/console/users")
    page.fill("#name", "nouvelle")
    page.get_by_role("button", name="Ajouter l'utilisateur").click()
    page.select_option("#role", "auditor")
    page.get_by_role("button", name="Demander le jeton").click()
    number, first = page.locator("#invitation").inner_text(), page.locator("#part").inner_text()
    page.close()
    page = world.page("admin-2")
    world.go(page, "/console/users/nouvelle")
    page.get_by_role("button", name="Accorder").click()
    second = page.locator("#part").inner_text()
    page.close()
    page = world.page(None)
    world.go(page, "/console/invitation")
    page.fill("#token", number)
    page.fill("#part1", first)
    page.fill("#part2", second)
    page.get_by_role("button", name="Afficher mon jeton").click()
    assert page.locator("#secret").inner_text().startswith("wasl_")
    with world.installation.ledger.reading() as state:
        assert state.get(Token, number).status is TokenStatus.ACTIVE
    page.close()


@pytest.mark.parametrize(
    ("language", "title"), [("ar", "فهرس البيانات المنشورة"), ("en", "Catalogue of published data")]
)
def test_the_public_reads_in_other_languages_and_switches(world: World, language: str, title: str) -> None:
    page = world.page(None, language)
    world.go(page, "/")
    heading(page, title)
    page.get_by_role("link", name="Français").click()
    heading(page, "Catalogue des données publiées")
    world.go(page, "/verify")
    heading(page, "Comment vérifier")
    page.close()


def test_everything_essential_works_without_scripts(world: World) -> None:
    context = world.browser.new_context(locale="fr", java_script_enabled=False)
    page = context.new_page()
    world.sign_in(page, world.tokens["reviewer-2"])
    world.go(page, f"{BASE}/review/{world.ids['run scored']}/next")
    page.get_by_role("button", name="Même personne").click()
    expect(page.get_by_role("status")).to_contain_text("Votre décision est enregistrée")
    context.close()
