"""Numbers as people write them: one rule for all columns, and nothing read in two ways without saying so."""

from __future__ import annotations

import csv

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.errors import RegisterError
from wasl.holder.payload import payload_columns
from wasl.registers.reading.cnss_lines import amount_of
from wasl.registers.reading.numbers import read_numbers
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

SCRIPTS = {"ascii": "0123456789", "arabic": "٠١٢٣٤٥٦٧٨٩", "persian": "۰۱۲۳۴۵۶۷۸۹", "wide": "０１２３４５６７８９"}
THOUSANDS = {"none": "", "space": " ", "no-break": "\u00a0", "narrow": "\u202f", "apostrophe": "'", "curly": "\u2019"}
WRAPPED = ("{}", "{} DH", "{}DH", "{} dhs", "MAD {}", "{} MAD", "{} dirhams", "{} درهم", "{} د.م.", "{} د م")


def column(*cells):
    return pa.chunked_array([pa.array(cells, pa.string())])


def written(value, decimals, group, mark, script, wrapped):
    """An amount as one office writes it."""
    text = f"{value:.{decimals}f}"
    whole, _, part = text.partition(".")
    digits = []
    while whole:
        digits.insert(0, whole[-3:])
        whole = whole[:-3]
    text = group.join(digits) + (mark + part if part else "")
    return wrapped.format(text.translate(str.maketrans(SCRIPTS["ascii"], SCRIPTS[script])))


@given(
    st.lists(st.integers(0, 99_999_999), min_size=1, max_size=8),
    st.sampled_from([(group, mark) for group in (*THOUSANDS.values(), ".") for mark in ",٫"]
                    + [(group, mark) for group in (*THOUSANDS.values(), ",", "٬") for mark in ".٫"]),
    st.sampled_from(sorted(SCRIPTS)),
    st.sampled_from(WRAPPED),
)  # fmt: skip
def test_amounts_with_decimals_are_read_however_they_are_written(centimes, style, script, wrapped):
    group, mark = style
    cells = [written(value / 100, 2, group, mark, script, wrapped) for value in centimes]
    read = read_numbers(column(*cells))
    assert read.values.to_pylist() == pytest.approx([value / 100 for value in centimes])
    assert read.two_ways == 0


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=8),
    st.sampled_from([*THOUSANDS.values(), ".", ",", "٬"]),
    st.sampled_from(sorted(SCRIPTS)),
    st.sampled_from(WRAPPED),
)
def test_whole_amounts_are_read_however_they_are_written(amounts, group, script, wrapped):
    cells = column(*(written(value, 0, group, "", script, wrapped) for value in amounts))
    assert read_numbers(cells, whole=True).values.to_pylist() == amounts
    assert amount_of(cells).to_pylist() == amounts


@pytest.mark.parametrize(
    ("cells", "settings", "expected", "two_ways"),
    [
        (["1.234", "12,50"], {}, [1234, 12.5], 0),
        (["1,234", "12.50"], {}, [1234, 12.5], 0),
        (["1.234", "0.5"], {}, [1.234, 0.5], 0),
        (["1.234", "1.234.567"], {}, [1234, 1234567], 0),
        (["1.234", "12.500", "7"], {}, [1.234, 12.5, 7], 2),
        (["1.234", "12.500", "7"], {"mark": ","}, [1234, 12500, 7], 0),
        (["1.234", "12.500", "7"], {"mark": "."}, [1.234, 12.5, 7], 0),
        (["1.234", "12.500", "7"], {"whole": True}, [1234, 12500, 7], 0),
        (["1,234", "1,5", "1.5"], {}, [1.234, 1.5, 1.5], 1),
        (["1.5"], {"mark": ","}, [None], 0),
        (["26.0", "12"], {"whole": True}, [26, 12], 0),
    ],
)
def test_a_mark_before_three_digits_means_what_the_column_says(cells, settings, expected, two_ways):
    read = read_numbers(column(*cells), **settings)
    assert read.values.to_pylist() == expected
    assert read.two_ways == two_ways


