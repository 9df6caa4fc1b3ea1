from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasl.errors import InputError
from wasl.registers.exchange.objections import FORMAT, ObjectionList, ObjectionLists

RECORD = st.binary(min_size=16, max_size=16).map(bytes.hex)
REGISTER = st.sampled_from(["cnss-employees", "dgsn-permits", "anapec-certificates"])
LISTS = st.lists(st.tuples(REGISTER, st.lists(RECORD, min_size=1, max_size=4)), min_size=1, max_size=5).map(
    lambda lists: ObjectionLists(tuple(ObjectionList(name, tuple(records)) for name, records in lists))
)


@given(LISTS)
def test_what_a_service_gives_is_read_back_and_every_beginning_is_found_by_its_digest(lists):
    again = ObjectionLists.parse(json.dumps(lists.to_json()).encode(), "file")
    assert again == lists
    for length in range(1, len(lists.lists) + 1):
        beginning = ObjectionLists(lists.lists[:length])
        found = again.up_to(beginning.digest)
        assert found is not None
        assert {one for some in found.lists for one in some.records} == {
            one for some in beginning.lists for one in some.records
        }
    assert again.up_to("sha256:" + "0" * 64) is None


@given(LISTS, st.sampled_from([",", ";", "\t"]), st.booleans())
def test_csv_says_the_same(lists, delimiter, upper):
    lines = [delimiter.join(("record_id", "note", "register"))]
    lines += [
        delimiter.join((record.upper() if upper else record, "", one.register))
        for one in lists.lists
        for record in one.records
    ]
    read = ObjectionLists.parse("\r\n".join(lines).encode("utf-8-sig"), "file")
    assert (read.digest, read.count) == (lists.digest, lists.count)
    whole = {name: set(ids.to_pylist()) for name, ids in lists.by_register().items()}
    assert {name: set(ids.to_pylist()) for name, ids in read.by_register().items()} == whole


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe\x00", "not a list"),
        (b"", "not a list"),
        (b"register,number\na,b\n", "not a list"),
        (b"{}", "not a list"),
        (b'{"format": "other", "lists": []}', "not a list"),
        (b'{"format": "%s", "lists": [1]}' % FORMAT.encode(), "not a list"),
        (b"{" * 100_000, "not a list"),
        (b'register,record_id\n"' + b"a" * 200_000, "not a list"),
        (b"register,record_id\ncnss-employees,SECRET\n", "line 2"),
        (b"register,record_id\ncnss-employees\n", "line 2"),
        (b'{"format": "%s", "lists": [{"register": "a", "records": ["SECRET"]}]}' % FORMAT.encode(), "record 1"),
    ],
)
def test_what_is_no_list_is_refused_without_its_values(data, message):
    with pytest.raises(InputError, match=message) as caught:
        ObjectionLists.parse(data, "file")
    assert "SECRET" not in str(caught.value)
