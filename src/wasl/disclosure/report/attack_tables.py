"""What attacks on a protected file reached, as tables of the confidential reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from wasl.disclosure.report import layout
from wasl.locale import N_, Messages

__all__ = ["attack_name", "attack_tables"]

ATTACKS: Mapping[str, str] = {
    "linkage": N_("Linkage attack"),
    "linkability": N_("Linkability attack"),
    "singling out": N_("Singling-out attack"),
}
"""The attacks of `wasl.disclosure.attacks` by their name; that of an inference holds its variable."""
INFERENCE = "inference of "


def attack_tables(attacks: Mapping[str, Any] | None, words: Messages = layout.ENGLISH) -> Markup:
    """What attacks on a file reached, as tables.

    Args:
        attacks: The findings as JSON; None or empty: nothing is shown.
        words: The language of the page.
    """
    if not attacks:
        return Markup("")
    _ = words.text
    parts = [layout.heading(_("Attacks on the file"))]
    found_by = attacks.get("attacks", ())
    parts.append(_table(found_by, words) if found_by else layout.paragraph(_("The file was not attacked.")))
    parts += _excess(attacks.get("excess"), words)
    if (local := attacks.get("downcoding")) is not None:
        mixed = words.list(list(local["mixed"])) if local["mixed"] else _("none")
        text = _("Variables recoded at mixed levels (open to downcoding): {names}.", names=mixed)
        parts.append(layout.paragraph(text))
    if (found := attacks.get("differencing")) is not None:
        parts += _differencing(found, words)
    return Markup("\n").join(parts)


def _table(attacks: Sequence[Mapping[str, Any]], words: Messages) -> Markup:
    """One row per attack."""
    _ = words.text
    rows = [
        (
            attack_name(item["attack"], words),
            layout.share(item["main"]["value"], words),
            layout.share(item["control"]["value"], words) if item["control"] else "–",
            layout.share(item["naive"]["value"], words) if item["naive"] else "–",
            (
                f"{layout.share(item['risk'], words)} "
                f"({layout.share(item['low'], words)} – {layout.share(item['high'], words)})"
            ),
        )
        for item in attacks
    ]
    columns = (
        _("attack"),
        _("success"),
        _("on persons not in the file"),
        _("by guessing"),
        _("risk (95 % interval)"),
    )
    return layout.table(columns, rows)


def _excess(excess: Mapping[str, Any] | None, words: Messages) -> list[Markup]:
    """How much of the success comes from the file: measured on a trial file, or not known."""
    _ = words.text
    if excess is None or excess["source"] == "given":
        return []
    if excess["source"] == "unknown":
        text = _(
            "No control set was given and none was held out: {reason}. How much of the success comes from the file "
            "and how much from knowledge of the population cannot be known.",
            reason=_(excess["reason"]),
        )
        return [layout.paragraph(text)]
    text = _(
        "No control set was given. So a trial file was made under the same policy without {share} of the records, "
        "and these {count} records are its control set. The excess of the attacks on the trial file:",
        share=words.percent(excess["share"], 0),
        count=words.number(excess["held_out"]),
    )
    return [layout.paragraph(text), _table(excess["attacks"], words)]


def attack_name(name: str, words: Messages, labels: Mapping[str, str] = MappingProxyType({})) -> str:
    """The name of an attack in a language, with the variable that it aims at, by its label where it has one."""
    if name.startswith(INFERENCE):
        aimed = name.removeprefix(INFERENCE)
        return words.text(N_("Inference of {variable}"), variable=labels.get(aimed, aimed))
    return words.text(ATTACKS[name]) if name in ATTACKS else name


def _differencing(found: Mapping[str, Any], words: Messages) -> list[Markup]:
    """Whether the file and earlier releases together isolate rows."""
    _ = words.text
    sentence = (
        _("Earlier releases: nothing is isolated by subtraction.")
        if found["safe"]
        else _("Earlier releases: UNSAFE. Subtraction isolates rows.")
    )
    smallest = _("Smallest joint class: {count}.", count=found["smallest_joint"])
    parts = [layout.paragraph(f"{sentence} {smallest}")]
    if found["not_compared"]:
        _n = words.plural
        parts.append(
            layout.paragraph(
                _n(
                    "One earlier release has no key in common and was not compared.",
                    "{count} earlier releases have no key in common and were not compared.",
                    found["not_compared"],
                )
            )
        )
    return parts
