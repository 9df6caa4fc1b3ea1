"""List the licence of every installed distribution, as its own metadata states it."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distributions


def licence(distribution: Distribution) -> str:
    """The licence expression, or the licence classifiers, or the first line of the licence field."""
    data = distribution.metadata
    if data.get("License-Expression"):
        return str(data["License-Expression"])
    classifiers = [c.rpartition(" :: ")[2] for c in data.get_all("Classifier") or [] if c.startswith("License ::")]
    if classifiers:
        return "; ".join(classifiers)
    return (data.get("License") or "not stated").strip().splitlines()[0][:80]


def main() -> None:
    """Print one line per distribution: name, version, licence."""
    rows = {(d.metadata["Name"], d.version, licence(d)) for d in distributions()}
    for name, version, text in sorted(rows, key=lambda row: row[0].lower()):
        sys.stdout.write(f"{name}\t{version}\t{text}\n")


if __name__ == "__main__":
    main()
