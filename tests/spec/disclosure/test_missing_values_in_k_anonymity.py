"""What a missing key value means, as tables: a row per person, the frequency each meaning gives it."""

import pandas as pd
import pytest

from wasl.disclosure.keys.frequencies import Missing, frequencies

# sex, region → frequency when missing is: a wildcard (alpha 1), half a wildcard (0.5), no help (0), a category
PERSONS = [
    ("F", "06", 3, 2.0, 1, 1),
    ("F", None, 4, 3.5, 3, 1),
    ("F", "04", 2, 1.5, 1, 1),
    ("M", "06", 2, 1.5, 1, 1),
    (None, "06", 4, 3.5, 3, 1),
]


@pytest.mark.parametrize(
    ("meaning", "column"),
    [
        (Missing.wildcard(1.0), 2),
        (Missing.wildcard(0.5), 3),
        (Missing.wildcard(0.0), 4),
        (Missing.category(), 5),
    ],
)
def test_a_row_counts_whom_it_could_be(meaning, column):
    frame = pd.DataFrame([(p[0], p[1]) for p in PERSONS], columns=["sex", "region"])
    assert frequencies(frame, ["sex", "region"], missing=meaning).sample.tolist() == [p[column] for p in PERSONS]


def test_rows_that_miss_the_same_count_fully_for_each_other():
    frame = pd.DataFrame({"sex": ["F", "F", "F"], "region": [None, None, "06"]})
    found = frequencies(frame, ["sex", "region"], missing=Missing.wildcard(0.0)).sample
    # The two without region count each other and the complete row; the complete row counts neither.
    assert found.tolist() == [3, 3, 1]
