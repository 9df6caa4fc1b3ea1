"""A suppressed cell that another released column tells is not suppressed: a commune tells its region."""

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.keys.coding import code_columns
from wasl.disclosure.keys.determined import closed_under, dependences, determines, suppressed_together
from wasl.disclosure.keys.working_file import prepare
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.disclosure.risk.followed_cells import fill_followed
from wasl.errors import PolicyError
from wasl.registers.documents import validate_document

PAIRS = [("commune", "region"), ("commune", "province"), ("province", "region"), ("age", "generation")]
PAIRS += [("sex", "sexe"), ("sexe", "sex")]


def people(seed, rows=400):
    """Persons with nested areas, an age with its class, and one variable under two names."""
    rng = np.random.default_rng(seed)
    commune = rng.integers(0, 24, rows)
    age = rng.integers(15, 75, rows)
    sex = rng.integers(0, 2, rows)
    return pd.DataFrame(
        {
            "region": [f"r{c // 8}" for c in commune],
            "province": [f"p{c // 4}" for c in commune],
            "commune": [f"c{c}" for c in commune],
            "generation": np.where(age < 35, "young", np.where(age < 55, "middle", "old")),
            "age": age.astype(str),
            "sex": np.where(sex == 0, "1", "2"),
            "sexe": np.where(sex == 0, "F", "M"),
            "trade": rng.choice(list("abcdef"), rows, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]),
            "weight": np.round(10.0 + commune // 8 * 3.5, 2),
        }
    )


def policy_of(keys, methods, *, never=(), free=(), missing=None, thresholds=None):
    document = {
        "name": "nested",
        "unlisted": "drop",
        "variables": [
            *({"name": name, "role": "key", "never_suppress": name in never} for name in keys),
            *({"name": name, "role": role} for name, role in free),
        ],
        "missing": missing or {},
        "thresholds": thresholds or {"k": 3},
        "methods": methods,
    }
    return validate_document(DisclosurePolicy, document, "test")


METHODS = [
    [{"kind": "local_suppression"}],
    [{"kind": "local_suppression", "search": "nearest"}],
    [{"kind": "risk_suppression", "threshold": 0.4}, {"kind": "local_suppression"}],
    [{"kind": "risk_suppression", "threshold": 0.4, "variables": ["region", "sex"]}, {"kind": "local_suppression"}],
]


@pytest.mark.parametrize("methods", METHODS)
@pytest.mark.parametrize("missing", [{}, {"alpha": 0.0}, {"semantics": "category"}])
@pytest.mark.parametrize("seed", range(3))
def test_a_suppressed_cell_takes_along_what_tells_it(seed, missing, methods):
    keys = ["region", "commune", "province", "generation", "age", "sex", "sexe", "trade"]
    keys = ["region", "sex", *np.random.default_rng(seed).permutation([k for k in keys if k not in ("region", "sex")])]
    done = protect(people(seed), policy_of(keys, methods, missing=missing), seed=seed)
    table = done.table.to_pandas()
    for fine, coarse in PAIRS:
        assert not (table[coarse].isna() & table[fine].notna()).any(), (fine, coarse)
    assert done.follows == {}
    assert done.after.k >= 3
    for change in done.changes:
        counted = {name: count for name, count in change.counts.items() if name in keys}
        assert all(name in change.variables for name, count in counted.items() if count)
    lost = {name: int(table[name].isna().sum()) for name in keys}
    steps = [change.counts for change in done.changes if change.method.endswith("_suppression")]
    assert lost == {name: sum(step.get(name, 0) for step in steps) for name in keys}


def test_what_must_stay_keeps_what_follows_from_it():
    keys = ["region", "province", "commune", "trade", "sex"]
    data = people(1)
    found = dependences(code_columns(data, keys), range(len(keys)), ["commune"])
    assert closed_under(["commune"], found) == ("commune", "province", "region")
    policy = policy_of(keys, [{"kind": "local_suppression"}], never=["commune"])
    table = protect(data, policy, seed=1).table.to_pandas()
    assert not table[["region", "province", "commune"]].isna().any().any()


