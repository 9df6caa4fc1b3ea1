"""Low-weight words undo diffusion where the code determines the secret columns, and are not found where it does not."""

from __future__ import annotations

import numpy as np

from wasl.attack.codewords import find_codewords, random_limit

RECORDS = 900


def diffused(secret_bits: int, released_bits: int, taps: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    # Frequencies of grams are skewed: many bits are rare.
    secret = (rng.random((RECORDS, secret_bits)) < rng.choice([0.005, 0.02, 0.3], secret_bits)).astype(np.uint8)
    released = np.stack(
        [secret[:, rng.choice(secret_bits, taps, replace=False)].sum(axis=1) % 2 for _ in range(released_bits)], axis=1
    )
    return secret, released.astype(np.uint8)


def test_as_many_released_bits_as_secret_ones_betray_rare_columns() -> None:
    secret, released = diffused(96, 112)
    found = find_codewords(released, np.random.default_rng(0))
    words = {word.tobytes() for word in found.found}
    columns = {column.tobytes() for column in secret.T if 0 < column.sum() <= 30}
    assert len(columns) > 20
    assert len(columns & words) > 0.5 * len(columns)


def test_half_as_many_released_bits_betray_none() -> None:
    secret, released = diffused(256, 96)
    found = find_codewords(released, np.random.default_rng(0))
    assert found.rank == 96
    columns = {column.tobytes() for column in secret.T}
    assert not {word.tobytes() for word in found.found} & columns


def test_fewer_records_than_bits_say_nothing() -> None:
    _, released = diffused(256, 128)
    assert find_codewords(released[:100], np.random.default_rng(0)).limit == 0


def test_the_limit_is_where_random_codes_have_no_words() -> None:
    rng = np.random.default_rng(5)
    random = rng.integers(0, 2, (RECORDS, 64)).astype(np.uint8)
    assert random_limit(RECORDS, 64) > 100
    assert len(find_codewords(random, rng).found) == 0
