"""Known answers for disclosure control, computed from the definitions without wasl.

Usage: python tests/vectors/disclosure/make_vectors.py

Writes ``people.csv`` (60 invented rows) and ``values.json``. Every value is a plain loop over all rows or subsets, in
exact fractions or 50-digit decimals where it matters; nothing of ``wasl`` is imported.
"""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from decimal import Decimal, getcontext
from itertools import combinations
from math import exp, factorial, log
from pathlib import Path

FOLDER = Path(__file__).parent
KEYS = ("sex", "age", "region", "job")
getcontext().prec = 50


def people() -> list[dict[str, str]]:
    """Sixty invented persons; some key cells are empty."""
    draw = random.Random(11)  # noqa: S311
    rows = []
    for number in range(60):
        row = {
            "sex": draw.choice("FM"),
            "age": draw.choice(["20", "30", "40", "50"]),
            "region": draw.choice(["n", "n", "n", "s", "s", "e"]),
            "job": draw.choice(["a", "b", "c", "d"]),
            "weight": str(draw.choice([5, 10, 12.5])),
            "house": str(number // 3),
            "ill": draw.choice(["x", "x", "y", "z"]),
            "wage": str(round(draw.lognormvariate(8, 0.6), 2)),
            "hours": str(draw.randint(10, 60)),
        }
        for key in KEYS:
            if draw.random() < 0.04:
                row[key] = ""
        rows.append(row)
    return rows


def missing(row: dict[str, str]) -> frozenset[str]:
    return frozenset(key for key in KEYS if not row[key])


def frequencies(rows: list[dict[str, str]], alpha: float | None) -> tuple[list[float], list[float]]:
    """Sample and population frequencies by comparing all pairs; alpha None: missing is a category."""
    sample, population = [], []
    for a in rows:
        f = big = 0.0
        for b in rows:
            if alpha is None:
                share = float(all(a[key] == b[key] for key in KEYS))
            elif any(a[key] and b[key] and a[key] != b[key] for key in KEYS):
                share = 0.0
            else:
                share = 1.0 if missing(b) in (frozenset(), missing(a)) else alpha
            f += share
            big += share * float(b["weight"])
        sample.append(f)
        population.append(big)
    return sample, population


def risk(f: float, population: float) -> float:
    """Benedetti–Franconi: (p / f) Σ t_n with t_0 = 1, t_{n+1} = t_n (n + 1)(1 - p) / (f + 1 + n), 50 digits."""
    p = Decimal(f) / Decimal(population)
    term, total, n = Decimal(1), Decimal(1), 0
    while term > Decimal(10) ** -40 * total:
        term *= (n + 1) * (1 - p) / (Decimal(f) + 1 + n)
        total += term
        n += 1
    return float(p / Decimal(f) * total)


def suda(rows: list[dict[str, str]]) -> list[float]:
    """Σ (M - size)! over the minimal sets of keys on which a row is unique and complete."""
    scores = []
    sets = [chosen for size in range(1, len(KEYS) + 1) for chosen in combinations(KEYS, size)]
    counts = {chosen: Counter(tuple(row[key] for key in chosen) for row in rows) for chosen in sets}
    for row in rows:
        unique = [
            set(chosen)
            for chosen in sets
            if counts[chosen][tuple(row[key] for key in chosen)] == 1 and all(row[key] for key in chosen)
        ]
        minimal = [chosen for chosen in unique if not any(other < chosen for other in unique)]
        scores.append(float(sum(factorial(len(KEYS) - len(chosen)) for chosen in minimal)))
    return scores


def diversity(rows: list[dict[str, str]], keys: tuple[str, ...]) -> dict[str, list[float]]:
    """Distinct and entropy l-diversity, and t-closeness with equal distances, of each row's class."""
    whole = Counter(row["ill"] for row in rows)
    result: dict[str, list[float]] = {"distinct": [], "entropy": [], "t": []}
    for row in rows:
        inside = Counter(other["ill"] for other in rows if all(other[key] == row[key] for key in keys))
        total = sum(inside.values())
        shares = {ill: inside[ill] / total for ill in whole}
        result["distinct"].append(float(len(inside)))
        result["entropy"].append(exp(-sum(share * log(share) for share in shares.values() if share)))
        result["t"].append(0.5 * sum(abs(shares[ill] - whole[ill] / len(rows)) for ill in whole))
    return result


def household_risks(rows: list[dict[str, str]], risks: list[float]) -> list[float]:
    """1 - Π (1 - r) over the members of each row's household."""
    result = []
    for row in rows:
        safe = 1.0
        for other, value in zip(rows, risks, strict=True):
            if other["house"] == row["house"]:
                safe *= 1.0 - value
        result.append(1.0 - safe)
    return result


def mdav(rows: list[dict[str, str]], size: int) -> list[int]:
    """MDAV on z-scores of wage and hours, by scanning everything."""
    columns = [[float(row[name]) for row in rows] for name in ("wage", "hours")]
    scores = []
    for column in columns:
        mean = sum(column) / len(column)
        spread = (sum((x - mean) ** 2 for x in column) / (len(column) - 1)) ** 0.5
        scores.append([(x - mean) / spread for x in column])
    points = list(zip(*scores, strict=True))
    groups, left, made = [-1] * len(points), list(range(len(points))), 0

    def gap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def take(origin: tuple[float, ...]) -> None:
        nonlocal left, made
        near = sorted(left, key=lambda i: (gap(points[i], origin), i))[:size]
        for i in near:
            groups[i] = made
        left = [i for i in left if i not in near]
        made += 1

    while len(left) >= 2 * size:
        centre = tuple(sum(points[i][j] for i in left) / len(left) for j in range(2))
        r = max(left, key=lambda i: (gap(points[i], centre), -i))
        s = max(left, key=lambda i: (gap(points[i], points[r]), -i))
        two = len(left) >= 3 * size
        take(points[r])
        if not two:
            break
        take(points[s])
    for i in left:
        groups[i] = made
    return groups


def main() -> None:
    rows = people()
    with (FOLDER / "people.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    values: dict[str, object] = {"keys": list(KEYS), "frequencies": {}}
    for name, alpha in (("1", 1.0), ("0.5", 0.5), ("0", 0.0), ("category", None)):
        sample, population = frequencies(rows, alpha)
        risks = [risk(f, big) for f, big in zip(sample, population, strict=True)]
        values["frequencies"][name] = {  # type: ignore[index]
            "sample": sample,
            "population": population,
            "risk": risks,
            "household_risk": household_risks(rows, risks),
        }
    values["suda2"] = suda(rows)
    values["diversity"] = diversity(rows, ("sex", "region"))
    values["mdav"] = mdav(rows, 3)
    (FOLDER / "values.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
