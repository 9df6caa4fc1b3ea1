"""Invented linked microdata of foreign workers for the journeys of those who read tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wasl.registers.codes.classification import CodeList

NATIONALITIES = ("FRA", "SEN", "CIV", "GIN", "MLI", "ESP", "ITA", "PHL", "CHN", "DZA")


def foreign_workers(seed: int, rows: int = 2500) -> pa.Table:
    """Rows as `wasl assemble` writes them; provinces and nationalities are as uneven as in the registers."""
    rng = np.random.default_rng(seed)
    provinces = list(CodeList.load("province").entries)
    weights = np.random.default_rng(5).dirichlet(np.full(len(provinces), 0.4))
    return pa.table(
        {
            "sex": rng.choice(["M", "F"], rows, p=[0.6, 0.4]),
            "nationality": rng.choice(NATIONALITIES, rows, p=np.array([40, 20, 12, 8, 6, 5, 4, 3, 1.9, 0.1]) / 100),
            "birth_year": rng.integers(1955, 2005, rows),
            "province": rng.choice(provinces, rows, p=weights),
            "activity_section": rng.choice(["A", "C", "F", "G", "I", "T"], rows),
            "occupation_group": rng.choice([str(group) for group in range(1, 10)], rows),
            "in_dgsn_permits": rng.random(rows) < 0.8,
            "in_cnss_employees": rng.random(rows) < 0.6,
        }
    )