@pytest.mark.parametrize("role", ["weight", "free", "sensitive"])
def test_a_column_that_is_no_key_is_no_way_around_the_threshold(role):
    keys, data = ["region", "trade"], people(2)
    alone = data.index[data["trade"] == "f"]
    data.loc[alone, "region"], data.loc[alone, "weight"] = "r0", 10.0
    data.loc[alone[0], ["region", "weight"]] = ["r2", 17.0]
    methods = [{"kind": "local_suppression"}]
    open_to_it = policy_of(keys, methods, never=["trade"], free=[("weight", role)])
    with pytest.raises(PolicyError, match=r"suppressed cells of region follow from weight.*thresholds\.k: 1 where 3"):
        protect(data, open_to_it, seed=1)
    kept = protect(data, policy_of(keys, methods, never=["trade"]), seed=1)
    assert kept.table.column("region").null_count > 0
    assert kept.follows == {}


@pytest.mark.parametrize("seed", range(40))
def test_columns_that_are_independent_determine_nothing(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(10, 300))
    data = pd.DataFrame(
        {
            "number": rng.normal(size=rows),
            "rounded": rng.integers(0, rows, rows),
            "sex": rng.choice(["F", "M"], rows),
            "rare": rng.choice(["no", "yes"], rows, p=[0.95, 0.05]),
            "alone": ["one"] * rows,
        }
    )
    names = list(data.columns)
    found = dependences(code_columns(data, names), range(len(names)), [])
    assert found.to_json() == {}


def test_a_dependence_has_no_exception():
    data = people(3)
    columns = dict(zip(data.columns, code_columns(data, list(data.columns)), strict=True))
    for fine, coarse in [*PAIRS, ("region", "weight"), ("weight", "region"), ("commune", "weight")]:
        assert determines(columns[fine], columns[coarse]), (fine, coarse)
    assert not determines(columns["region"], columns["commune"])
    data.loc[5, "region"] = "r9"
    data.loc[6, "commune"] = data.loc[5, "commune"]
    data.loc[6, "region"] = "r0"
    fine, coarse = code_columns(data, ["commune", "region"])
    assert not determines(fine, coarse)


def survey(seed, rows=1500, exceptions=0.02):
    """Persons whose commune nearly always lies in one region, and households of children and adults."""
    rng = np.random.default_rng(seed)
    commune = rng.integers(0, 24, rows)
    region = np.where(commune < 12, 0, np.where(commune < 20, 1, 2))
    region = np.where(rng.random(rows) < exceptions, rng.integers(0, 3, rows), region)
    children = rng.choice(4, rows, p=[0.5, 0.3, 0.15, 0.05])
    adults = rng.choice([1, 2, 3], rows, p=[0.3, 0.6, 0.1])
    return pd.DataFrame(
        {
            "commune": [f"c{c}" for c in commune],
            "region": [f"r{r}" for r in region],
            "weight": np.round(100 + 50 * region + rng.random(rows) * 30, 3),
            "children": children,
            "adults": adults,
            "size": children + adults,
            "sex": rng.choice(["F", "M"], rows),
            "trade": rng.choice(list("abcd"), rows),
        }
    )


def some_suppressed(data, name, seed, share=0.05):
    """The data with some cells of a column missing, drawn without regard to their values, and which."""
    gone = np.random.default_rng(seed).random(len(data)) < share
    return data.assign(**{name: data[name].astype(object).where(~gone, None)}), gone


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("coarse", "sources"), [("region", ["commune"]), ("region", ["weight"]), ("size", ["children", "adults"])]
)
def test_a_reader_fills_in_what_is_told_with_exceptions_by_classes_or_by_two(coarse, sources, seed):
    data = survey(seed)
    released, gone = some_suppressed(data, coarse, seed)
    policy = policy_of([coarse, "sex"], [], free=[(name, "free") for name in sources])
    files = [prepare(frame[[coarse, "sex", *sources]], policy) for frame in (data, released)]
    found = fill_followed(*files, np.arange(len(data)))
    assert found.cells[coarse] >= 0.9 * gone.sum()
    assert set(found.sources[coarse]) == set(sources)
    filled = found.file.table.column(coarse).to_pandas()
    known = gone & filled.notna().to_numpy()
    assert (filled[known].astype(str) == data.loc[known, coarse].astype(str)).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_told_with_exceptions_or_by_two_is_taken_along(seed):
    data = survey(seed)
    for keys, coarse, sources in (
        (["region", "commune", "sex", "trade"], "region", ["commune"]),
        (["size", "children", "adults", "sex", "trade"], "size", ["children", "adults"]),
    ):
        columns = code_columns(data, keys)
        told = dependences(columns, range(1, len(keys) + 1), ["sex", "trade"])
        struck = some_suppressed(data, coarse, seed)[1]
        after = [c.with_codes(np.where(struck, -1, c.codes)) if c.name == coarse else c for c in columns]
        left = {c.name: c.codes for c in suppressed_together(columns, after, told)}
        open_rows = struck & np.all([left[name] >= 0 for name in sources], axis=0)
        assert open_rows.sum() <= 0.1 * struck.sum()
        assert np.array_equal(left["sex"], columns[keys.index("sex")].codes)


