"""A seed without the data undoes nothing; with the data it gives the same choices again."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from wasl.disclosure.policy import DisclosurePolicy
from wasl.disclosure.protect import protect
from wasl.registers.documents import validate_document
from wasl.registers.exchange.bound_randomness import bound_generator, bound_secret, table_secret
from wasl.registers.exchange.digests import digest_table


def policy_of(*methods):
    document = {
        "name": "seeds",
        "variables": [{"name": "zone", "role": "key"}, {"name": "entry", "role": "free"}],
        "thresholds": {"k": 2},
        "methods": list(methods),
    }
    return validate_document(DisclosurePolicy, document, "test")


@pytest.fixture
def arrivals():
    """People in the order in which they came, as registers often are."""
    rng = np.random.default_rng(4)
    return pd.DataFrame({"zone": rng.choice(["a", "b"], 200), "entry": np.sort(rng.integers(1, 10**6, 200))})


def test_the_secret_of_a_table_is_not_its_digest():
    table = pa.table({"a": ["x", None], "b": [1.5, 2.0]})
    assert table_secret(table).hex() not in digest_table(table)
    assert table_secret(table) == table_secret(pa.concat_tables([table.slice(0, 1), table.slice(1)]))


def test_seed_data_and_names_all_count():
    drawn = {
        bound_secret(seed, content, *names)
        for seed in (1, 2, 1 << 62)
        for content in (b"x", b"y")
        for names in ((), ("p",), ("p", "q"), ("pq",))
    }
    assert len(drawn) == 3 * 2 * 4
    one = bound_secret(1, b"x", "p")
    assert (
        bound_generator(one, "a").random() == bound_generator(one, "a").random() != bound_generator(one, "b").random()
    )


def test_trying_small_seeds_does_not_give_the_order_of_rows_back(arrivals):
    """Before, rows were put in order by the seed alone: the right one of a thousand shows a sorted column."""
    released = protect(arrivals, policy_of(), seed=7).table["entry"].to_numpy()
    for seed in range(1000):
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(released))
        put_back = np.empty_like(released)
        put_back[order] = released
        assert abs(np.corrcoef(np.arange(len(put_back)), put_back)[0, 1]) < 0.5


def test_two_policies_under_one_seed_draw_apart(arrivals):
    """Noises of 10 % and 20 % that are multiples of each other would give the original."""
    ids = arrivals.assign(zone="a")
    files = []
    for amount in (0.1, 0.2):
        done = protect(ids, policy_of({"kind": "noise", "variables": ["entry"], "amount": amount}), seed=7)
        put_back = np.empty(len(ids))
        put_back[done.origin] = done.table["entry"].to_numpy()
        files.append(put_back)
    solved = 2 * files[0] - files[1]
    assert np.mean(np.abs(solved - ids.entry) < 0.01 * ids.entry.std()) < 0.1


def test_one_other_cell_gives_other_draws_and_the_same_data_the_same(arrivals):
    method = {"kind": "pram", "variables": ["zone"], "retain": 0.7}
    first, again = (protect(arrivals, policy_of(method), seed=7).table for _ in range(2))
    assert first.equals(again)
    other = protect(arrivals.assign(entry=arrivals.entry.where(arrivals.index != 9, 3)), policy_of(method), seed=7)
    assert not np.array_equal(first["entry"].to_numpy(), other.table["entry"].to_numpy())
