"""Whatever columns of a register are blank or hold placeholders, checking and encoding it works or is refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasl.errors import WaslError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.holder.quality.examine import examine
from wasl.holder.quality.report import render_report
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

SCHEMA = RegisterSchema.load("anapec-projects")
KEY = LinkageKey(bytes(range(32)), "test")
FUZZ = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GOOD = {
    "nom": "Diallo",
    "prenom": "Awa",
    "sexe": "F",
    "date_naissance": "12/03/1985",
    "nationalite": "SEN",
    "num_carte_sejour": "C777123",
}
BAD = st.sampled_from(
    ["", "...", "NEANT", "غير معروف", "EN COURS", "1985", "12/03/XXXX", "31/02/1990", "张伟", "?", "#REF!"]
)


@FUZZ
@given(
    st.integers(1, 4),
    st.dictionaries(st.sampled_from(sorted(GOOD)), BAD),
    st.sampled_from(["guarded", "open", "tokens", "plain"]),
)
def test_blank_and_void_columns(count, changes, profile):
    row = GOOD | changes
    data = {field.name: [""] * count for field in SCHEMA.fields}
    data |= {name: [value] * count for name, value in row.items()}
    data["num_inscription"] = [f"R{i}" for i in range(count)]
    register = register_from_table(pa.table(data), SCHEMA)
    report = examine(register, SCHEMA, file="register.csv", today=dt.date(2026, 1, 1))
    assert render_report(report, "fr")
    try:
        encoded = encode(
            register,
            SCHEMA,
            KEY,
            EncodingProfile.load(profile),
            created="2026-01-01T00:00:00Z",
            rng=np.random.default_rng(0),
            consent_weak_profile=True,
        )
    except WaslError:
        return
    assert encoded.delivery.header.records == register.table.num_rows
    assert encoded.keep_map.num_rows == register.table.num_rows


@FUZZ
@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.text(max_size=8))
def test_any_text_in_any_identifying_column(names, other):
    count = len(names)
    data = {field.name: [other] * count for field in SCHEMA.fields}
    data |= {"nom": names, "num_inscription": [f"R{i}" for i in range(count)]}
    register = register_from_table(pa.table(data), SCHEMA)
    report = examine(register, SCHEMA, file="register.csv", today=dt.date(2026, 1, 1))
    assert report.records + report.rejected == count