@pytest.mark.parametrize(("source", "role"), [("commune", "free"), ("commune", "sensitive"), ("weight", "weight")])
@pytest.mark.parametrize("seed", range(3))
def test_a_free_column_with_exceptions_is_no_way_around_the_threshold(source, role, seed):
    data = survey(seed)
    data["trade"] = "a"
    usual = data["commune"].isin(["c0", "c1"]) & (data["region"] == "r0")
    rare = data["commune"].isin(["c22", "c23"]) & (data["region"] == "r2")
    data.loc[[*data.index[usual][:4], *data.index[rare][:2]], "trade"] = "z"
    methods = [{"kind": "local_suppression"}]
    reason = rf"suppressed cells of region follow from {source}.*thresholds\.k: . where 3"
    with pytest.raises(PolicyError, match=reason):
        protect(data, policy_of(["region", "trade"], methods, never=["trade"], free=[(source, role)]), seed=seed)
    kept = protect(data, policy_of(["region", "trade"], methods, never=["trade"]), seed=seed)
    assert kept.table.column("region").null_count >= 2


@pytest.mark.parametrize(("source", "role"), [("commune", "free"), ("commune", "sensitive"), ("weight", "weight")])
@pytest.mark.parametrize("seed", range(3))
def test_records_that_a_free_column_puts_at_risk_are_removed_within_the_share(source, role, seed):
    data = survey(seed)
    data["trade"] = "a"
    usual = data["commune"].isin(["c0", "c1"]) & (data["region"] == "r0")
    rare = data["commune"].isin(["c22", "c23"]) & (data["region"] == "r2")
    data.loc[[*data.index[usual][:4], *data.index[rare][:2]], "trade"] = "z"

    def policy(share):
        methods = [{"kind": "local_suppression"}, {"kind": "suppress_records", "max_share": share}]
        return policy_of(["region", "trade"], methods, never=["trade"], free=[(source, role)])

    done = protect(data, policy(0.05), seed=seed)
    assert 0 < done.removed <= 0.05 * len(data)
    assert done.table.num_rows == len(data) - done.removed
    removed = [change.counts["rows"] for change in done.changes if change.method == "suppress_records"]
    assert sum(removed) == done.removed
    original = prepare(data, done.policy)
    released = original.with_rows(done.origin)
    for name in ("region", "trade"):
        column = done.table.column(name).combine_chunks()
        released = released.with_column(name, column)
    filled = fill_followed(original, released, done.origin).file.table.select(["region", "trade"]).to_pandas()
    assert filled.groupby(["region", "trade"], observed=True).size().min() >= 3
    with pytest.raises(PolicyError, match=rf"suppressed cells of region follow from {source}"):
        protect(data, policy(0.0001), seed=seed)


@pytest.mark.parametrize("seed", range(30))
def test_correlated_columns_tell_nothing_for_sure(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(30, 2000))
    age = rng.integers(15, 80, rows)
    data = pd.DataFrame(
        {
            "age": age // 10,
            "status": np.where(rng.random(rows) < 1 / (1 + np.exp(-(age - 35) / 8)), "married", "single"),
            "nationality": rng.choice(["MA", "FR", "SN"], rows, p=[0.96, 0.03, 0.01]),
            "region": rng.integers(0, 12, rows),
            "school": np.where(age < 25, rng.choice(["yes", "no"], rows, p=[0.8, 0.2]), "no"),
            "children": rng.poisson(1.2, rows),
        }
    )
    names = list(data.columns)
    told = dependences(code_columns(data, names), range(len(names)), [])
    for relation in told.relations:
        # Old persons are out of school: this is told, and true.
        assert relation.coarse in ("school", "status"), relation.coarse
        own = code_columns(data, [relation.coarse])[0].codes
        there = relation.codes >= 0
        assert np.mean(relation.codes[there] == own[there]) >= 0.94
