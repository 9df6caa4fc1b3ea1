"""Registers read in codes: the same cells, rejects and notes as without, and the same bytes after encoding."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.registers.documents import validate_document
from wasl.registers.reading import bounded_parquet, cells, csv_files
from wasl.registers.reading.coded_columns import TextColumns, as_codes, is_coded, one_array, plain
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

FIELDS = [
    {"name": "number", "role": "identifier", "required": True},
    {"name": "name", "role": "name", "feature": "full_name", "required": True, "missing": ["?"]},
    {"name": "born", "role": "birth", "type": "date", "feature": "birth_date"},
    {"name": "town", "role": "contact", "feature": "locality"},
    {"name": "wage", "role": "payload", "type": "decimal", "minimum": 0, "optional": True},
    {"name": "class", "role": "payload", "type": "code", "pattern": "[A-C]", "optional": True},
]
SCHEMA = validate_document(RegisterSchema, {"id": "ours", "holder": "Us", "record": "number", "fields": FIELDS}, "test")
HEAD = "number;name;born;town;wage;class"
ROWS = [
    "1;Mary Ann;1990-05-17;Oujda;10;A",
    "2;Zoé;17/05/1990;FÃ¨s;-3;B",
    "3;?;1990;Oujda;1,5;D",
    "3;Mary Ann;31/02/1990;;7;",
    "4;Mary\u200e Ann;01/13/1990;Oujda;x;A",
    "5;Mary Ann;1990-05-17",
    "6;Mary Ann;1990-05-17",
    "7;Mary Ann;1990-05-17;Oujda;10;A;too;many",
    HEAD,
    ";;;;;",
    "2;Zoé;1990-05-17;Taza;0;C",
]


def said(table):
    """All that reading says, with cells as text."""
    texts = {name: plain(table.table[name]).to_pylist() for name in table.table.column_names}
    described = (table.rows_read, table.encoding, table.separator, table.notes, table.numeric, table.surplus)
    return texts, table.rejects.to_pylist(), described, table.renamed, table.layout


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 120)
    monkeypatch.setattr(csv_files, "RELEASED_EVERY", 0)
    monkeypatch.setattr(bounded_parquet, "ROWS_AT_A_TIME", 3)
    monkeypatch.setattr(cells, "TYPED_AT_A_TIME", 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=14))
def test_a_text_file_reads_the_same_in_codes(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("coded") / "file.csv"
    path.write_text("\n".join([HEAD, "0;First;1980-01-02;Oujda;1;A", *rows]) + "\n", encoding="utf-8")
    assert said(read_register(path, SCHEMA, coded=True)) == said(read_register(path, SCHEMA))


def test_small_steps_change_nothing(small_steps, tmp_path):
    path = tmp_path / "file.csv"
    path.write_text(
        "\n".join([HEAD, *[f"0;Ann Lee;1980-01-02;Oujda;{n};A" for n in range(4)], *ROWS]) + "\n", encoding="utf-8"
    )
    in_codes = read_register(path, SCHEMA, coded=True)
    assert said(in_codes) == said(read_register(path, SCHEMA))
    assert is_coded(in_codes.table["town"])


def test_a_parquet_file_reads_the_same_in_codes(small_steps, tmp_path):
    table = pa.table(
        {
            "number": pa.array(range(8), pa.int64()),
            "name": pa.array(["Ann Lee", "Bo Xu"] * 4).dictionary_encode(),
            "born": pa.array([0, 7000, None, 7000] * 2, pa.int32()).cast(pa.date32()),
            "town": ["Oujda", "", None, "Oujda"] * 2,
            "wage": [1.0, 2.5, None, -4.0] * 2,
            "class": ["A", "A", "A", "Z"] * 2,
        }
    )
    path = tmp_path / "file.parquet"
    pq.write_table(table, path)
    in_codes = read_register(path, SCHEMA, coded=True)
    assert said(in_codes) == said(read_register(path, SCHEMA))
    assert in_codes.numeric == {"number": 8}
    assert is_coded(in_codes.table["town"])
    assert not is_coded(in_codes.table["number"])


def test_cells_that_differ_throughout_stay_text():
    columns = TextColumns(["many", "few"], coded=True)
    for start in (0, 4):
        columns.add({"many": pa.array([f"r{n}" for n in range(start, start + 4)]), "few": pa.array(["a", "b"] * 2)})
    table = columns.table()
    assert not is_coded(table["many"])
    assert is_coded(table["few"])
    assert table["few"].num_chunks == 1
    assert table.to_pylist()[5] == {"many": "r5", "few": "b"}


def test_codes_of_several_batches_become_codes_of_one_list():
    batches = pa.chunked_array([pa.array(["x", "y"]).dictionary_encode(), pa.array(["y", "x"]).dictionary_encode()])
    whole = one_array(batches)
    assert whole.indices.to_pylist() == [0, 1, 1, 0]
    assert plain(as_codes(pa.chunked_array([["y", None]]))).to_pylist() == ["y", None]


@pytest.mark.parametrize("name", ["febrl", "taechir-contracts"])
def test_a_register_read_in_codes_gives_the_same_delivery(name, tmp_path):
    from wasl.holder.encode import encode
    from wasl.holder.keys import LinkageKey
    from wasl.holder.profile import EncodingProfile
    from wasl.lab.benchmarks.linkage_data import made_up_register
    from wasl.population.generate import generate

    if name == "febrl":
        table = pa.Table.from_pandas(made_up_register(200, 40, 3), preserve_index=False)
    else:
        table = pa.table(generate(300, 2).registers[name])
    path = tmp_path / "file.csv"
    pacsv.write_csv(table, path)
    schema = RegisterSchema.load(name)
    profile = EncodingProfile.load("guarded", family=schema.profiles)
    digests = set()
    for coded in (False, True):
        read = read_register(path, schema, coded=coded)
        made = encode(
            read, schema, LinkageKey(bytes(range(32)), "codes"), profile, created="", rng=np.random.default_rng(0)
        )
        rows = made.payload.rows.to_pylist()
        digests.add((made.delivery.digest, str(made.join_map.header()), str(rows), str(made.merged.to_pylist())))
    assert len(digests) == 1