@pytest.mark.parametrize(
    "text",
    ["", "DH", "12 34", "1 2345", "1.2.3", "1,2,3", "1.234.56", "--5", "5)", "(5", "-(5)", "nan", "inf", "1_000",
     "12 €", "0x10", "1e999", ".", ",", "- ", "12DHS34", "1 234 56,7", "١٢٫٣٫٤"],
)  # fmt: skip
def test_what_is_no_number_is_none(text):
    assert read_numbers(column(text, None)).values.to_pylist() == [None, None]


@pytest.mark.parametrize("text", ["-1234.5", "−1234.5", "1234,5-", "(1 234,50)", "- 1 234,5 DH"])
def test_negative_amounts_of_every_program_are_negative(text):
    assert read_numbers(column(text)).values.to_pylist() == [-1234.5]


DECIMALS = (["6835,41", "7000"], ["6.835,41 DH", "7.000"], ["6835.41", "7000"], ["٦٨٣٥٫٤١", "7000"])
WHOLE = (["683 541", "700000"], ["683.541", "700.000 DH"], ["٦٨٣٥٤١", "٧٠٠٠٠٠"], ["683541.0", "7e5"])
"""Wages as several programs write them."""


def register(tmp_path, wages, name="cnss-employees"):
    """A declaration of one month with these wages."""
    path = tmp_path / "declaration.csv"
    heads = ("num_immatriculation", "nom_prenom", "nom_jeune_fille", "sexe", "date_naissance", "nationalite",
             "type_piece", "num_piece", "num_affilie", "code_activite", "ville", "periode", "jours_declares",
             "salaire_reel", "situation")  # fmt: skip
    rows = [(f"10000{n:04d}", "DIALLO AWA", "", "2", "19900205", "SEN", "PP", f"A{n}", "77", "G", "Casablanca",
             "202503", 26, wage, "") for n, wage in enumerate(wages)]  # fmt: skip
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([heads, *rows])
    return path, RegisterSchema.load(name)


@pytest.mark.parametrize("wages", DECIMALS)
@pytest.mark.parametrize("place", ["file", "folder"])
def test_centimes_with_decimals_are_refused_in_a_file_as_in_a_folder(tmp_path, wages, place):
    path, schema = register(tmp_path, ["100000", *wages])
    with pytest.raises(RegisterError, match=r"declaration.csv: column salaire_reel: 1 amounts? ha.*row 3") as found:
        read_register(path if place == "file" else tmp_path, schema)
    assert "6835" not in str(found.value)
    assert "centimes" in str(found.value.remedy)


@pytest.mark.parametrize("wages", WHOLE)
@pytest.mark.parametrize("place", ["file", "folder"])
def test_wages_in_centimes_reach_the_payload_in_dirhams(tmp_path, wages, place):
    path, schema = register(tmp_path, wages)
    read = read_register(path if place == "file" else tmp_path, schema)
    (wage,) = (one for one in payload_columns(read.table, schema) if one.standard == "wage")
    assert wage.values.to_pylist() == [6835.41, 7000.0]


def test_numbers_that_can_be_read_in_two_ways_are_noted_and_the_schema_decides(tmp_path):
    path = tmp_path / "contracts.csv"
    path.write_text("num_demande,salaire\nA1,3.134\nA2,8.243\n", encoding="utf-8")
    text = (
        'id = "own"\nversion = 1\ntitle = "t"\nholder = "h"\nrecord = "num_demande"\n'
        '[[fields]]\nname = "num_demande"\nrole = "identifier"\n'
        '[[fields]]\nname = "salaire"\ntype = "decimal"\nrole = "payload"\n'
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    read = read_register(path, RegisterSchema.load(tmp_path / "own.toml"))
    assert read.noted("numbers-two-ways") == {"salaire": 2}
    assert read.table["salaire"].to_pylist() == [3.134, 8.243]
    (tmp_path / "own.toml").write_text(text + 'decimal_mark = ","\n', encoding="utf-8")
    read = read_register(path, RegisterSchema.load(tmp_path / "own.toml"))
    assert read.noted("numbers-two-ways") == {}
    assert read.table["salaire"].to_pylist() == [3134, 8243]
