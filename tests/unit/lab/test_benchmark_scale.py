"""The cost of linking against rows: what is measured is a linkage that works."""

from __future__ import annotations

from wasl.lab.benchmarks import linkage_scale
from wasl.registers.exchange.delivery import Delivery


def test_a_made_up_delivery_links_to_its_truth(tmp_path):
    completeness = linkage_scale.made_up_delivery(1_500, tmp_path)
    assert completeness > 0.97
    delivery = Delivery.read(tmp_path / "delivery.parquet")
    assert len(delivery.rows) == 1_500 * len(linkage_scale.PASSES)
    found = linkage_scale.measure(1_500, tmp_path)
    assert found["F1"] > 0.97
    assert found["s"] >= found["link s"]


def test_the_same_seed_makes_the_same_delivery(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        linkage_scale.made_up_delivery(300, tmp_path / name, seed=2 if name == "c" else 1)
    digests = [Delivery.read(tmp_path / name / "delivery.parquet").digest for name in ("a", "b", "c")]
    assert digests[0] == digests[1] != digests[2]


def test_the_series_is_drawn():
    names = ("rows", "s", "CPU s", "peak GB", "F1", "pair completeness")
    image = linkage_scale.draw([dict.fromkeys(names, 0.95) | {"rows": rows} for rows in (10, 100)])
    assert image.startswith(b"<?xml")
    assert b"peak memory" in image or b"<svg" in image
