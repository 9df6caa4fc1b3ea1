from __future__ import annotations

import csv

import numpy as np
import pytest

from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.ilostat import ilostat_bytes, ilostat_classes


def dimension(concept, *codes):
    parents = (-1, *(0 for _ in codes))
    return CubeDimension(concept.lower(), {}, ("Total", *codes), parents, concept)


@pytest.mark.parametrize(
    ("concept", "codes", "classes"),
    [
        ("SEX", ["F", "M"], ["SEX_T", "SEX_F", "SEX_M"]),
        ("ECONOMIC_ACTIVITY", ["A", "U", "_U"], ["ECO_ISIC4_TOTAL", "ECO_ISIC4_A", "ECO_ISIC4_U", "ECO_ISIC4_X"]),
        ("OCCUPATION", ["0", "9", "X"], ["OCU_ISCO08_TOTAL", "OCU_ISCO08_0", "OCU_ISCO08_9", "OCU_ISCO08_X"]),
        (
            "AGE",
            ["<15", "15-24", "55-64", "65+"],
            [f"AGE_10YRBANDS_{end}" for end in ("TOTAL", "YLT15", "Y15-24", "Y55-64", "YGE65")],
        ),
        ("AGE", ["15-29", "30+"], []),
        ("AGE", ["15-24", "25+"], []),
        ("AGE", ["young"], []),
        ("CITIZENSHIP", ["FRA"], []),
        ("ECONOMIC_ACTIVITY", ["0111"], []),
    ],
)
def test_codes_have_the_classes_of_ilostat_or_none(concept, codes, classes):
    assert list(ilostat_classes(dimension(concept, *codes)).values()) == classes


def cube(*dimensions):
    shape = [len(d.codes) for d in dimensions]
    places = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=1).astype(np.int32)
    values = np.arange(len(places), dtype=float)
    statuses = np.full(len(places), "published", dtype="<U9")
    values[-1], statuses[-1] = np.nan, "primary"
    return Cube("t", {}, dimensions, places, values, statuses, period="2024")


def test_rows_withheld_cells_and_cells_without_a_class():
    data, left_out = ilostat_bytes(cube(dimension("SEX", "F", "_U"), dimension("OCCUPATION", "1", "2")), "MST_X")
    rows = list(csv.DictReader(data.decode().splitlines()))
    assert left_out == 3  # persons whose sex is not known
    assert rows[0] == {
        "ref_area": "MAR",
        "indicator": "MST_X",
        "sex": "SEX_T",
        "classif1": "OCU_ISCO08_TOTAL",
        "time": "2024",
        "obs_value": "0",
        "obs_status": "",
    }
    hidden, _ = ilostat_bytes(cube(dimension("OCCUPATION", "1")), "MST_X")
    last = list(csv.DictReader(hidden.decode().splitlines()))[-1]
    assert (last["sex"], last["obs_value"], last["obs_status"]) == ("SEX_T", "", "Q")


def test_a_dimension_without_classes_gives_no_file():
    assert ilostat_bytes(cube(dimension("SEX", "F"), dimension("CITIZENSHIP", "FRA")), "MST_X") is None
