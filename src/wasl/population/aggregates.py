"""Registers that hold counts and amounts, never persons: the Ministry of the Interior and the Office des Changes."""

from __future__ import annotations

import numpy as np

from wasl.population.draws import Draws
from wasl.population.figures import Figures
from wasl.population.offices import Columns
from wasl.population.people import REFERENCE_YEAR

__all__ = ["AGGREGATES"]

INDICATORS = ("tentatives avortées", "retours volontaires", "réseaux démantelés")
COUNTRIES = ("FRANCE", "ESPAGNE", "ITALIE", "BELGIQUE", "ETATS UNIS", "ARABIE SAOUDITE")


def _months() -> list[str]:
    return [f"{REFERENCE_YEAR}-{month:02d}" for month in range(1, 13)]


def interior_border(seed: int, figures: Figures) -> Columns:
    """Counts by month, indicator, nationality and region."""
    draws = Draws(seed, "interior-border")
    nations = [nationality.iso3 for nationality in figures.nationalities[:6]]
    rows = [
        (month, what, iso3, region)
        for month in _months()
        for what in INDICATORS
        for iso3 in nations
        for region in ("01", "02", "09", "10")
    ]
    counts = draws.integers(0, 120, len(rows))
    return {
        "ligne": np.asarray([str(number) for number in range(1, len(rows) + 1)], object),
        "periode": np.asarray([row[0] for row in rows], object),
        "indicateur": np.asarray([row[1] for row in rows], object),
        "nationalite": np.asarray([row[2] for row in rows], object),
        "region": np.asarray([row[3] for row in rows], object),
        "effectif": np.asarray([str(count) for count in counts], object),
    }


def office_changes_remittances(seed: int, figures: Figures) -> Columns:
    """Amounts by month and country, in million dirhams."""
    del figures
    draws = Draws(seed, "office-changes-remittances")
    rows = [(month, country) for month in _months() for country in COUNTRIES]
    amounts = draws.integers(50, 3000, len(rows))
    return {
        "ligne": np.asarray([str(number) for number in range(1, len(rows) + 1)], object),
        "periode": np.asarray([row[0] for row in rows], object),
        "pays": np.asarray([row[1] for row in rows], object),
        "montant": np.asarray([str(amount) for amount in amounts], object),
    }


AGGREGATES = {"interior-border": interior_border, "office-changes-remittances": office_changes_remittances}
"""Each register of aggregates and the function that writes it."""
