"""Which stored files the records name: whatever else lies in the folders is left over."""

from __future__ import annotations

from wasl.service.ports import Reader
from wasl.service.records import Release, Run, Submission

__all__ = ["named_files"]


def named_files(state: Reader) -> set[str]:
    """The digests of all files that a submission, run or release names; erased ones are not among them."""
    named = {one.file for one in state.select(Submission) if not one.purged}
    for run in state.select(Run):
        named |= {run.pairs, run.links, run.spine, run.conflicts, *map(str, run.artifacts.values())}
    for release in state.select(Release):
        named |= {release.microdata, release.protected, release.package, *map(str, release.artifacts.values())}
    return named - {""}
