"""Made-up people for benchmarks: any number of rows in the columns of FEBRL, some of them damaged copies."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["made_up_register", "with_relatives"]

ONSETS = ["b", "br", "c", "d", "dr", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ou"]
CODAS = ["", "l", "m", "n", "r", "s", "t", "ck", "nd"]
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def _vocabulary(size: int, syllables: int, rng: np.random.Generator) -> np.ndarray:
    """Distinct pronounceable words."""
    words: dict[str, None] = {}
    while len(words) < size:
        pick = [rng.integers(0, len(part), (size, syllables)) for part in (ONSETS, VOWELS, CODAS)]
        for a, b, c in zip(*(p.tolist() for p in pick), strict=True):
            words[
                "".join(
                    ONSETS[x] + VOWELS[y] + (CODAS[z] if k else "")
                    for k, (x, y, z) in enumerate(zip(a, b, c, strict=True))
                )
            ] = None
    return np.array(list(words)[:size], object)


def _drawn(vocabulary: np.ndarray, count: int, rng: np.random.Generator, skew: float) -> np.ndarray:
    """Words drawn with falling frequencies, as names are."""
    weight = 1.0 / np.power(np.arange(1, len(vocabulary) + 1), skew)
    return vocabulary[rng.choice(len(vocabulary), count, p=weight / weight.sum())]


def _typo(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One letter of each value replaced, dropped or doubled."""
    place = rng.random(len(values))
    kind = rng.integers(0, 3, len(values))
    letter = LETTERS[rng.integers(0, 26, len(values))]
    out = []
    for value, where, what, new in zip(values.tolist(), place.tolist(), kind.tolist(), letter.tolist(), strict=True):
        at = int(where * len(value))
        out.append(value[:at] + ("", new, value[at : at + 1] * 2)[what] + value[at + 1 :] if value else value)
    return np.array(out, object)


def made_up_register(persons: int, copies: int, seed: int) -> pd.DataFrame:
    """Persons and damaged copies of some of them, shuffled.

    Args:
        persons: Rows of different persons.
        copies: Damaged copies besides, each of another person.
        seed: Of every draw.

    Returns:
        The columns of FEBRL; ``rec_id`` is ``rec-<person>-org`` or ``rec-<person>-dup-0``.
    """
    rng = np.random.default_rng(seed)
    given, surnames = _vocabulary(2000, 2, rng), _vocabulary(max(4000, persons // 25), 2, rng)
    streets, suburbs = _vocabulary(max(2000, persons // 50), 3, rng), _vocabulary(max(500, persons // 400), 3, rng)
    born = np.datetime64("1925-01-01") + rng.integers(0, 28_000, persons).astype("timedelta64[D]")
    suburb = rng.integers(0, len(suburbs), persons)
    people = pd.DataFrame(
        {
            "rec_id": [f"rec-{n}-org" for n in range(persons)],
            "given_name": _drawn(given, persons, rng, 0.7),
            "surname": _drawn(surnames, persons, rng, 0.6),
            "street_number": rng.integers(1, 300, persons).astype(str).astype(object),
            "address_1": _drawn(streets, persons, rng, 0.4) + " street",
            "address_2": "",
            "suburb": suburbs[suburb],
            "postcode": np.char.zfill((1000 + suburb % 8999).astype(str), 4).astype(object),
            "state": np.array(["nsw", "vic", "qld", "wa", "sa"], object)[suburb % 5],
            "date_of_birth": np.char.replace(born.astype(str), "-", "").astype(object),
            "soc_sec_id": "",
        }
    )
    copied = people.iloc[rng.permutation(persons)[:copies]].copy().reset_index(drop=True)
    copied["rec_id"] = copied["rec_id"].str.replace("-org", "-dup-0", regex=False)
    for column, rate in (("given_name", 0.2), ("surname", 0.2), ("address_1", 0.2), ("suburb", 0.15)):
        hit = np.flatnonzero(rng.random(copies) < rate)
        values = copied[column].to_numpy(object, copy=True)
        values[hit] = _typo(values[hit], rng)
        copied[column] = values
    swapped = rng.random(copies) < 0.03
    copied.loc[swapped, ["given_name", "surname"]] = copied.loc[swapped, ["surname", "given_name"]].to_numpy()
    wrong = np.flatnonzero(rng.random(copies) < 0.06)
    births = copied["date_of_birth"].to_numpy(object, copy=True)
    births[wrong] = [
        value[:6] + f"{day:02}" for value, day in zip(births[wrong], rng.integers(1, 29, len(wrong)), strict=True)
    ]
    copied["date_of_birth"] = births
    moved = np.flatnonzero(rng.random(copies) < 0.1)
    other = people.iloc[rng.integers(0, persons, len(moved))]
    for column in ("street_number", "address_1", "suburb", "postcode", "state"):
        values = copied[column].to_numpy(object, copy=True)
        values[moved] = other[column].to_numpy()
        copied[column] = values
    for column, rate in (("given_name", 0.02), ("street_number", 0.03), ("suburb", 0.02), ("date_of_birth", 0.02)):
        copied.loc[rng.random(copies) < rate, column] = ""
    whole = pd.concat([people, copied], ignore_index=True)
    return whole.iloc[rng.permutation(len(whole))].reset_index(drop=True)


def with_relatives(left: pd.DataFrame, right: pd.DataFrame, seed: int, share: float = 0.3) -> dict[str, pd.DataFrame]:
    """Two FEBRL files with a third of the people in common, where others have a relative in the other file.

    A relative shares surname and address; given name and birth date are two other people's.

    Args:
        left: One file, ``rec-<person>-org``.
        right: The other, a damaged copy of each person.
        seed: Of every draw.
        share: Relatives planted in each file, as a share of its rows.
    """
    rng = np.random.default_rng(seed)
    people = rng.permutation(len(left))
    number = [frame["rec_id"].str.split("-").str[1].astype(int) for frame in (left, right)]
    third = len(left) // 5
    files = {
        "a": left[number[0].isin(people[: 3 * third])].reset_index(drop=True),
        "b": right[number[1].isin(people[2 * third :])].reset_index(drop=True),
    }
    planted: dict[str, pd.DataFrame] = {}
    for place, (mine, theirs) in enumerate((("a", "b"), ("b", "a"))):
        count = int(share * len(files[mine]))
        kin = files[theirs].iloc[rng.permutation(len(files[theirs]))[:count]].reset_index(drop=True)
        for column in ("given_name", "date_of_birth", "soc_sec_id"):
            kin[column] = files[mine][column].to_numpy()[rng.integers(0, len(files[mine]), count)]
        kin["rec_id"] = [f"rec-{(place + 1) * 1_000_000 + k}-org" for k in range(count)]
        planted[mine] = kin
    return {name: pd.concat([frame, planted[name]], ignore_index=True) for name, frame in files.items()}
