"""Dates leave as months or quarters unless the schema says why not; some registers give and get nothing more."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wasl.errors import AccessError, DeliveryError, SchemaError
from wasl.holder.payload import payload_columns
from wasl.registers.documents import config_dir, validate_document
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import FieldRole, RegisterSchema
from wasl.service.intake import ParquetFile
from wasl.service.payload_check import declared_columns, require_declared_rows
from wasl.service.ports import Limits

SCHEMAS = [RegisterSchema.load(path) for path in sorted((config_dir() / "registers").glob("*.toml"))]
DAYS = ["17/05/2021", "01/01/2022", "31/12/2019", ""]
FIRST_DAYS = {
    "day": [dt.date(2021, 5, 17), dt.date(2022, 1, 1), dt.date(2019, 12, 31), None],
    "month": [dt.date(2021, 5, 1), dt.date(2022, 1, 1), dt.date(2019, 12, 1), None],
    "quarter": [dt.date(2021, 4, 1), dt.date(2022, 1, 1), dt.date(2019, 10, 1), None],
    "year": [dt.date(2021, 1, 1), dt.date(2022, 1, 1), dt.date(2019, 1, 1), None],
}


def schema_of(precision, *fields, **changes):
    document = {
        "id": "dates",
        "holder": "Us",
        "record": "number",
        "fields": [
            {"name": "number", "role": "identifier", "required": True},
            {
                "name": "entered",
                "type": "date",
                "role": "payload",
                "format": ["%d/%m/%Y"],
                **({} if precision is None else {"precision": precision}),
                **({"precision_reason": "durations of days are published"} if precision == "day" else {}),
            },
            *fields,
        ],
        **changes,
    }
    return validate_document(RegisterSchema, document, "test")


def released(schema):
    table = pa.table({"number": list("1234"), "entered": DAYS})
    (column,) = payload_columns(register_from_table(table, schema).table, schema)
    return column.values


@pytest.mark.parametrize("precision", [None, *FIRST_DAYS])
def test_a_date_leaves_as_coarse_as_its_schema_says(precision):
    assert released(schema_of(precision)).to_pylist() == FIRST_DAYS[precision or "month"]


def test_exact_days_need_a_reason():
    with pytest.raises(SchemaError, match="needs a precision_reason"):
        validate_document(
            RegisterSchema,
            {
                "id": "dates",
                "holder": "Us",
                "record": "number",
                "fields": [
                    {"name": "number", "role": "identifier"},
                    {"name": "entered", "type": "date", "role": "payload", "precision": "day"},
                ],
            },
            "test",
        )


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.register_id)
def test_no_shipped_register_releases_exact_days(schema):
    for field in schema.fields:
        if field.role is FieldRole.PAYLOAD and field.type == "date":
            assert field.precision != "day"


@pytest.mark.parametrize("precision", ["month", "quarter", "year"])
@pytest.mark.parametrize("written", ["dates", "texts"])
def test_intake_refuses_dates_finer_than_declared(tmp_path, precision, written):
    columns = declared_columns(schema_of(precision))

    def check(values):
        ids = pa.array([bytes([k]) * 16 for k in range(len(values))], pa.binary(16))
        cells = pa.array(values, pa.date32())
        if written == "texts":
            cells = pa.array([None if value is None else value.isoformat() for value in values])
        pq.write_table(pa.table({"record_id": ids, "entered": cells}), tmp_path / "p.parquet")
        require_declared_rows(ParquetFile(tmp_path / "p.parquet", "payload", Limits()), columns)

    check(FIRST_DAYS[precision])
    with pytest.raises(DeliveryError, match=rf"not coarsened to its {precision}"):
        check(FIRST_DAYS["day"])


def test_a_register_that_gets_nothing_back_releases_codes_and_coarse_dates_only():
    code = {"name": "status", "type": "code", "role": "payload", "classification": "legal-status"}
    schema = schema_of("quarter", code, **{"return": "none"})
    with pytest.raises(AccessError, match="given back"):
        schema.require_return()
    for field in (
        {"name": "note", "role": "payload"},
        {"name": "children", "type": "integer", "role": "payload"},
        {"name": "income", "type": "decimal", "role": "payload"},
        {"name": "left", "type": "date", "role": "payload"},
        {"name": "needs", "type": "code", "role": "payload"},
    ):
        with pytest.raises(SchemaError, match='return = "none" releases only codes'):
            schema_of("quarter", field, **{"return": "none"})
    with pytest.raises(SchemaError, match='return = "none"'):
        schema_of("month", **{"return": "none"})


def test_unhcr_is_such_a_register_and_others_are_not():
    returning = {schema.register_id: schema.returns for schema in SCHEMAS}
    assert returning["unhcr-refugees"] == "none"
    RegisterSchema.load("dgsn-permits").require_return()


def test_a_schema_with_a_return_survives_its_json():
    schema = RegisterSchema.load("unhcr-refugees")
    again = validate_document(RegisterSchema, schema.model_dump(mode="json", by_alias=True), "test")
    assert again.digest == schema.digest
    assert np.all([field.name != "specific_needs" or field.role is FieldRole.DROP for field in again.fields])
