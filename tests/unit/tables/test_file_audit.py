"""A microdata file beside tables that are public: withheld cells stay withheld."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from wasl.cli.app import build_app
from wasl.disclosure.policy import DisclosurePolicy
from wasl.errors import PolicyError
from wasl.tables.earlier import read_earlier
from wasl.tables.earlier_file import read_earlier_file
from wasl.tables.file_audit import audit_file, require_tables_safe
from wasl.tables.protect import protect_tables
from wasl.tables.specification import TablesSpec
from wasl.workflow.act import RunOptions
from wasl.workflow.protect import protect


def people():
    """In four regions by sex; one woman in region D."""
    regions = ["D"] + ["D"] * 12 + ["A", "B", "C"] * 40
    sexes = ["F"] + ["M"] * 12 + ["F", "M"] * 60
    bands = ["old" if i % 3 else "young" for i in range(len(regions))]
    return pa.table({"region": regions, "sex": sexes, "band": bands})


def published(data, **changes):
    document = {
        "name": "stock",
        "dimensions": [{"name": "place", "column": "region"}, {"name": "sex"}],
        "primary": {"minimum_contributors": 3},
        "protection": {"lower": 0.5, "upper": 0.5},
    }
    made = protect_tables(TablesSpec.model_validate(document | changes), [data], {})
    return read_earlier("first", made.report["tables"][0], made.tables[0].internal())


def without(data, column, rows):
    values = [None if i in rows else v for i, v in enumerate(data.column(column).to_pylist())]
    return data.set_column(data.column_names.index(column), column, pa.array(values))


@pytest.mark.parametrize("columns", [["region", "sex"], ["sex", "band", "region"]])
def test_file_that_shows_a_withheld_cell_is_refused_and_the_cell_named(columns):
    data = people()
    found = audit_file(read_earlier_file("puf", data.select(columns)), [published(data)])
    assert found.exact == found.withheld == 1
    with pytest.raises(PolicyError, match=r"first/stock: place=D, sex=F"):
        require_tables_safe(found)


@pytest.mark.parametrize("columns", [["sex", "band"], ["region"], ["region", "band"]])
def test_file_without_one_of_the_variables_is_compared_and_passes(columns):
    data = people()
    found = audit_file(read_earlier_file("puf", data.select(columns)), [published(data)])
    assert found.passed
    assert found.tables == ("first/stock",)
    assert found.withheld == 1


def test_a_secondary_cell_that_the_file_shows_undoes_the_table():
    data = people()
    table = published(data)
    hidden = [table.table.label(int(i)) for i in np.flatnonzero(table.hidden)]
    assert len(hidden) >= 4
    other = next(label for label in hidden if "place=D" not in label)
    region = other.split("place=")[1][0]
    rest = {i for i, name in enumerate(data.column("region").to_pylist()) if name != region}
    everywhere = read_earlier_file("puf", without(data, "region", set(range(data.num_rows))))
    assert audit_file(everywhere, [table]).passed
    # The file names the rows of one region only; its total is public, so its women and men follow, and then all.
    assert audit_file(read_earlier_file("puf", without(data, "region", rest)), [table]).exact == 1


def test_blanks_leave_an_interval_that_is_judged_by_the_protection_level():
    data = people()
    table = published(data)
    unsafe = np.flatnonzero(table.upper > 0)[0]
    for more, passes in ((0, False), (3, False), (8, True)):
        rows = without(without(data, "sex", {0, *range(1, 1 + more)}), "region", {0, *range(13, 13 + more)})
        found = audit_file(read_earlier_file("puf", rows), [table])
        assert found.passed is passes, (more, found, table.upper[unsafe])


def test_two_tables_that_agree_are_one_system_and_perturbed_ones_are_left_out():
    data = people()
    one = published(data)
    two = published(data, name="by-band", dimensions=[{"name": "region"}, {"name": "band"}])
    noisy = dataclasses.replace(one, name="first/noisy", perturbed=True)
    found = audit_file(read_earlier_file("puf", data.select(["band"])), [one, two, noisy])
    assert found.tables == ("first/stock", "first/by-band")
    assert "perturbed" in found.left_out[0]
    assert json.loads(json.dumps(found.to_json()))["passed"]


POLICY = {
    "name": "p",
    "thresholds": {"global_risk": 0.999},
    "variables": [{"name": "region", "role": "key"}, {"name": "sex", "role": "key"}],
    "unlisted": "drop",
    "methods": [],
}


def test_the_act_of_protection_refuses_and_passes_beside_tables():
    data = people()
    rules = DisclosurePolicy.model_validate(POLICY)
    with pytest.raises(PolicyError, match=r"release\.tables"):
        protect(data, rules, RunOptions(seed=1), earlier=[published(data)], attack=False)
    dropped = DisclosurePolicy.model_validate(POLICY | {"methods": [{"kind": "drop", "variables": ["sex"]}]})
    act = protect(data, dropped, RunOptions(seed=1), earlier=[published(data), data.select(["region"])], attack=False)
    assert act.report["attacks"]["tables"]["passed"]
    assert "differencing" in act.report["attacks"]
    assert act.event.earlier_releases == 2


def test_folders_of_tables_and_of_microdata_are_given_to_either_verb(tmp_path, monkeypatch):
    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    app = build_app(["wasl.cli.tables", "wasl.cli.disclosure"])
    pq.write_table(people(), tmp_path / "people.parquet")
    (tmp_path / "stock.toml").write_text(
        'name = "stock"\n[[dimensions]]\nname = "region"\n[[dimensions]]\nname = "sex"\n'
        "[primary]\nminimum_contributors = 3\n"
    )
    (tmp_path / "open.toml").write_text(
        'name = "open"\nunlisted = "drop"\n[thresholds]\nglobal_risk = 0.999\n'
        '[[variables]]\nname = "region"\nrole = "key"\n'
        '[[variables]]\nname = "sex"\nrole = "key"\n'
    )

    def call(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    table = ("tables", tmp_path / "people.parquet", "--spec", tmp_path / "stock.toml")
    file = ("protect", tmp_path / "people.parquet", "--policy", tmp_path / "open.toml", "--no-attack")
    assert call(*table, "--out", tmp_path / "tables").exit_code == 0
    done = call(*file, "--out", tmp_path / "refused", "--earlier", tmp_path / "tables")
    assert isinstance(done.exception, PolicyError)
    assert call(*file, "--out", tmp_path / "file").exit_code == 0
    for earlier in (tmp_path / "file", tmp_path / "file" / "protected.parquet"):
        done = call(*table, "--out", tmp_path / "refused", "--earlier", earlier)
        assert isinstance(done.exception, PolicyError)
        assert "can be counted" in str(done.exception)
    assert not (tmp_path / "refused").exists()
