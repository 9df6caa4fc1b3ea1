from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest

from wasl.audit.notes import NoteSigner
from wasl.publication.description import DatasetDescription

CREATED = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def description():
    return DatasetDescription.model_validate(
        {
            "id": "workers-puf",
            "version": "2024.1",
            "title": "Foreign workers <public use>",
            "title_fr": "Travailleurs étrangers",
            "abstract": "Linked & protected.",
            "abstract_fr": "Appariés et protégés.",
            "producer": {"name": "Haut-Commissariat au Plan", "abbreviation": "HCP"},
            "contact": {"name": "Diffusion", "email": "diffusion@example.org"},
            "period": {"start": "2024-01-01", "end": "2024-12-31"},
            "geography": "regions",
            "sources": ["dgsn-permits", "cnss-employees"],
            "keywords": ["migration"],
            "method": "Linked, then protected.",
            "conditions": "Do not try to identify anyone.",
            "conditions_fr": "Ne pas tenter d'identifier quiconque.",
            "citation": "HCP (2026)",
            "variables": [
                {"name": "sex", "label": "Sex", "label_fr": "Sexe", "kind": "code", "classification": "sex"},
                {
                    "name": "status",
                    "label": "Status",
                    "kind": "code",
                    "codes": [
                        {"code": "1", "label": "Employee", "label_fr": "Salarié"},
                        {"code": "2", "label": "Self-employed"},
                        {"code": "9", "label": "Not stated", "missing": True},
                    ],
                },
                {"name": "age", "label": "Age group", "kind": "code", "other_codes": True},
                {"name": "wage", "label": "Wage", "kind": "decimal", "unit": "MAD", "note": "Top-coded."},
                {"name": "months", "label": "Months", "kind": "integer"},
                {"name": "entry", "label": "Entry", "kind": "date", "concept": "arrival"},
                {"name": "remark", "label": "Remark", "kind": "text"},
                {"name": "weight", "label": "Weight", "kind": "decimal", "weight": True},
            ],
        }
    )


@pytest.fixture
def table():
    return pa.table(
        {
            "sex": ["F", "M", None, "F"],
            "status": pa.array([1, 9, 1, None]),
            "age": ["[20,30)", "[30,40)", None, "[20,30)"],
            "wage": [1500.5, None, 3000.0, 10.0],
            "months": [1, None, 7, 12],
            "entry": [dt.date(2020, 5, 1), None, dt.date(2019, 2, 3), dt.date(2021, 1, 1)],
            "remark": ["=SUM(A1)", "-5", 'x,"y"', None],
            "weight": [1.0, 2.0, 3.5, 1.5],
        }
    )


@pytest.fixture
def report():
    return {"public-report.json": json.dumps({"k": 5}).encode(), "public-report.html": b"<p>Protected.</p>"}


@pytest.fixture
def signer():
    return NoteSigner("example.org/releases", bytes(range(32)))


@pytest.fixture
def created():
    return CREATED
