"""The library publishes what it protected, without a file or a service."""

from __future__ import annotations

import pandas as pd

import wasl
from wasl.disclosure.policy.document import DisclosurePolicy
from wasl.publication.description import DatasetDescription
from wasl.publication.package import verify_package


def test_a_protected_frame_becomes_a_verified_package():
    policy = DisclosurePolicy.model_validate(
        {
            "name": "small",
            "variables": [{"name": "sex", "role": "key"}, {"name": "wage", "role": "free"}],
            "thresholds": {"k": 2},
        }
    )
    frame = pd.DataFrame({"sex": ["F", "M"] * 6, "wage": [float(number) for number in range(12)]})
    description = DatasetDescription.model_validate(
        {
            "id": "small",
            "title": "Small",
            "abstract": "Small.",
            "conditions": "None.",
            "producer": {"name": "HCP"},
            "period": {"start": "2024-01-01", "end": "2024-12-31"},
            "variables": [
                {"name": "sex", "label": "Sex", "kind": "code", "classification": "sex"},
                {"name": "wage", "label": "Wage", "kind": "decimal"},
            ],
        }
    )
    package = wasl.publish(wasl.protect(frame, policy, seed=1), description)
    assert verify_package(package).verified
    assert package["data/small.csv"].count(b"\n") == 13
