"""Threats to encodings, one by one: what is closed, and what is a limit with its figure (``docs/attacks.md``).

Registers are small and seeds fixed. A closed threat is tested by an interval that must reach what chance gives; a limit
is tested from below, so that the attack cannot become weaker than the figure that the documentation states.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from wasl.attack.campaign import Target, attack_joined, attack_linkage, attack_order, attack_payload
from wasl.attack.knowledge import Knowledge
from wasl.attack.outcomes import Outcome, wilson
from wasl.attack.periods import attack_periods, irregular_attendance, stage_periods, valid_attendance
from wasl.attack.scenario import Register, split, stage, stage_insider
from wasl.errors import WaslError
from wasl.holder.encode import encode
from wasl.holder.keys import LinkageKey
from wasl.holder.profile import EncodingProfile
from wasl.population.generate import generate
from wasl.registers.reading.frames import register_from_table
from wasl.registers.schema import RegisterSchema

STAGED = tuple[Target, Knowledge]


def interval(outcome: Outcome) -> tuple[float, float]:
    """The 95 % interval of the share named in the best pass."""
    return wilson(outcome.correct or 0, outcome.exposed or 0)


def certain_interval(outcome: Outcome) -> tuple[float, float]:
    return wilson(outcome.certain_persons or 0, outcome.exposed or 0)


def by_attack(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {outcome.attack: outcome for outcome in outcomes}


def test_one_delivery_of_one_register_without_known_pairs_gives_nobody_away(permits: STAGED) -> None:
    attacks = ("equality", "frequencies", "graph matching", "likelihood")
    for outcome in attack_linkage(*permits, np.random.default_rng(1), attacks):
        # Chance names one row for each combination of missing filters: of 352 persons in the best of 18 passes, 2 %.
        assert interval(outcome)[0] <= 0.02, outcome.attack
        assert not outcome.certain_persons, outcome.attack


@pytest.fixture(scope="module")
def months(registers: list[Register]) -> Callable[[str, str], dict[str, Outcome]]:
    """Outcomes of monthly deliveries of permits, in one round or in rounds of their own."""
    table, schema = next(each for each in registers if each[1].register_id == "dgsn-permits")
    table = table.slice(0, 240)
    typed = register_from_table(table, schema).table
    attendance = {
        "permits": valid_attendance(typed["date_delivrance"], typed["date_expiration"], 36),
        "employment": irregular_attendance(len(table), 12, np.random.default_rng(7)),
    }
    made: dict[tuple[str, str], dict[str, Outcome]] = {}

    def outcomes(what: str, rounds: str) -> dict[str, Outcome]:
        if (what, rounds) not in made:
            rng = np.random.default_rng(3)
            profile = EncodingProfile.load("guarded")
            staged, knowledge = stage_periods(
                (table, schema), attendance[what], profile, rng, rounds=rounds, keys=2, arrangements=3
            )
            made[what, rounds] = by_attack(attack_periods(staged, knowledge, rng))
        return made[what, rounds]

    return outcomes


@pytest.mark.parametrize(("what", "certain"), [("permits", 0.03), ("employment", 0.2)])
def test_several_periods_in_one_round_give_many_away(
    months: Callable[[str, str], dict[str, Outcome]], what: str, certain: float
) -> None:
    found = months(what, "one")["presence vectors"]
    # The figures of the cryptanalysis of the first edition; the attack must reach them.
    assert certain_interval(found)[1] >= certain
    assert found.certain_right == found.certain


@pytest.mark.parametrize("what", ["permits", "employment"])
def test_several_periods_in_rounds_of_their_own_give_no_more_away_than_one_delivery(
    months: Callable[[str, str], dict[str, Outcome]], what: str
) -> None:
    separate = months(what, "each")
    assert separate["presence vectors"].detail.startswith("0 row ids")
    assert not separate["presence vectors"].certain_persons
    alone, alone_in_one = separate["one period alone"], months(what, "one")["one period alone"]
    # A period alone is one delivery, whichever round it is in: the intervals overlap.
    assert interval(alone)[0] <= interval(alone_in_one)[1]
    assert interval(alone_in_one)[0] <= interval(alone)[1]
    assert interval(alone)[1] < interval(months(what, "one")["presence vectors"])[0]


def test_six_registers_together_are_a_limit(six: STAGED) -> None:
    found = by_attack(attack_linkage(*six, np.random.default_rng(1), ("equality", "likelihood")))["likelihood"]
    low, high = interval(found)
    assert high >= 0.05  # the attack reaches the cryptanalysis of the first edition
    assert low <= 0.15
    assert found.certain_right is not None
    assert found.certain is not None


def test_known_pairs_name_few_others() -> None:
    register = generate(1500, 1).registers["dgsn-permits"]
    schema = RegisterSchema.load("dgsn-permits")
    rng = np.random.default_rng(4)
    held, owned = split(register, 1200, 1.0, rng)
    staged = stage([(held, schema)], [(owned, schema)], EncodingProfile.load("guarded"), rng, keys=2, arrangements=2)
    for found in attack_linkage(*staged, rng, ("known pairs 10 %", "known pairs 20 %")):
        assert found.known > 0
        assert interval(found)[0] <= 0.03
        assert certain_interval(found)[0] <= 0.02


def test_the_joined_view_is_a_limit_and_the_payload_makes_it_worse(permits: STAGED, six: STAGED) -> None:
    alone = by_attack(attack_joined(*permits))
    bare, known = alone["embedding"], alone["embedding with sex, nationality, birth_year"]
    assert interval(bare)[0] <= 0.05
    assert interval(known)[0] > 0.5
    assert interval(by_attack(attack_joined(*six))["embedding"])[1] >= 0.06


def test_no_file_is_in_the_order_of_its_source(registers: list[Register]) -> None:
    table, schema = next(each for each in registers if each[1].register_id == "dgsn-permits")
    by_name = table.sort_by([("nom", "ascending"), ("prenom", "ascending")])
    profile = EncodingProfile.load("guarded")
    for source in (table, by_name):
        held = [(source, schema)]
        target, knowledge = stage(held, held, profile, np.random.default_rng(5), keys=1, arrangements=1)
        assert {"join map", "payload", "delivery, birth"} <= set(target.files)
        for name, places in target.files.items():
            ranks = np.argsort(np.argsort(places))
            z = np.corrcoef(np.arange(len(ranks)), ranks)[0, 1] * np.sqrt(len(ranks) - 1)
            assert abs(z) < 4, name  # 4 standard deviations: by chance once in 16,000
        for outcome in attack_order(target, knowledge):
            assert interval(outcome)[0] <= 0.01, outcome.attack


def test_a_file_in_the_order_of_its_source_names_everybody(permits: STAGED) -> None:
    target, knowledge = permits
    sorted_files = Target(target.profile, target.registers, 0.0, 100, {}, files={"join map": np.arange(100)})
    (found,) = attack_order(sorted_files, knowledge)
    assert found.rate == 1.0


def test_the_payload_alone_is_a_limit(permits: STAGED) -> None:
    personal, *with_date = attack_payload(*permits, np.random.default_rng(0))
    assert certain_interval(personal)[0] > 0.3
    assert with_date
    assert (with_date[0].rate or 0) >= (personal.rate or 0)


def test_a_profile_without_diffusion_may_not_call_itself_guarded(registers: list[Register]) -> None:
    table, schema = next(each for each in registers if each[1].register_id == "dgsn-permits")
    guarded = EncodingProfile.load("guarded")
    weak = guarded.model_copy(update={"taps": 0, "released_bits": guarded.bits, "excess": "report"})
    with pytest.raises(WaslError, match="guarded"):
        encode(
            table,
            schema,
            LinkageKey(bytes(32), "test"),
            weak,
            created="2026-01-01T00:00:00Z",
            rng=np.random.default_rng(0),
        )


def test_a_holder_with_the_key_and_anothers_encodings_names_everybody(registers: list[Register]) -> None:
    held: list[tuple[pa.Table, RegisterSchema]] = [each for each in registers if each[1].register_id == "dgsn-permits"]
    found = stage_insider(held, EncodingProfile.load("guarded"), np.random.default_rng(6))
    assert (found.rate or 0) >= 0.99
    assert found.certain_right == found.certain
