"""Makes ``sample.csv`` and ``samplics.json``: a stratified cluster sample, and what samplics estimates from it.

Run with samplics 0.6.1 and numpy in an environment of its own: ``python make_samplics.py``.
"""

from __future__ import annotations

import csv
import json
import warnings
from pathlib import Path

import numpy as np

warnings.simplefilter("ignore")  # samplics says on import that it is no longer maintained

from samplics.estimation import TaylorEstimator  # noqa: E402
from samplics.utils.types import PopParam  # noqa: E402
from samplics.weighting import SampleWeight  # noqa: E402

HERE = Path(__file__).parent
ROWS = 240


def main() -> None:
    rng = np.random.default_rng(201)
    cluster = rng.integers(0, 24, ROWS)
    stratum = cluster % 4
    sex, region = rng.integers(0, 2, ROWS), rng.integers(0, 3, ROWS)
    hours = np.round(rng.normal(38, 6, ROWS) + stratum, 1)
    wage = np.round(hours * rng.lognormal(3, 0.4, ROWS) + 40 * (cluster % 5), 2)
    weight = np.round(rng.uniform(5, 40, ROWS), 2)
    columns = {"stratum": stratum, "cluster": cluster, "sex": sex, "region": region}
    columns |= {"hours": hours, "wage": wage, "weight": weight}
    with (HERE / "sample.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))

    def taylor(param: PopParam, y: np.ndarray, **more: object) -> dict[str, object]:
        found = TaylorEstimator(param)
        found.estimate(y, samp_weight=weight, stratum=stratum, psu=cluster, **more)

        def plain(value: object) -> object:
            if isinstance(value, dict):
                return {str(key): plain(one) for key, one in value.items()}
            return float(value)  # type: ignore[arg-type]

        return {"estimate": plain(found.point_est), "standard_error": plain(found.stderror)}

    found: dict[str, object] = {
        "total": taylor(PopParam.total, wage),
        "mean": taylor(PopParam.mean, wage),
        "ratio": taylor(PopParam.ratio, wage, x=hours),
        "total by region": taylor(PopParam.total, wage, domain=region),
        "mean by region": taylor(PopParam.mean, wage, domain=region),
        "ratio by region": taylor(PopParam.ratio, wage, x=hours, domain=region),
    }
    known = {"hours": 1.05 * float(weight @ hours), "rows": 1.02 * float(weight.sum())}
    auxiliary = np.stack([hours, np.ones(ROWS)], axis=1)
    calibrated = SampleWeight().calibrate(weight, auxiliary, dict(zip(("hours", "rows"), known.values(), strict=True)))
    found["linear calibration"] = {"totals": known, "weights": [float(w) for w in calibrated]}
    margins = {"sex": sex, "region": region}
    size = float(weight.sum())
    control = {
        "sex": {0: 0.55 * size, 1: 0.45 * size},
        "region": {0: 0.3 * size, 1: 0.35 * size, 2: 0.35 * size},
    }
    raked = SampleWeight().rake(weight, margins, control, tol=1e-10, ctrl_tol=1e-10, max_iter=1000)
    found["raking"] = {"totals": control, "weights": [float(w) for w in np.asarray(raked)]}
    text = json.dumps({"samplics": "0.6.1", "results": found}, indent=1)
    (HERE / "samplics.json").write_text(text + "\n")


main()
