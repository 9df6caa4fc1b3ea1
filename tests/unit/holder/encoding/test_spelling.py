"""Words as they are spelled, compared beside canonical words."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wasl.holder.encoding.grams import SPELLED, GroupGrams, group_grams
from wasl.holder.normalize import describe_persons
from wasl.holder.profile import EncodingProfile, GramPart, Group
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

COLUMNS = {
    "record": {"role": "identifier", "required": True},
    "given": {"role": "name", "feature": "given"},
    "surname": {"role": "name", "feature": "surname"},
    "name": {"role": "name", "feature": "full_name"},
}


def grams(cells: dict[str, list[str]], *parts: tuple[str, str]) -> GroupGrams | None:
    """The grams of rows with these names, compared by parts (feature, kind)."""
    table = {"record": [str(k) for k in range(len(next(iter(cells.values()))))], **cells}
    fields = [{"name": name, **COLUMNS[name]} for name in table]
    schema = RegisterSchema.model_validate(
        {"id": "list", "holder": "list", "record": "record", "profiles": "febrl", "fields": fields}
    )
    group = Group(name="names", parts=tuple(GramPart.model_validate({"feature": f, "kind": k}) for f, k in parts))
    spelled = {feature for feature, kind in parts if kind == "spelling"}
    typed = register_from_table(pa.table(table), schema).table
    return group_grams(describe_persons(typed, schema, set(), spelled), group)


def of_record(found: GroupGrams | None, row: int) -> set[str]:
    assert found is not None
    pieces = found.pieces[found.offsets[row] : found.offsets[row + 1]]
    return {
        found.vocabulary[gram]
        for piece in pieces.tolist()
        for gram in found.piece_grams[found.piece_offsets[piece] : found.piece_offsets[piece + 1]].tolist()
    }


def test_grams_of_a_spelling_are_those_of_the_letters_apart_from_canonical_ones() -> None:
    found = grams({"surname": ["Meyer", "Meier"]}, ("surname", "words"), ("surname", "spelling"))
    first, second = of_record(found, 0), of_record(found, 1)
    spelled = {SPELLED + pair for pair in ("_M", "ME", "EY", "YE", "ER", "R_")}
    assert {gram for gram in first if gram.startswith(SPELLED)} == spelled
    # One name in two spellings: the canonical word is the same, the letters are not.
    assert first - spelled == {gram for gram in second if not gram.startswith(SPELLED)}
    assert first != second


def test_all_words_are_spelled_from_whole_names_and_from_their_parts() -> None:
    whole = of_record(grams({"name": ["Anna Kurz"]}, ("names", "spelling")), 0)
    apart = of_record(grams({"given": ["Anna"], "surname": ["Kurz"]}, ("names", "spelling")), 0)
    assert whole == apart


def test_a_record_without_a_name_has_no_spelling() -> None:
    found = grams({"given": ["Anna", "", "INCONNU"]}, ("given", "spelling"))
    assert found is not None
    assert found.present.tolist() == [True, False, False]
    assert grams({"given": ["Anna"]}, ("surname", "spelling")) is None


@pytest.mark.parametrize(("name", "apart"), [("open", True), ("guarded", True), ("tokens", False), ("plain", False)])
def test_shipped_profiles_for_names_and_births_compare_spellings(name: str, apart: bool) -> None:
    assert EncodingProfile.load(name, family="febrl").spelled == ({"surname", "given"} if apart else set())
