"""Spark gives what one machine gives, bit for bit."""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from pathlib import Path

import pytest

from wasl.linkage.plan import Candidates, LinkagePlan, RegisterOptions
from wasl.linkage.score import score_pairs
from wasl.registers.exchange.delivery import Delivery

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
def test_spark_is_local(session, tmp_path):
    from wasl.engines.spark import score_pairs_on_spark

    simulator = _simulator()
    people = simulator.persons(500, seed=4)
    deliveries = [
        simulator.delivered(simulator.damaged(people.iloc[:350], 1), "alpha", seed=1).delivery,
        simulator.delivered(simulator.damaged(people.iloc[150:], 2), "beta", seed=2).delivery,
    ]
    for delivery, name in zip(deliveries, ("alpha", "beta"), strict=True):
        delivery.write(tmp_path / name)
    files = [Delivery.read(tmp_path / name) for name in ("alpha", "beta")]
    plan = LinkagePlan(
        name="test", registers={"beta": RegisterOptions(dedupe=True)}, candidates=Candidates(block_pairs=40)
    )
    local = score_pairs(plan, deliveries, threads=2)
    assert sum(flow["hot_blocks"] for flow in local.report["passes"]) > 3
    spread = score_pairs_on_spark(plan, files, session=session, bucket_rows=150)
    assert spread.pairs.equals(local.pairs)
    assert spread.model.to_json() == local.model.to_json()
    for ours, theirs in zip(spread.report["passes"], local.report["passes"], strict=True):
        assert ours | {"seconds": 0} == theirs | {"seconds": 0}
    again = score_pairs_on_spark(plan, deliveries, session=session, bucket_rows=1000, model=local.model)
    assert again.pairs.equals(score_pairs(plan, deliveries, model=local.model).pairs)
