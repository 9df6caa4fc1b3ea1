"""No verb writes over what people filled in."""

from __future__ import annotations

import pytest

from wasl.cli.filled_in import keep_merge_decisions, keep_review
from wasl.errors import InputError
from wasl.workflow.merge import Decision

HEAD = "register_a,record_a,register_b,record_b,decision\n"
DECIDED = Decision("a", "1", "b", "2", "same")


def test_decisions_of_a_merge_are_kept(tmp_path):
    workbook = tmp_path / "merged.csv"
    keep_merge_decisions(workbook, set())  # nothing is there
    workbook.write_text(HEAD + "a,1,b,2,\n", encoding="utf-8")
    keep_merge_decisions(workbook, set())  # nothing was filled in
    workbook.write_text(HEAD + "a,1,b,2,same\n", encoding="utf-8")
    keep_merge_decisions(workbook, {DECIDED})
    for given in (set(), {Decision("a", "1", "b", "2", "different")}):
        with pytest.raises(InputError, match="1 decisions were filled in"):
            keep_merge_decisions(workbook, given)
    workbook.write_text("something else\n", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        keep_merge_decisions(workbook, {DECIDED})


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_filled_review_is_kept(tmp_path, mark):
    sheet = tmp_path / "review.csv"
    keep_review(sheet)
    rows = [["left_register", "left_record_id", "decision"], ["a", "1", ""], ["a", "2", " "]]
    sheet.write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8")
    keep_review(sheet)
    rows[2][2] = "match"
    sheet.write_text("\n".join(mark.join(row) for row in rows), encoding="utf-8")
    with pytest.raises(InputError, match="1 decisions were filled in"):
        keep_review(sheet)
