"""Disclosure risk: of re-identification, of special uniques, of attributes, in sample and population."""

from wasl.disclosure.risk.reidentification import (
    GlobalRisk,
    global_risk,
    household_risk,
    individual_risk,
    individual_risk_approximate,
    outlying_risks,
    risk_threshold,
)

__all__ = [
    "GlobalRisk",
    "global_risk",
    "household_risk",
    "individual_risk",
    "individual_risk_approximate",
    "outlying_risks",
    "risk_threshold",
]
