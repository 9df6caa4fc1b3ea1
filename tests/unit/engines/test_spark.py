"""Spark gives what one machine gives, bit for bit."""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from pathlib import Path

import pytest

from wasl.linkage.plan import LinkagePlan, RegisterOptions
from wasl.linkage.scoring import score_pairs

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="the extra 'spark' is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.filterwarnings("ignore"),  # PySpark's own
]


def _simulator():
    path = Path(__file__).parents[1] / "linkage" / "conftest.py"
    spec = importlib.util.spec_from_file_location("linkage_simulator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def session():
    from wasl.engines.spark import spark_session

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = spark_session("local[2]")
        yield running
        running.stop()


@pytest.mark.slow
def test_spark_is_local(session):
    from wasl.engines.spark import score_pairs_on_spark

    simulator = _simulator()
    people = simulator.persons(500, seed=4)
    deliveries = [
        simulator.delivered(simulator.damaged(people.iloc[:350], 1), "alpha", seed=1).delivery,
        simulator.delivered(simulator.damaged(people.iloc[150:], 2), "beta", seed=2).delivery,
    ]
    plan = LinkagePlan(name="test", registers={"beta": RegisterOptions(dedupe=True)})
    local = score_pairs(plan, deliveries, threads=2)
    spread = score_pairs_on_spark(plan, deliveries, session=session, bucket_rows=150)
    assert spread.pairs.equals(local.pairs)
    assert spread.model.to_json() == local.model.to_json()
    model = local.model
    cut = plan.model_copy(update={"candidates": plan.candidates.model_copy(update={"block_pairs": 40})})
    local, spread = (
        score_pairs(cut, deliveries),
        score_pairs_on_spark(cut, deliveries, session=session, bucket_rows=150),
    )
    assert sum(flow["hot_blocks"] for flow in local.report["passes"]) > 3
    assert spread.pairs.equals(local.pairs)
    for ours, theirs in zip(spread.report["passes"], local.report["passes"], strict=True):
        assert ours | {"seconds": 0} == theirs | {"seconds": 0}
    again = score_pairs_on_spark(plan, deliveries, session=session, bucket_rows=1000, model=model)
    assert again.pairs.equals(score_pairs(plan, deliveries, model=model).pairs)
