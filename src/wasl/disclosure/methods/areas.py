"""Grouping of small areas with neighbours of similar size; every area with enough rows stays by itself.

The rule sees counts only, never names of areas. Areas are taken the smallest first. A small area joins the nearest
small area or group, of several the smallest; areas without rows are crossed for nothing. A last group that is still
small joins the nearest group of several areas. Only where there is none it joins the smallest area nearby, which is
then no longer by itself. An area is not made missing instead: the missing rows would be known to be its own.

*Source:* the population threshold for geography of the IHSN practice guide (2017), section 5; grouping by adjacency as
in redistricting by greedy aggregation.

*Does not protect against:* an intruder who knows other variables; it is a recoding, and k-anonymity comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wasl.disclosure.keys.hierarchy import JOINED
from wasl.errors import InputError, SchemaError

__all__ = ["group_areas", "read_neighbours"]


def read_neighbours(name: str, text: str) -> dict[str, tuple[str, ...]]:
    """The neighbours of each area, in both directions.

    Args:
        name: The file, for messages.
        text: Lines ``area;neighbour neighbour``.

    Raises:
        SchemaError: A line is not of this form, an area is there twice, or a neighbour is no area of the file.
    """
    found: dict[str, set[str]] = {}
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(";")
        if len(parts) != 2 or not parts[0].strip():
            raise SchemaError(f"{name}: line {number} is not an area and its neighbours.", remedy="Write AREA;N1 N2.")
        area = parts[0].strip()
        if area in found:
            raise SchemaError(f"{name}: line {number} has an area that an earlier line has.")
        found[area] = set(parts[1].split())
    stray = sorted({other for others in found.values() for other in others} - found.keys())
    if stray:
        raise SchemaError(f"{name}: neighbours without a line of their own: {', '.join(stray)}.")
    for area, others in list(found.items()):
        for other in others:
            found[other].add(area)
    return {area: tuple(sorted(others - {area})) for area, others in found.items()}


def group_areas(
    counts: Mapping[str, int], neighbours: Mapping[str, tuple[str, ...]], below: int
) -> dict[str, str | None]:
    """The published area of each area: itself, its group (codes joined by ``+``), or None where nothing is shown.

    An area of the data that is itself a group, of a file grouped before, stands for its members.

    Args:
        counts: Rows of each area that occurs.
        neighbours: Neighbours of each area.
        below: Areas with fewer rows are small; nothing is shown where all areas together have fewer.

    Raises:
        InputError: An area is not among those whose neighbours are known.
    """
    unknown = [area for area in counts if not set(area.split(JOINED)) <= neighbours.keys()]
    if unknown:
        raise InputError(
            f"{len(unknown)} of {len(counts)} areas have no line in the file of neighbours.",
            remedy="Add them; an area without neighbours gets an empty list.",
        )
    groups: dict[tuple[str, ...], int] = {
        tuple(sorted(area.split(JOINED))): rows for area, rows in counts.items() if rows
    }
    while True:
        small = sorted((rows, group) for group, rows in groups.items() if rows < below)
        if not small:
            break
        group = small[0][1]
        others = [other for _, other in small[1:]]
        others = others or [other for other in groups if other != group and len(other) > 1]
        others = others or [other for other in groups if other != group]
        if not others:
            break
        ways = _distances(group, groups, neighbours)
        partner = min(others, key=lambda other: (ways.get(other, len(neighbours) + 1), groups[other], other))
        merged = tuple(sorted((*group, *partner)))
        groups[merged] = groups.pop(group) + groups.pop(partner)
    shown = {group: None if rows < below else JOINED.join(group) for group, rows in groups.items()}
    return {
        area: next((label for group, label in shown.items() if set(area.split(JOINED)) <= set(group)), None)
        for area in counts
    }


def _distances(
    start: tuple[str, ...], groups: Mapping[tuple[str, ...], int], neighbours: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, ...], int]:
    """Borders between a group and each other one; areas that have no rows are crossed for nothing."""
    group_of = {area: group for group in groups for area in group}
    found: dict[tuple[str, ...], int] = {}
    distance = dict.fromkeys(start, 0)
    waiting = list(start)
    while waiting:
        area = min(waiting, key=lambda one: (distance[one], one))
        waiting.remove(area)
        for other in neighbours[area]:
            group = group_of.get(other)
            step = 0 if group is None or other in start else 1
            if group is not None and group == group_of.get(area):
                step = 0
            if distance[area] + step < distance.get(other, len(neighbours) + 1):
                distance[other] = distance[area] + step
                waiting.append(other)
    for area, way in distance.items():
        group = group_of.get(area)
        if group is not None and group != start:
            found[group] = min(way, found.get(group, way))
    return found
