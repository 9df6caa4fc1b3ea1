"""Registers stand under their titles in refusals; longer names, paths and addresses that hold a name stay."""

from __future__ import annotations

import pytest

from wasl.compliance.excess_words import with_titles

TITLES = {"cnss": "CNSS, assured", "cnss-employees": "Employees", "dgsn-permits": "Permits"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("register:cnss-employees; register:cnss", "register:Employees; register:CNSS, assured"),
        ("interconnection:cnss-employees+dgsn-permits", "interconnection:Employees – Permits"),
        ("interconnection:cnss+dgsn-permits.", "interconnection:CNSS, assured – Permits."),
        ("period:2024 (cnss-employees)", "period:2024 (Employees)"),
        ("«\u2068cnss+cnss-employees\u2069»", "«\u2068CNSS, assured – Employees\u2069»"),
        ("recipient:holder:dgsn-permits", "recipient:holder:Permits"),
        ("&#39;cnss-employees&#39;", "&#39;Employees&#39;"),
        ("cnss-employees-2026, my-cnss, cnss_x", "cnss-employees-2026, my-cnss, cnss_x"),
        (
            "outbox/cnss-employees.parquet, /files/cnss-employees",
            "outbox/cnss-employees.parquet, /files/cnss-employees",
        ),
        ("cnss+elsewhere, elsewhere+cnss", "cnss+elsewhere, elsewhere+cnss"),
    ],
)
def test_titles_in_the_places_of_names(text: str, expected: str) -> None:
    assert with_titles(text, TITLES) == expected


def test_without_titles_a_text_stays() -> None:
    assert with_titles("register:cnss", {}) == "register:cnss"
