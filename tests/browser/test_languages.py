"""Nothing is left in English on French and Arabic pages of the console: pages that links lead to, and errors."""

from __future__ import annotations

from collections import Counter

import pytest
from browser_support import World
from pages_support import PlainBrowser
from reading import Reading

from wasl.locale import Language

pytestmark = pytest.mark.browser

LEADS_OUT = ("/console/sign-out", "/console/account/sign-out-everywhere", "/console/account/sessions/{name}/end")
"""Forms that end the session which the test needs."""


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_no_page_and_no_error_is_in_english(spare_world: World, language: Language) -> None:
    read: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    sent: set[str] = set()
    for role, token in [("", ""), *spare_world.tokens.items()]:
        browser = PlainBrowser(spare_world.address, language=language)
        if token:
            assert browser.sign_in(token).status_code == 303
        reading = Reading(browser, language)
        reading.walk("/console" if token else "/")
        statuses += reading.send_faults(sent | set(LEADS_OUT))
        sent |= {route for route, _ in reading.forms}
        read += reading.read
        faults += [f"{role} {one}" for one in (*reading.english, *reading.broken)]
    assert not faults, "\n".join(dict.fromkeys(faults))
    assert len(read) > 35, sorted(read)
    assert statuses[422] > 60, statuses
