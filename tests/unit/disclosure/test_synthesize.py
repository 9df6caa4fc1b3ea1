from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from wasl.disclosure.attacks.control import held_out
from wasl.disclosure.keys.working_file import prepare
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.disclosure.synthesize import equal_to_uniques, synthesize
from wasl.registers.documents import validate_document

POLICY = validate_document(
    DisclosurePolicy,
    {
        "name": "syn",
        "variables": [
            {"name": "sex", "role": "key"},
            {"name": "age", "role": "key"},
            {"name": "entry", "role": "free"},
            {"name": "birth", "role": "free"},
            {"name": "wage", "role": "sensitive"},
        ],
        "synthesis": {"inequalities": [{"low": "birth", "high": "entry"}]},
    },
    "test",
)


@pytest.fixture
def micro(rng):
    birth = rng.integers(1950, 2000, 200)
    return pd.DataFrame(
        {
            "sex": rng.choice(["F", "M"], 200),
            "age": rng.integers(20, 60, 200),
            "birth": birth,
            "entry": birth + rng.integers(0, 40, 200),
            "wage": rng.lognormal(8, 0.5, 200),
        }
    )


def test_rows_equal_to_real_uniques_are_found(micro):
    file = prepare(micro, POLICY)
    counts = micro.groupby(["sex", "age"])["sex"].transform("size").to_numpy()
    keys, whole = equal_to_uniques(file, micro.astype(object))
    np.testing.assert_array_equal(keys, counts == 1)
    assert np.all(whole <= keys)
    assert not equal_to_uniques(file, micro.assign(age=99).astype(object))[0].any()


def test_a_control_set_is_held_out(micro):
    policy = validate_document(
        DisclosurePolicy,
        {"name": "h", "variables": [{"name": "house", "role": "household"}, {"name": "sex", "role": "key"}]},
        "test",
    )
    people = micro.assign(house=np.arange(200) // 4, row=np.arange(200))
    fitted, control = held_out(people, policy, seed=1)
    assert fitted.num_rows + control.num_rows == 200
    assert control.num_rows == 40
    assert not set(fitted.column("row").to_pylist()) & set(control.column("row").to_pylist())
    assert not set(fitted.column("house").to_pylist()) & set(control.column("house").to_pylist())
    assert held_out(people, policy, seed=1)[1].equals(control)
    assert not held_out(people, policy, seed=2)[1].equals(control)
    assert held_out(people, policy, seed=1, share=0.0)[1] is None
    whole, none = held_out(people.head(50), policy, seed=1)
    assert (whole.num_rows, none) == (50, None)


def test_the_risk_of_a_model_that_knows_nothing_is_no_excess(micro, rng):
    """Rows drawn from the margins succeed on control and fitted records alike: the excess is near nought."""
    from wasl.disclosure.attacks.evaluate import attack_synthetic

    people = pd.concat([micro] * 5, ignore_index=True).sample(frac=1, random_state=1, ignore_index=True)
    people["wage"] = rng.choice([1000.0, 2000.0, 3000.0], len(people))
    drawn = people.apply(lambda column: column.sample(frac=1, random_state=2).to_numpy())
    fitted, control = held_out(people, POLICY, seed=1)
    attacks = attack_synthetic(fitted, drawn, POLICY, np.random.default_rng(1), control=control).attacks
    inference = next(attack for attack in attacks if attack.attack == "inference of wage")
    assert inference.main.value > 0.2
    assert inference.risk < 0.1


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sdv") is None, reason="needs sdv: pip install -c constraints.txt '.[synth]'")
def test_synthetic_rows_keep_constraints_and_repeat_no_unique(micro):
    done = synthesize(micro, POLICY, 150, seed=3)
    table = done.table.to_pandas()
    assert len(table) == 150
    assert (table["birth"] <= table["entry"]).all()
    assert table["age"].between(20, 59).all()
    assert not equal_to_uniques(prepare(micro, POLICY), table.astype(object))[0].any()
    assert done.uniques.keys <= done.uniques.replaced or done.uniques.keys == 0
    assert done.table.equals(synthesize(micro, POLICY, 150, seed=3).table)
    assert "risk" not in str(done.public_report())


@pytest.mark.slow
@pytest.mark.skipif(find_spec("sdv") is None, reason="needs sdv: pip install -c constraints.txt '.[synth]'")
def test_command_line_and_library_give_the_same_synthesis(micro, tmp_path, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from wasl.audit.events import AuditEvent
    from wasl.cli.audit_trail import open_log
    from wasl.cli.synthesis import synthesize_data
    from wasl.registers.exchange.digests import digest_bytes, digest_table
    from wasl.workflow.act import RunOptions
    from wasl.workflow.synthesize import synthesize as act_of_synthesis

    monkeypatch.setenv("WASL_HOME", str(tmp_path / "home"))
    table = pa.Table.from_pandas(micro, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, tmp_path / "micro.parquet")
    (tmp_path / "policy.toml").write_text(
        'name = "syn"\n'
        + "".join(f'[[variables]]\nname = "{v.name}"\nrole = "{v.role.value}"\n' for v in POLICY.variables)
        + '[synthesis]\ninequalities = [{ low = "birth", high = "entry" }]\n',
        encoding="utf-8",
    )
    policy = DisclosurePolicy.load(str(tmp_path / "policy.toml"))
    act = act_of_synthesis(table, policy, 60, RunOptions(seed=5))
    synthesize_data(tmp_path / "micro.parquet", str(tmp_path / "policy.toml"), 60, tmp_path / "out", seed=5)
    digests = act.digests()
    assert digest_table(pq.read_table(tmp_path / "out" / "protected.parquet")) == digests["protected.parquet"]
    for name in ("internal-report.json", "public-report.json"):
        assert digest_bytes((tmp_path / "out" / name).read_bytes()) == digests[name]
    told = [AuditEvent.parse(data).happening for data in open_log().events()]
    assert told == [act.event]
