"""Messages are judged by the schemas as pysdmx judges them, whose own check compiles the schemas at each call."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pytest
from lxml import etree
from pysdmx.errors import Invalid
from pysdmx.io.xml.doc_validation import validate_doc

from wasl.errors import VerificationError
from wasl.publication.table_formats.cube import Cube, CubeDimension
from wasl.publication.table_formats.sdmx import sdmx_files
from wasl.publication.table_formats.sdmx_messages import read_message


@pytest.fixture(scope="module")
def messages():
    dimensions = (CubeDimension("a", {}, ("T", "x"), (-1, 0)), CubeDimension("b", {}, ("T", "y"), (-1, 0)))
    places = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int32)
    cube = Cube("t", {}, dimensions, places, np.arange(4.0), np.full(4, "published"), period="2024")
    files = sdmx_files(cube, created=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    return {name: data for name, data in files.items() if name.endswith(".xml")}


def damaged(data, rng):
    """The message with one element renamed, dropped, doubled, moved, or with an attribute or text that is wrong."""
    root = etree.fromstring(data)
    places = [one for one in root.iter() if isinstance(one.tag, str) and one.getparent() is not None]
    one = rng.choice(places)
    parent = one.getparent()
    match rng.randrange(6):
        case 0:
            one.tag = one.tag + "X"
        case 1:
            parent.remove(one)
        case 2:
            parent.append(etree.fromstring(etree.tostring(one)))
        case 3:
            parent.insert(0, one)
        case 4:
            one.set("unknown", "value")
        case _:
            one.text = "not what stands here"
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


@pytest.mark.parametrize("seed", range(40))
def test_the_judgement_is_that_of_pysdmx(messages, seed):
    rng = random.Random(seed)  # noqa: S311 - damages, not secrets
    name = rng.choice(sorted(messages))
    data = damaged(messages[name], rng)
    try:
        validate_doc(data.decode())
        refused = False
    except Invalid:
        refused = True
    try:
        read_message(name, data)
        found = False
    except VerificationError as error:
        found = name in str(error)
    except Exception:  # against no schema, and yet no message that pysdmx can read
        found = False
    assert found == refused


def test_whole_messages_are_read(messages):
    for name, data in messages.items():
        message = read_message(name, data)
        assert message.data or message.structures


def test_a_message_of_no_known_version_is_refused(messages):
    data = messages["data.sdmx-3.0.xml"].replace(b"/v3_0/", b"/v9_0/")
    with pytest.raises(VerificationError, match="no version"):
        read_message("data.sdmx-9.0.xml", data)
