"""What is sent a second time, by another user, at the same moment, or with a token or session that has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pages_support import PlainBrowser
from service_support import OTHER_PROJECT, PROJECT, Sent, Service, definition, give_token, quick_secret, send

from wasl.errors import AccessError, StaleError, WaslError
from wasl.service import users
from wasl.service.access import ANONYMOUS, Role
from wasl.service.ports import Caller
from wasl.service.records import Token, TokenStatus, User


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


class TestKeysOfRepeats:
    """A key belongs to one user and one request; it opens nothing that the token does not."""

    def test_another_user_with_the_same_key_acts_in_the_own_name(self, own_service: Service) -> None:
        second = give_token(own_service.installation, self.other(own_service), Role.ADMIN)
        first = own_service.client(Role.ADMIN, None)
        body = {"name": "mine", "title": "t"}
        assert first.post("/v1/projects", json=body, headers=key("k")).status_code == 201
        answer = own_service.bearer(second).post("/v1/projects", json=body, headers=key("k"))
        assert answer.status_code == 409, "the other's answer is not shown again"
        again = own_service.bearer(second).post("/v1/projects", json={**body, "name": "theirs"}, headers=key("k"))
        assert again.status_code == 201

    def test_a_key_shows_nothing_to_the_same_user_under_a_lesser_token(self, own_service: Service) -> None:
        user = self.other(own_service)
        tokens = {
            (role, project): give_token(own_service.installation, user, role, project)
            for role, project in ((Role.ADMIN, None), (Role.AUDITOR, None), (Role.ADMIN, OTHER_PROJECT))
        }
        path, body = f"/v1/projects/{PROJECT}/registers", {"definition": definition("dgsn-permits")}
        full = own_service.bearer(tokens[Role.ADMIN, None])
        assert full.post(path, json=body, headers=key("k")).status_code == 201
        for case in ((Role.AUDITOR, None), (Role.ADMIN, OTHER_PROJECT)):
            answer = own_service.bearer(tokens[case]).post(path, json=body, headers=key("k"))
            assert answer.status_code in (403, 404), case
            assert "dgsn" not in answer.text

    def test_a_key_of_another_request_is_refused_and_nothing_is_made(
        self, own_service: Service, make_files: Callable[..., Sent]
    ) -> None:
        admin = own_service.client(Role.ADMIN, None)
        body = {"definition": definition("dgsn-permits")}
        assert admin.post(f"/v1/projects/{PROJECT}/registers", json=body, headers=key("k")).status_code == 201
        size = own_service.log_size()
        cases: list[tuple[str, dict[str, Any]]] = [
            (f"/v1/projects/{OTHER_PROJECT}/registers", body),  # another project
            (f"/v1/projects/{PROJECT}/registers?x=1", body),  # another query
            (f"/v1/projects/{PROJECT}/registers", {**body, "signer": "s"}),  # another body
            ("/v1/users", {"name": "k"}),  # another route
        ]
        for path, changed in cases:
            answer = admin.post(path, json=changed, headers=key("k"))
            assert (answer.status_code, "another request" in answer.text) == (422, True), (path, answer.text)
        assert own_service.log_size() == size
        holder, sent = own_service.client(Role.HOLDER), make_files()
        assert send(holder, "deliveries", sent.delivery, **key("u")).is_success
        assert send(holder, "join-maps", sent.join_map, **key("u")).status_code == 422

    def other(self, service: Service) -> str:
        installation = service.installation
        return users.add_user(installation.office, installation.operator(), name="other").id


def invited(service: Service) -> tuple[str, str]:
    """The id of a token that waits for its owner, and the invitation."""
    office, operator = service.installation.office, service.installation.operator
    users.add_user(office, operator(), name="owner")
    asked = users.request_token(
        office,
        operator(),
        user="owner",
        role=Role.AUDITOR,
        project=None,
        register=None,
        days=1,
        new_part=lambda: "part-of-the-invitation",
    )
    return asked.token.id, asked.part


def test_an_invitation_redeemed_twice_at_once_gives_one_secret(service: Service) -> None:
    """Both have passed the first look when the first of them is kept."""
    office = service.installation.office
    token, part = invited(service)
    together = threading.Barrier(2, timeout=30)
    outcomes: list[object] = []

    def secret() -> tuple[str, str]:
        together.wait()
        return quick_secret()

    def redeem() -> None:
        caller = Caller(ANONYMOUS, office.now())
        try:
            outcomes.append(users.redeem_token(office, caller, token=token, parts=[part], new_secret=secret))
        except WaslError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=redeem) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (given,) = [one for one in outcomes if isinstance(one, users.IssuedToken)]
    assert any(isinstance(one, AccessError | StaleError) for one in outcomes)
    assert service.bearer(given.secret).get("/v1/whoami").json()["name"] == "owner"
    with office.ledger.reading() as state:
        assert state.get(Token, token).status is TokenStatus.ACTIVE
        entries = state.log_entries(first=0, limit=1000, subject=token)
    assert sum(b"TokenRedeemed" in entry.data for entry in entries) == 1


def test_every_reason_not_to_let_a_token_in_has_the_same_words(own_service: Service) -> None:
    """A stranger with an id, or with none, does not learn whether the token is there, ended, or of a disabled user."""
    installation = own_service.installation
    office, operator = installation.office, installation.operator
    users.add_user(office, operator(), name="gone")
    users.add_user(office, operator(), name="here")
    disabled, revoked = (give_token(installation, name, Role.AUDITOR) for name in ("gone", "here"))
    waiting, part = invited(own_service)
    with office.ledger.reading() as state:
        version = state.get(User, "gone").version
        revoked_version = state.get(Token, revoked.split("_")[1]).version
    users.disable_user(office, operator(), name="gone", version=version)
    users.revoke_token(office, operator(), token=revoked.split("_")[1], version=revoked_version)
    live = own_service.token(Role.AUDITOR, None)
    wrong = live[:-4] + ("AAAA" if not live.endswith("AAAA") else "BBBB")
    unknown = f"wasl_{'0' * 32}_{'x' * 43}"
    answers = []
    for token in (disabled, revoked, wrong, unknown, f"wasl_{waiting}_{'x' * 43}", f"wasl_{waiting}_{part}"):
        answer = own_service.bearer(token).get("/v1/whoami")
        answers.append((answer.status_code, {**answer.json(), "request_id": ""}))
    assert answers[0][0] == 401
    assert all(one == answers[0] for one in answers), answers


@pytest.mark.parametrize("way", ["page", "form"])
def test_the_open_session_of_a_disabled_user_is_over(own_service: Service, way: str) -> None:
    installation = own_service.installation
    users.add_user(installation.office, installation.operator(), name="gone")
    browser = PlainBrowser(own_service.address)
    browser.sign_in(give_token(installation, "gone", Role.ADMIN))
    form, jar = browser.token("/console/account"), dict(browser.jar)
    with installation.ledger.reading() as state:
        version = state.get(User, "gone").version
    users.disable_user(installation.office, installation.operator(), name="gone", version=version)
    size = own_service.log_size()
    if way == "page":
        answer = browser.get("/console/users")
        assert answer.headers["location"].startswith("/console/sign-in?")
    else:
        answer = browser.post("/console/users", {"form_token": form, "name": "new", "title": "t"})
        assert answer.status_code in (303, 401, 403), answer.text[-300:]
    assert own_service.log_size() == size
    with installation.ledger.reading() as state:
        assert state.find(User, "new") is None
    users.enable_user(installation.office, installation.operator(), name="gone", version=version + 1)
    assert PlainBrowser(own_service.address, jar=jar).get("/console/users").status_code == 303, (
        "a session that was ended does not come back"
    )
