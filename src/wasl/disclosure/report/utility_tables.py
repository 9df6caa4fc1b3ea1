"""What protection cost a file, as tables and bars of the confidential reports; values follow from the figures."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from wasl.disclosure.report import layout, plots
from wasl.disclosure.utility.measures import UtilityReport
from wasl.locale import Messages

__all__ = ["utility_tables"]


def utility_tables(utility: UtilityReport, words: Messages = layout.ENGLISH) -> Markup:
    """Differences of original and released file; confidential, because values follow from them.

    Args:
        utility: The measures.
        words: The language of the page.
    """
    _ = words.text
    rows = [
        (
            name,
            f"{layout.number(item.categories_before, words)} → {layout.number(item.categories_after, words)}",
            layout.share(item.detail_kept, words),
            layout.share(item.suppressed, words),
            layout.share(item.changed, words),
            layout.number(item.hellinger, words),
        )
        for name, item in utility.variables.items()
    ]
    columns = (
        _("variable"),
        _("categories"),
        _("detail kept"),
        _("suppressed"),
        _("changed"),
        _("Hellinger distance"),
    )
    parts = [layout.table(columns, rows)]
    if utility.numbers:
        parts.append(_numbers(utility, words))
    together: list[tuple[Any, ...]] = [
        (_("suppressed cells of all categorical cells"), layout.share(utility.suppressed_cells, words)),
        (_("mean distance of two-way tables"), layout.number(utility.crosstabs, words)),
        (_("propensity score pMSE"), layout.number(utility.pmse, words)),
        (_("pMSE over its expectation by chance"), layout.number(utility.pmse_ratio, words)),
    ]
    parts.append(layout.table((_("all variables together"), _("value")), together))
    if utility.variables:
        kept = {name: item.detail_kept for name, item in utility.variables.items()}
        lost = {name: item.suppressed for name, item in utility.variables.items()}
        parts += [
            layout.figure(
                _("Detail kept (entropy after recoding over entropy before)"),
                plots.bars(kept, label=_("share"), words=words),
            ),
            layout.figure(_("Suppressed cells"), plots.bars(lost, label=_("share of cells"), words=words)),
        ]
    return Markup("\n").join(parts)


def _numbers(utility: UtilityReport, words: Messages) -> Markup:
    """The losses of the numbers in the file."""
    _ = words.text
    rows = [
        (
            name,
            *(
                layout.number(value, words)
                for value in (
                    item.mean_before,
                    item.mean_after,
                    item.sd_before,
                    item.sd_after,
                    item.il1s,
                    item.overlap,
                    utility.regressions.get(name),
                )
            ),
        )
        for name, item in utility.numbers.items()
    ]
    columns = (
        _("number"),
        _("mean before"),
        _("mean after"),
        _("standard deviation before"),
        _("standard deviation after"),
        "IL1s",
        _("interval overlap"),
        _("regression overlap"),
    )
    return layout.table(columns, rows)
