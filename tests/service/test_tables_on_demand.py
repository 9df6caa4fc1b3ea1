"""Tables on demand: who may order, what is answered when, and that no two answers together say more than each.

Threats: an analyst who orders until a small cell follows; two orders approved without regard to each other; an operator
who loses the secret of the record keys; a menu that its own maker opens.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import pytest
from service_support import OTHER_PROJECT, PROJECT, REGISTER, Service, give_token

from wasl.errors import SchemaError, StateError
from wasl.service.access import Role
from wasl.service.documents import accept_menu
from wasl.service.records import TableOrder
from wasl.service.states import MENU_STEPS, RELEASE_STEPS, MenuStatus, ReleaseStep
from wasl.service.users import add_user

MENUS = f"/v1/projects/{PROJECT}/table-menus"
ORDERS = f"/v1/projects/{PROJECT}/tables"

SPECIFICATION: dict[str, Any] = {
    "name": "workers",
    "include": [],
    "variables": [{"name": name} for name in ("sex", "nationality", "birth_year", "activity_section", "wage")],
}
SUPPRESSION = {"method": "suppression", "time_limit_seconds": 20, "lower": 0.3, "upper": 0.3}
MENU: dict[str, Any] = {
    "name": "workers",
    "approval": "menu",
    "crossings": {"max_dimensions": 2, "max_cells": 400, "approval": "each"},
    "dimensions": [
        {"name": "sex"},
        {"name": "activity_section"},
        {"name": "nationality"},
        {"name": "birth_year", "bands": [1960, 1970, 1980, 1990]},
    ],
    "measures": [{"name": "persons", "unit": "persons"}, {"name": "wages", "value": "wage", "unit": "dirhams"}],
    "tables": [{"name": "by-activity", "dimensions": ["activity_section", "sex"]}],
    "protection": SUPPRESSION,
}


@dataclass
class Desk:
    """A project with a resolved run, and the acts of those who offer, order and decide."""

    service: Service
    run: str

    def client(self, role: Role) -> Any:
        return self.service.client(role)

    def offer(self, **changes: Any) -> Any:
        body = {"run": self.run, "title": "Workers", "specification": SPECIFICATION, "menu": {**MENU, **changes}}
        return self.client(Role.RELEASE).post(MENUS, json=body)

    def menu(self, **changes: Any) -> str:
        answer = self.offer(**changes)
        assert answer.status_code == 201, answer.text
        shown = answer.json()
        before = self.service.log_size()
        opened = self.client(Role.APPROVER).post(f"{MENUS}/{shown['id']}/open", headers=seen(shown))
        assert opened.status_code == 200, opened.text
        assert self.service.log_size() == before + 1
        return str(shown["id"])

    def order(self, menu: str, **what: Any) -> dict[str, Any]:
        answer = self.client(Role.ANALYST).post(ORDERS, json={"menu": menu, **what})
        assert answer.status_code == 202, answer.text
        self.service.work()
        return self.read(answer.json()["id"])

    def read(self, order: str, role: Role = Role.ANALYST) -> dict[str, Any]:
        return dict(self.client(role).get(f"{ORDERS}/{order}").json())

    def step(self, shown: dict[str, Any], step: str, role: Role = Role.APPROVER, **body: Any) -> Any:
        before = self.service.log_size()
        answer = self.client(role).post(f"{ORDERS}/{shown['id']}/{step}", json=body, headers=seen(shown))
        assert self.service.log_size() > before or answer.status_code >= 400, f"{step} left no entry"
        return answer

    def table(self, shown: dict[str, Any], role: Role = Role.ANALYST) -> list[dict[str, str]]:
        data = self.client(role).get(f"{ORDERS}/{shown['id']}/file").content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return list(csv.DictReader(io.StringIO(archive.read("table.csv").decode())))


def seen(shown: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"v{shown["version"]}"'}


@pytest.fixture
def desk(resolved: tuple[Service, str]) -> Desk:
    return Desk(*resolved)


class TestMenus:
    def test_nobody_orders_before_another_person_opens_the_menu(self, desk: Desk) -> None:
        shown = desk.offer().json()
        analyst = desk.client(Role.ANALYST)
        assert analyst.post(ORDERS, json={"menu": shown["id"], "table": "by-activity"}).status_code == 409
        office, operator = desk.service.installation.office, desk.service.installation.operator
        add_user(office, operator(), name="both")
        maker = desk.service.bearer(give_token(desk.service.installation, "both", Role.RELEASE, PROJECT))
        judge = desk.service.bearer(give_token(desk.service.installation, "both", Role.APPROVER, PROJECT))
        body = {"run": desk.run, "title": "t", "specification": SPECIFICATION, "menu": MENU}
        own = maker.post(MENUS, json=body).json()
        assert judge.post(f"{MENUS}/{own['id']}/open", headers=seen(own)).status_code == 403
        assert desk.client(Role.APPROVER).post(f"{MENUS}/{own['id']}/open", headers=seen(own)).status_code == 200

    def test_nobody_orders_from_a_closed_menu(self, desk: Desk) -> None:
        menu = desk.menu()
        shown = desk.client(Role.RELEASE).get(f"{MENUS}/{menu}").json()
        close = f"{MENUS}/{menu}/close"
        assert desk.client(Role.RELEASE).post(close, json={}, headers=seen(shown)).status_code == 422
        assert desk.client(Role.RELEASE).post(close, json={"reason": "2024 is over"}, headers=seen(shown)).is_success
        answer = desk.client(Role.ANALYST).post(ORDERS, json={"menu": menu, "table": "by-activity"})
        assert (answer.status_code, "closed" in answer.json()["detail"]) == (409, True)

    def test_a_menu_tells_no_parameter_of_its_protection(self, desk: Desk) -> None:
        keyed = {"method": "cell-key", "cell_key": {"variance": 2.25, "maximum": 7}}
        menu = desk.menu(protection=keyed)
        for path in (MENUS, f"{MENUS}/{menu}"):
            text = desk.client(Role.ANALYST).get(path).text
            assert "2.25" not in text
            assert "cell_key" not in text

    @pytest.mark.parametrize(
        "changes",
        [
            {"protection": {"method": "rounding"}},
            {"protection": {"method": "none"}},
            {"protection": {"method": "cell-key", "cell_key": {"additive": True}}},
            {"tables": [], "crossings": {"max_dimensions": 0}},
            {"dimensions": [{"name": "sex"}, {"name": "sex"}]},
            {"tables": [{"name": "a", "dimensions": ["village"]}]},
            {"tables": [], "dimensions": [{"name": "sex", "hierarchy": "../../etc/passwd"}]},
            {"tables": [], "dimensions": [{"name": "sex", "hierarchy": "nowhere.csv"}]},
        ],
    )
    def test_a_menu_that_protects_nothing_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(SchemaError):
            accept_menu({**MENU, **changes}, {})

    def test_columns_the_microdata_will_not_have_are_named(self, desk: Desk) -> None:
        answer = desk.offer(dimensions=[*MENU["dimensions"], {"name": "village"}])
        assert (answer.status_code, "village" in answer.json()["detail"]) == (422, True)

    def test_whatever_the_microdata_will_have_can_be_offered_and_ordered(self, desk: Desk) -> None:
        derived = [
            {"name": "age", "rule": "age-group", "source": "birth_year"},
            {"name": "broad", "rule": "code", "source": "activity_section", "classification": "activity-broad"},
            {"name": "icls", "rule": "icls-category"},
            {"name": "certificates", "rule": "records", "of_register": REGISTER},
        ]
        flag = f"in_{REGISTER.replace('-', '_')}"
        specification = {
            **SPECIFICATION, "derived": derived, "flags": [REGISTER], "reference_date": "2025-12-31",
            "variables": [{**one, "keep": one["name"] != "birth_year"} for one in SPECIFICATION["variables"]],
        }  # fmt: skip
        offered = ("sex", "age", "broad", "icls", "certificates", flag, "registers")
        changes = {"dimensions": [{"name": name} for name in offered], "tables": []}
        body = {"run": desk.run, "title": "t", "specification": specification, "menu": {**MENU, **changes}}
        for hidden in ("birth_year", "person_id"):
            menu = {**MENU, "dimensions": [{"name": "sex"}, {"name": hidden}], "tables": []}
            answer = desk.client(Role.RELEASE).post(MENUS, json={**body, "menu": menu})
            assert (answer.status_code, hidden in answer.json()["detail"]) == (422, True)
        shown = desk.client(Role.RELEASE).post(MENUS, json=body).json()
        opened = desk.client(Role.APPROVER).post(f"{MENUS}/{shown['id']}/open", headers=seen(shown))
        assert opened.status_code == 200, opened.text
        for name in offered[1:]:
            order = desk.order(shown["id"], dimensions=[name, "sex"])
            assert order["status"] == "requested", order["failure"]

    def test_the_shipped_menu_fits_the_shipped_microdata(self) -> None:
        from wasl.service.documents import accept_specification
        from wasl.service.table_menus import _require_variables

        menu, texts = accept_menu({"name": "foreign-workers"}, {})
        _require_variables(menu, accept_specification({"name": "foreign-workers"}))
        assert set(texts) == {"region-province.csv"}

    def test_no_step_leads_out_of_closed(self) -> None:
        assert {status for status, _ in MENU_STEPS} == set(MenuStatus) - {MenuStatus.CLOSED}


class TestOrders:
    def test_a_table_of_the_menu_is_answered_at_once(self, desk: Desk) -> None:
        shown = desk.order(desk.menu(), table="by-activity")
        assert (shown["status"], shown["answered"]) == ("approved", True), shown["failure"]
        rows = desk.table(shown)
        assert not [row for row in rows if row["value"] and 0 < float(row["value"]) < 3]

    def test_a_crossing_is_answered_when_it_is_approved(self, desk: Desk) -> None:
        shown = desk.order(desk.menu(), dimensions=["birth_year", "sex"])
        assert (shown["status"], shown["public_report"]) == ("requested", {}), shown["failure"]
        analyst = desk.client(Role.ANALYST)
        assert analyst.get(f"{ORDERS}/{shown['id']}/file").status_code == 404
        assert desk.step(shown, "approve", Role.RELEASE).status_code == 403
        assert desk.step(shown, "approve", reason="fine").status_code == 200
        assert analyst.get(f"{ORDERS}/{shown['id']}/file").status_code == 200

    def test_what_the_menu_does_not_offer_is_refused(self, desk: Desk) -> None:
        menu = desk.menu()
        analyst = desk.client(Role.ANALYST)
        for what, word in (
            ({"table": "by-village"}, "by-activity"),
            ({"dimensions": ["wage"]}, "birth_year"),
            ({"dimensions": ["sex"], "measure": "income"}, "wages"),
            ({"dimensions": ["sex", "birth_year", "nationality"]}, "Order fewer"),
            ({}, ""),
            ({"table": "by-activity", "dimensions": ["sex"]}, ""),
            ({"dimensions": ["sex", "sex"]}, ""),
        ):
            answer = analyst.post(ORDERS, json={"menu": menu, **what})
            assert answer.status_code == 422, what
            assert word in answer.json()["detail"] + answer.json().get("remedy", ""), what
        elsewhere = desk.service.client(Role.ANALYST, OTHER_PROJECT)
        path = f"/v1/projects/{OTHER_PROJECT}/tables"
        assert elsewhere.post(path, json={"menu": menu, "table": "by-activity"}).status_code == 404

    def test_an_order_of_too_many_cells_says_so(self, desk: Desk) -> None:
        shown = desk.order(desk.menu(), dimensions=["nationality", "activity_section"])
        assert (shown["status"], "the menu allows 400" in shown["failure"]) == ("unsafe", True)

    def test_an_analyst_sees_the_own_orders_and_jobs_only(self, desk: Desk) -> None:
        shown = desk.order(desk.menu(), table="by-activity")
        office, operator = desk.service.installation.office, desk.service.installation.operator
        add_user(office, operator(), name="omar")
        other = desk.service.bearer(give_token(desk.service.installation, "omar", Role.ANALYST, PROJECT))
        for path in (f"{ORDERS}/{shown['id']}", f"{ORDERS}/{shown['id']}/file"):
            assert other.get(path).status_code == 404
        assert other.get(f"/v1/jobs/{shown['job']}").status_code == 403
        assert other.get(ORDERS).json()["items"] == []
        assert len(desk.client(Role.RELEASE).get(ORDERS).json()["items"]) == 1

    def test_what_cannot_be_protected_is_refused_without_the_cells(self, desk: Desk) -> None:
        """Cells that a stricter menu calls unsafe were answered from a laxer one before."""
        desk.order(desk.menu(primary={"minimum_contributors": 0}), table="by-activity")
        menu = desk.menu(primary={"minimum_contributors": 30})
        shown = desk.order(menu, table="by-activity")
        assert (shown["status"], "cannot be protected" in shown["failure"]) == ("unsafe", True)
        report = desk.client(Role.APPROVER).get(f"{ORDERS}/{shown['id']}/report").json()
        assert report["report"]["refusal"] not in shown["failure"]
        assert "cell" in report["report"]["refusal"]

    def test_a_person_may_not_fill_the_queue(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        from wasl.service import table_orders

        monkeypatch.setattr(table_orders, "MOST_WAITING", 2)
        menu = desk.menu()
        analyst = desk.client(Role.ANALYST)
        codes = [analyst.post(ORDERS, json={"menu": menu, "table": "by-activity"}).status_code for _ in range(3)]
        assert codes == [202, 202, 409]


class TestFigures:
    MEASURES = (
        {"name": "persons", "unit": "persons"},
        {"name": "pay", "value": "wage", "measure": "median_band", "bands": [0, 3000, 5000, 8000]},
        {"name": "mean", "value": "wage", "measure": "mean", "decimals": 1},
        {"name": "by-year", "value": "wage", "denominator": "birth_year", "measure": "ratio", "decimals": 3},
    )

    @pytest.mark.parametrize("measure", ["pay", "mean", "by-year"])
    def test_medians_means_and_ratios_are_ordered_beside_counts(self, desk: Desk, measure: str) -> None:
        menu = desk.menu(measures=list(self.MEASURES))
        counts = desk.order(menu, dimensions=["sex", "activity_section"])
        assert desk.step(counts, "approve", reason="fine").status_code == 200
        shown = desk.order(menu, dimensions=["sex", "activity_section"], measure=measure)
        assert shown["status"] == "requested", shown["failure"]
        assert desk.step(shown, "approve", reason="fine").status_code == 200
        figures = [float(row["value"]) for row in desk.table(shown) if row["value"]]
        assert figures
        if measure == "pay":
            assert set(figures) <= {0.0, 3000.0, 5000.0, 8000.0}

    def test_classes_of_a_median_count_as_cells(self, desk: Desk) -> None:
        crossings = {"max_dimensions": 2, "max_cells": 60, "approval": "each"}
        menu = desk.menu(measures=list(self.MEASURES), crossings=crossings)
        assert desk.order(menu, dimensions=["sex", "birth_year"])["status"] == "requested"
        assert "cells" in desk.order(menu, dimensions=["sex", "birth_year"], measure="pay")["failure"]


class TestAnswersTogether:
    """What was answered is part of what the next answer is audited against."""

    def test_an_approval_lapses_when_other_tables_were_answered(self, desk: Desk) -> None:
        menu = desk.menu()
        first = desk.order(menu, dimensions=["birth_year", "sex"])
        second = desk.order(menu, dimensions=["birth_year"])
        assert desk.step(first, "approve", reason="x").status_code == 200
        late = desk.step(second, "approve", reason="x")
        assert (late.status_code, "Protect it again" in late.json()["remedy"]) == (409, True)
        assert desk.read(second["id"])["status"] == "requested", "nothing of the refused step stays"
        refused = desk.step(second, "refuse", reason="protect it again").json()
        again = desk.client(Role.ANALYST).post(f"{ORDERS}/{second['id']}/protect", headers=seen(refused))
        assert again.status_code == 202, again.text
        desk.service.work()
        second = desk.read(second["id"])
        assert second["status"] == "requested", second["failure"]
        report = desk.client(Role.APPROVER).get(f"{ORDERS}/{second['id']}/report").json()
        assert report["earlier"] == [first["id"]]
        assert desk.step(second, "approve", reason="x").status_code == 200

    def test_a_hidden_cell_of_an_answer_stays_hidden_in_the_next(self, desk: Desk) -> None:
        """Ordered alone, the margin by activity would show every cell; the earlier table by sex hides some of them."""
        menu = desk.menu(crossings={"max_dimensions": 2, "max_cells": 20_000, "approval": "menu"})
        first = desk.order(menu, dimensions=["nationality", "sex"])
        second = desk.order(menu, dimensions=["nationality", "birth_year"])
        assert (first["status"], second["status"]) == ("approved", "approved")
        hidden = {row["nationality"] for row in desk.table(first) if row["sex"] == "Total" and row["value"] == ""}
        shown = {row["nationality"] for row in desk.table(second) if row["birth_year"] == "Total" and row["value"]}
        assert hidden
        assert not hidden & shown

    def test_an_answer_that_comes_between_sends_the_job_back(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """While one order is protected another is answered; the commit sees it and the audit is done again."""
        from wasl.service import table_jobs

        menu = desk.menu()
        first = desk.order(menu, dimensions=["birth_year"])
        calls: list[int] = []
        honest = table_jobs.tabulate

        def tabulate(*given: Any, **named: Any) -> Any:
            made = honest(*given, **named)
            calls.append(len(named["earlier"]))
            if len(calls) == 1:
                assert desk.step(desk.read(first["id"]), "approve", reason="x").status_code == 200
            return made

        monkeypatch.setattr(table_jobs, "tabulate", tabulate)
        shown = desk.order(menu, table="by-activity")
        assert (shown["status"], calls) == ("approved", [0, 1])

    def test_an_answer_once_given_is_evidence_for_good(self, desk: Desk) -> None:
        menu = desk.menu()
        shown = desk.order(menu, table="by-activity")
        shown = desk.step(shown, "revoke", reason="a doubt").json()
        assert (shown["status"], shown["answered"]) == ("refused", True)
        assert desk.client(Role.ANALYST).get(f"{ORDERS}/{shown['id']}/file").status_code == 404
        again = desk.client(Role.ANALYST).post(f"{ORDERS}/{shown['id']}/protect", headers=seen(shown))
        assert (again.status_code, "Order it anew" in again.json()["remedy"]) == (409, True)
        later = desk.order(menu, dimensions=["activity_section"])
        report = desk.client(Role.APPROVER).get(f"{ORDERS}/{later['id']}/report").json()
        assert report["earlier"] == [shown["id"]]


KEYED: dict[str, Any] = {
    "protection": {"method": "cell-key"},
    "crossings": {"max_dimensions": 2, "approval": "menu"},
}


class TestRecordKeys:
    def test_the_same_persons_get_the_same_noise_in_every_table(self, desk: Desk) -> None:
        menu = desk.menu(**KEYED)
        by_both = desk.table(desk.order(menu, dimensions=["birth_year", "sex"]))
        by_sex = desk.table(desk.order(menu, dimensions=["sex"]))
        margin = {row["sex"]: row["value"] for row in by_both if row["birth_year"] == "Total"}
        assert margin == {row["sex"]: row["value"] for row in by_sex}
        true = desk.client(Role.RELEASE).get(ORDERS).json()["items"][0]["public_report"]["tables"][0]["status"]
        assert true["perturbed"]

    def test_another_secret_than_the_one_of_earlier_tables_is_refused(self, desk: Desk) -> None:
        from wasl.service.job_handlers import perform
        from wasl.service.records import Job

        menu = desk.menu(**KEYED)
        desk.order(menu, dimensions=["sex"])
        answer = desk.client(Role.ANALYST).post(ORDERS, json={"menu": menu, "dimensions": ["birth_year"]}).json()
        lost = replace(desk.service.installation.office, record_secret=b"another secret of 32 bytes......")
        job = desk.service.installation.leases.take("w", desk.service.installation.office.now().timestamp())
        assert isinstance(job, Job)
        perform(lost, job, lambda _done, _total: None)
        shown = desk.read(answer["id"])
        assert (shown["status"], "secret of the record keys" in shown["failure"]) == ("unsafe", True)

    def test_the_secret_is_private_and_stays(self, desk: Desk) -> None:
        from wasl.errors import KeyFileError
        from wasl.web.secrets import load_record_secret

        place = desk.service.installation.settings.record_key_path
        assert place.stat().st_mode & 0o777 == 0o600
        assert load_record_secret(place) == desk.service.installation.office.record_secret
        assert desk.service.installation.office.record_secret.hex() not in repr(desk.service.installation.office)
        place.chmod(0o644)
        with pytest.raises(KeyFileError):
            load_record_secret(place)


class TestErasure:
    def test_objections_make_orders_void_that_are_not_public(self, desk: Desk) -> None:
        menu = desk.menu()
        answered = desk.order(menu, table="by-activity")
        waiting = desk.order(menu, dimensions=["birth_year"])
        holder = desk.service.client(Role.HOLDER)
        path = f"/v1/projects/{PROJECT}/registers/{REGISTER}/objections"
        assert holder.post(path, json={"records": ["ab" * 16]}).is_success
        with desk.service.installation.ledger.reading() as state:
            kept, void = state.get(TableOrder, answered["id"]), state.get(TableOrder, waiting["id"])
        assert (kept.status, void.status) == ("unsafe", "unsafe")
        assert kept.artifacts, "the desk keeps the intervals of what was answered"
        assert (void.artifacts, void.protected, void.report) == ({}, "", {})
        assert desk.client(Role.ANALYST).get(f"{ORDERS}/{answered['id']}/file").status_code == 404

    def test_the_sweep_keeps_what_orders_name(self, desk: Desk) -> None:
        shown = desk.order(desk.menu(), table="by-activity")
        for folder in desk.service.installation.files.folders.values():
            for path in folder.rglob("*"):
                os.utime(path, (0, 0))
        desk.service.installation.sweep()
        assert desk.table(shown)


def test_only_a_rule_of_a_menu_approves_without_a_decision() -> None:
    """The step is the service's own: no route takes it, and no release of microdata comes there."""
    assert ReleaseStep.APPROVE_BY_RULE.action is None
    before = {status for status, step in RELEASE_STEPS if step is ReleaseStep.APPROVE_BY_RULE}
    assert before == {"requested"}
    import inspect

    from wasl.service import releases

    assert "APPROVE_BY_RULE" not in inspect.getsource(releases)


def test_a_step_of_the_service_is_nobodys(resolved: tuple[Service, str]) -> None:
    from wasl.errors import AccessError
    from wasl.service.table_orders import decide_on_tables

    office, caller = resolved[0].installation.office, resolved[0].installation.operator()
    with pytest.raises((AccessError, StateError)):
        decide_on_tables(
            office, caller, project=PROJECT, order="x", version=1, step=ReleaseStep.APPROVE_BY_RULE, reason="x"
        )
