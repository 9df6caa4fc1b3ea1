"""What the adversary can compute without the key: how a population it owns would look, encoded under keys of its own.

Whoever shares a block or a token does so under every key, and filters made under other keys differ from the true ones
only by which bits collide; averaged over a few keys, their distances are those the true filters are expected to have.
Diffusion is left out: t taps turn an agreement of 1 − 2d into (1 − 2d)^t in expectation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wasl.attack.observation import PassView, fixed_bytes, match_labels, observe, observe_joined
from wasl.holder.encode import Encoded, encode
from wasl.holder.keys import SECRET_BYTES, LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.registers.reader import RegisterTable
from wasl.registers.schema import RegisterSchema

__all__ = ["Knowledge", "KnownPass", "imitate", "record_rows"]

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KnownPass:
    """One pass of the adversary's own encodings.

    Attributes:
        view: Blocks, tokens and undiffused filters under the first of its keys, one row per record of the pass.
        record: Record of the population behind each row.
        copies: The same filters under its other keys, by group.
    """

    view: PassView
    record: Ints = field(repr=False)
    copies: tuple[dict[str, Bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything the adversary knows.

    Attributes:
        records: Size of its population.
        passes: Its own encodings by pass.
        joined: Its records with blocks and tokens of all passes, row r being record r.
        taps: Input bits per released bit in the profile (0: undiffused).
    """

    records: int
    passes: dict[str, KnownPass]
    joined: PassView
    taps: int


def imitate(
    population: RegisterTable | pa.Table,
    schema: RegisterSchema,
    profile: EncodingProfile,
    rng: np.random.Generator,
    keys: int = 4,
) -> Knowledge:
    """The adversary's own encodings of a population it owns in clear.

    Args:
        population: As read, or a table with the schema's columns.
        schema: The register schema, which is public.
        profile: The encoding profile, likewise.
        rng: Draws the adversary's keys.
        keys: Over how many keys distances are averaged.
    """
    # Nothing is left out or refused, and nothing diffused: this is the adversary's own machine.
    bare = profile.model_copy(
        update={"taps": 0, "released_bits": profile.bits, "excess": "report", "drop_limit": 1.0, "leak_limit": 1e9}
    )
    made = [
        encode(
            population,
            schema,
            LinkageKey(rng.bytes(SECRET_BYTES), "imitation"),
            bare,
            created="1970-01-01T00:00:00Z",
            rng=rng,
        )
        for _ in range(keys)
    ]
    views = [observe(encoded.delivery) for encoded in made]
    found = [record_rows(encoded, view) for encoded, view in zip(made, views, strict=True)]
    passes = {}
    for name in views[0]:
        # Rows in the order of the records, so that the copies under other keys stand side by side.
        orders = [np.argsort(rows[name], kind="stable") for rows in found]
        passes[name] = KnownPass(
            view=views[0][name].take(orders[0]),
            record=found[0][name][orders[0]],
            copies=tuple(
                {group: data[order] for group, data in view[name].filters.items()}
                for view, order in zip(views[1:], orders[1:], strict=True)
            ),
        )
    joined, ids = observe_joined(views[0], made[0].join_map)
    order = np.argsort(match_labels(ids, _record_ids(made[0])), kind="stable")
    return Knowledge(made[0].keep_map.num_rows, passes, joined.take(order), profile.taps)


def record_rows(encoded: Encoded, views: dict[str, PassView]) -> dict[str, Ints]:
    """For each pass the record number (row of the keep map) behind each row, by join map and keep map."""
    ids, _ = fixed_bytes(encoded.join_map.rows["record_id"])
    row_ids, has_row = fixed_bytes(encoded.join_map.rows["row_id"])
    record = match_labels(ids, _record_ids(encoded))
    names = np.array(encoded.join_map.rows["pass"].cast(pa.string()).to_pylist(), object)
    found = {}
    for name, view in views.items():
        chosen = np.flatnonzero((names == name) & has_row)
        found[name] = record[chosen[match_labels(view.row_ids, row_ids[chosen])]]
    return found


def _record_ids(encoded: Encoded) -> Bytes:
    joined = b"".join(bytes.fromhex(text) for text in encoded.keep_map["record_id"].to_pylist())
    return np.frombuffer(joined, np.uint8).reshape(-1, 16)
