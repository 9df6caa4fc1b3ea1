"""Several months of declarations: stocks by a rule, spells, totals per month; wages are never added over months."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasl.cli.months import months_files
from wasl.errors import RegisterError
from wasl.registers.reading.cnss_months import (
    declaration_files,
    monthly_rows,
    read_declarations,
    spells_of,
    stock_of,
    stock_rows,
    totals_of,
)
from wasl.registers.reading.headers import Wanted
from wasl.registers.reading.reader import read_register
from wasl.registers.schema import RegisterSchema

SCHEMA = RegisterSchema.load("cnss-employees")
HEADS = ("num_immatriculation", "nom_prenom", "nom_jeune_fille", "sexe", "date_naissance", "nationalite", "type_piece",
         "num_piece",
         "num_affilie", "code_activite", "ville", "periode", "jours_declares", "salaire_reel", "salaire_plafonne",
         "situation")  # fmt: skip
WANTED = Wanted(("num_immatriculation", "periode"))


def row(number, month, wage=1000, days=26, employer="77"):
    return (number, "DIALLO MAMADOU", "", "1", "19900205", "SEN", "PP", f"A{number}", employer, "G", "Casablanca",
            f"2025{month:02d}", days, wage * 100, min(wage, 6000) * 100, "")  # fmt: skip


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([HEADS, *rows])


def folder_of(tmp_path, rows, *, one_file=False):
    """The rows as one file, or as a file for each month."""
    place = tmp_path / "declarations"
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    by_month = defaultdict(list)
    for each in rows:
        by_month["all" if one_file else each[11]].append(each)
    for month, part in by_month.items():
        write(place / f"{month}.csv", part)
    return place


def read(place):
    declared = read_declarations(declaration_files(place), WANTED)
    return declared, monthly_rows(declared)


lines = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(0, 9000), st.integers(0, 26), st.sampled_from("789")),
    min_size=1,
    max_size=40,
    unique=True,  # a file that has half of its lines twice is refused
)


@settings(max_examples=60, deadline=None)
@given(lines, st.booleans())
def test_against_a_plain_count(tmp_path_factory, drawn, one_file):
    rows = [row(number, month, wage, days, employer) for number, month, wage, days, employer in drawn]
    declared, monthly = read(folder_of(tmp_path_factory.mktemp("months"), rows, one_file=one_file))
    wages, days, months = defaultdict(int), defaultdict(int), defaultdict(set)
    for number, month, wage, day, _ in drawn:
        wages[number, month] += wage * 100
        days[number, month] += day
        months[number].add(month)
    found = {
        (int(r["num_immatriculation"]), int(r["periode"][4:])): (r["salaire_reel"], r["jours_declares"])
        for r in monthly.to_pylist()
    }
    assert found == {key: (wages[key], min(days[key], 26)) for key in wages}

    spells = spells_of(monthly).to_pylist()
    covered = defaultdict(set)
    for spell in spells:
        stretch = set(range(int(spell["from"][5:]), int(spell["to"][5:]) + 1))
        number = int(spell["num_immatriculation"])
        assert spell["months"] == len(stretch)
        assert not covered[number] & {m + k for m in stretch for k in (-1, 0, 1)}  # spells do not touch
        covered[number] |= stretch
    assert covered == months

    for total in totals_of(declared, monthly):
        month = int(total["month"][5:])
        assert total["salaire_reel"] == sum(wage * 100 for _, m, wage, *_ in drawn if m == month)
        assert total["lines"] == sum(m == month for _, m, *_ in drawn)
        assert total["employees"] == sum(month in held for held in months.values())

    table, _ = stock_rows(monthly, declared.months, "any")
    for person in table.to_pylist():
        number = int(person["num_immatriculation"])
        mean = sum(wages[number, m] for m in months[number]) / len(months[number])
        assert abs(int(person["salaire_reel"]) - mean) <= 0.5
        assert int(person["mois_declares"]) == len(months[number])
        assert (person["premier_mois"], person["dernier_mois"]) == tuple(
            f"2025-{pick(months[number]):02d}" for pick in (min, max)
        )
    assert table.num_rows == len(months)


def test_the_three_rules(tmp_path):
    rows = [row(1, m, 1000 * m) for m in range(1, 13)] + [row(2, m, 3000) for m in (3, 4)] + [row(3, 12, 9000)]
    place = folder_of(tmp_path, rows)
    tables = {rule: read_register(place, SCHEMA, months=rule) for rule in ("any", "average", "december")}
    assert [tables[rule].table.num_rows for rule in tables] == [3, 3, 2]
    weights = tables["average"].table["poids_stock"].to_pylist()
    assert sum(weights) == pytest.approx(stock_of(read(place)[1], range(202501, 202513))["average"], abs=0.01)
    wage = dict(
        zip(*(tables["december"].table[n].to_pylist() for n in ("num_immatriculation", "salaire_reel")), strict=True)
    )
    assert wage == {"1": 1_200_000, "3": 900_000}
    mean = dict(
        zip(*(tables["any"].table[n].to_pylist() for n in ("num_immatriculation", "salaire_reel")), strict=True)
    )
    assert mean == {"1": 650_000, "2": 300_000, "3": 900_000}
    assert tables["december"].noted("outside-stock") == {"periode": 1}
    assert tables["any"].noted("months-combined") == {"periode": 2}
    assert "12 months, 2025-01 to 2025-12, rule any" in tables["any"].layout
    assert tables["any"].spells.num_rows == 3


@pytest.mark.parametrize("one_file", [True, False])
def test_mixed_months_without_a_rule_are_refused(tmp_path, one_file):
    place = folder_of(tmp_path, [row(1, 1), row(1, 2)], one_file=one_file)
    for target in (place, *(place.iterdir() if one_file else ())):
        with pytest.raises(RegisterError, match="2025-01 to 2025-02"):
            read_register(target, SCHEMA)


@pytest.mark.parametrize("style", ["2025{:02d}", "2025-{:02d}", "{:02d}/2025"])
def test_months_as_offices_write_them(tmp_path, style):
    rows = [tuple(style.format(m) if k == 11 else cell for k, cell in enumerate(row(1, m))) for m in (11, 12)]
    place = tmp_path / "one"
    place.mkdir()
    write(place / "both.csv", rows)
    assert read_declarations(declaration_files(place), WANTED).months == (202511, 202512)
    with pytest.raises(RegisterError, match="2025-11 to 2025-12"):
        read_register(place / "both.csv", SCHEMA)


def test_one_month_in_several_files_needs_no_rule(tmp_path):
    place = tmp_path / "march"
    place.mkdir()
    write(place / "a.csv", [row(1, 3, 2000, 10), row(2, 3)])
    write(place / "b.csv", [row(1, 3, 3000, 20, employer="78")])
    table = read_register(place, SCHEMA)
    assert table.table["salaire_reel"].to_pylist() == [500_000, 100_000]
    assert table.table["jours_declares"].to_pylist() == [26, 26]
    assert table.noted("lines-added") == {"num_affilie": 1}


def test_two_employers_in_a_file_of_one_month_are_added(tmp_path):
    write(tmp_path / "march.csv", [row(1, 3, 2000, 10), row(2, 3), row(1, 3, 3000, 20, employer="78")])
    table = read_register(tmp_path / "march.csv", SCHEMA)
    assert table.table["salaire_reel"].to_pylist() == [500_000, 100_000]
    assert table.rows_rejected == 0
    assert table.noted("lines-added") == {"num_affilie": 1}


@pytest.mark.parametrize(
    ("months", "rule", "message"),
    [((1, 2), "december", "one December"), ((1, 3), "average", "1 months"), ((1, 2), "any", None)],
)
def test_months_that_do_not_allow_a_rule(tmp_path, months, rule, message):
    place = folder_of(tmp_path, [row(1, m) for m in months])
    if message is None:
        assert read_register(place, SCHEMA, months=rule).table.num_rows == 1
        return
    with pytest.raises(RegisterError, match=message):
        read_register(place, SCHEMA, months=rule)


def test_what_a_folder_may_not_have(tmp_path):
    place = folder_of(tmp_path, [row(1, 1)])
    (place / ".hidden").write_text("x", encoding="utf-8")
    assert len(declaration_files(place)) == 1
    (place / "older").mkdir()
    with pytest.raises(RegisterError, match="folders in it"):
        declaration_files(place)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RegisterError, match="no file"):
        declaration_files(tmp_path / "empty")
    with pytest.raises(RegisterError, match="not declared month by month"):
        read_register(tmp_path / "empty", RegisterSchema.load("dgsn-permits"))


def test_a_line_without_a_month_is_named(tmp_path):
    place = folder_of(
        tmp_path, [row(1, 1), tuple("" if k == 11 else c for k, c in enumerate(row(2, 1)))], one_file=True
    )
    with pytest.raises(RegisterError, match="row 3, column periode"):
        read_declarations(declaration_files(place), WANTED)


def test_a_line_without_a_number_is_rejected_not_merged(tmp_path):
    rows = [row(1, 1), row("", 1), row("", 1), row("", 2)]
    table = read_register(folder_of(tmp_path, rows), SCHEMA, months="any")
    assert table.table.num_rows == 1
    assert table.rows_rejected == 3


def test_means_are_exact_for_large_amounts(tmp_path):
    rows = [row(1, m, 90_000_000_000 + m) for m in range(1, 13)]
    table = read_register(folder_of(tmp_path, rows), SCHEMA, months="any")
    assert table.table["salaire_reel"].to_pylist() == [9_000_000_000_650]
    assert np.array_equal(table.table["mois_declares"].to_pylist(), [12])


@pytest.mark.parametrize("copied", [1.0, 0.6])
def test_a_file_that_repeats_another_is_refused(tmp_path, copied):
    """Also where the copy was saved in another form: numbers without zeros, amounts with spaces."""
    rows = [row(f"{n:09d}", 6, 2000 + n) for n in range(20)]
    place = folder_of(tmp_path, rows)
    other = [row(n, 6, 2000 + n) for n in range(round(20 * copied))] + [row(100 + n, 6) for n in range(5)]
    write(place / "copie.csv", [(*one[:13], f"{int(one[13]):,}".replace(",", "\u202f"), *one[14:]) for one in other])
    with pytest.raises(RegisterError, match=r"lines stand in 202506\.csv and in copie\.csv") as refused:
        read(place)
    assert "000000001" not in str(refused.value)


def test_a_complementary_declaration_is_added_and_counted(tmp_path):
    rows = [row(n, 6, 2000 + n) for n in range(1, 20)]
    place = folder_of(tmp_path, rows)
    write(place / "complement.csv", [row(1, 6, 500), row(2, 6, 500), row(3, 6, 500, employer="78"), row(4, 6, 2004)])
    declared, monthly = read(place)
    assert {check: count for check, _, count in declared.notes} == {"declared-in-several-files": 3}
    wages = dict(zip(monthly["num_immatriculation"].to_pylist(), monthly["salaire_reel"].to_pylist(), strict=True))
    assert wages["1"] == (2001 + 500) * 100
    assert read_register(place, SCHEMA).noted("declared-in-several-files") == {"num_affilie": 3}


@pytest.mark.parametrize(
    "text",
    ["581600", "581 600", "581\u00a0600", "581\u202f600", "581.600", "581,600", "581600,00", "581.600,00", "581'600"],
)
def test_amounts_as_spreadsheets_write_them(tmp_path, text):
    place = folder_of(tmp_path, [(*row(1, 6)[:13], text, *row(1, 6)[14:])])
    declared, monthly = read(place)
    assert monthly["salaire_reel"].to_pylist() == [581600]
    assert declared.unread == ()


def test_amounts_that_are_none_are_counted(tmp_path):
    rows = [(*row(n, 6)[:13], text, *row(n, 6)[14:]) for n, text in enumerate(("100000", "n.d.", "-5", ""), start=1)]
    place = folder_of(tmp_path, rows)
    declared, _ = read(place)
    assert declared.unread == ((3, "salaire_reel", "2 cells are no amount and count as nothing (202506.csv)"),)
    assert "2 cells are no amount" in " ".join(map(str, read_register(place, SCHEMA).rejects["reason"].to_pylist()))


def test_amounts_with_decimals_are_not_centimes(tmp_path):
    rows = [(*row(n, 6)[:13], text, *row(n, 6)[14:]) for n, text in enumerate(("5 816,00", "5 816,45"), start=1)]
    with pytest.raises(RegisterError, match="column salaire_reel: 1 amounts have decimals, the first in row 3"):
        read(folder_of(tmp_path, rows))


def test_months_without_a_declaration_are_named(tmp_path):
    place = folder_of(tmp_path, [row(1, m) for m in (1, 2, 4, 7)])
    assert read(place)[0].missing_months == ("2025-03", "2025-05", "2025-06")
    assert read_register(place, SCHEMA, months="any").noted("months-missing") == {"periode": 3}


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", ".DS_Store", "~$202506.xlsx"])
def test_files_of_the_system_are_left_out(tmp_path, name):
    place = folder_of(tmp_path, [row(1, 6)])
    (place / name).write_bytes(b"")
    assert [path.name for path in declaration_files(place)] == ["202506.csv"]


@pytest.mark.parametrize(("changed", "kept"), [(20, 1.0), (20, 0.6), (12, 1.0)])
def test_a_month_beside_its_correction_is_refused(tmp_path, changed, kept):
    """Whatever share of the amounts was corrected, and also where persons were taken out."""
    place = folder_of(tmp_path, [row(n, 6, 2000 + n) for n in range(1, 21)])
    corrected = [row(n, 6, (3000 if n <= changed else 2000) + n) for n in range(1, round(20 * kept) + 1)]
    write(place / "rectifie.csv", corrected)
    with pytest.raises(RegisterError, match=r"202506\.csv and in rectifie\.csv"):
        read(place)


@pytest.mark.parametrize("repeated", [1.0, 0.5])
def test_lines_that_stand_twice_in_one_file_are_refused(tmp_path, repeated):
    rows = [row(n, 6, 2000 + n) for n in range(1, 21)]
    with pytest.raises(RegisterError, match=r"lines of 202506\.csv stand in it again"):
        read(folder_of(tmp_path, rows + rows[: round(20 * repeated)]))
    _, monthly = read(folder_of(tmp_path, rows + rows[:3]))
    assert monthly["lines"].to_pylist().count(2) == 3


def test_two_declarations_that_both_count_are_added_in_one_file(tmp_path):
    rows = [row(n, 6, 2000 + n) for n in range(1, 21)]
    _, monthly = read(folder_of(tmp_path, rows + [row(n, 6, 500) for n in range(1, 21)]))
    assert sorted(monthly["salaire_reel"].to_pylist()) == [(2500 + n) * 100 for n in range(1, 21)]


def test_a_month_that_does_not_state_an_amount_has_none(tmp_path):
    """Nothing is taken for zero: neither the total of the month, nor the means of the spells."""
    place = folder_of(tmp_path, [row(n, m, 4000) for n in (1, 2) for m in (1, 2, 3)])
    path = place / "202502.csv"
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    at = lines[0].index("salaire_plafonne")
    path.write_text("\n".join(",".join(line[:at] + line[at + 1 :]) for line in lines) + "\n", encoding="utf-8")
    declared, monthly = read(place)
    assert [total["salaire_plafonne"] is None for total in totals_of(declared, monthly)] == [False, True, False]
    assert [total["salaire_reel"] for total in totals_of(declared, monthly)] == [800_000] * 3
    spells = spells_of(monthly)
    assert spells["months"].to_pylist() == [3, 3]
    assert spells["mean_capped_wage_centimes"].to_pylist() == [400_000.0] * 2
    (alone,) = [total for total in totals_of(declared, monthly) if total["month"] == "2025-02"]
    assert alone["employees"] == 2


def test_a_spell_without_any_amount_has_no_mean(tmp_path):
    rows = [(*row(1, 6)[:13], "", *row(1, 6)[14:])]
    _, monthly = read(folder_of(tmp_path, rows))
    assert spells_of(monthly)["mean_wage_centimes"].to_pylist() == [None]


def test_months_are_counted_under_the_headings_that_the_register_is_read_under(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    rows = [row(1, 1, employer="7"), row(1, 1, employer="8"), row(2, 1), row(1, 2)]
    place = folder_of(tmp_path, rows)
    mine = tmp_path / "mine"
    mine.mkdir()
    heads = {
        "num_immatriculation": "N° immatriculation CNSS",
        "num_affilie": "N° affilié",
        "jours_declares": "Nb jours",
    }
    heads |= {"salaire_reel": "Salaire réel", "salaire_plafonne": "Salaire plafonné", "periode": "Mois de déclaration"}
    for path in place.iterdir():
        first, rest = path.read_text(encoding="utf-8").split("\n", 1)
        names = ",".join(heads.get(name, name) for name in first.strip().split(","))
        (mine / path.name).write_text(f"{names}\n{rest}", encoding="utf-8")
    results = [months_files(folder, tmp_path / f"{folder.name}-out") for folder in (place, mine)]
    assert results[0] | {"out": ""} == results[1] | {"out": ""}
    texts = [(tmp_path / f"{name}-out" / "months.csv").read_bytes() for name in (place.name, mine.name)]
    assert texts[0] == texts[1]
    assert b",2," in texts[0]  # two employers in January
