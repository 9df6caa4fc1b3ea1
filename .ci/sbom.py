"""Write the bill of materials of an installation: every locked library with its hashes, and what is vendored.

The format is CycloneDX 1.6 (ECMA-424) as JSON. It has no time and no random number, so the same lock gives the same
file.

Example: python .ci/sbom.py > build/wasl.cdx.json
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\\n]+))?"
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VENDORED = {
    "htmx.org": ("src/wasl/web/console/static/htmx.min.js", r'version:"([0-9.]+)"', "0BSD"),
}
"""Files of others in the package: where they are, how they tell their version, and their licence."""


def version() -> str:
    """The version of wasl."""
    found = re.search(
        r'^__version__ = "([^"]+)"', (ROOT / "src/wasl/__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None  # noqa: S101 - the build would fail as well
    return found[1]


def locked(text: str) -> list[dict[str, Any]]:
    """The components that a file of pinned requirements names."""
    components: list[dict[str, Any]] = []
    for line in text.splitlines():
        pinned = PINNED.match(line)
        if pinned is not None:
            name = re.sub(r"[-_.]+", "-", pinned["name"]).lower()
            address = f"pkg:pypi/{name}@{pinned['version']}"
            one = {"type": "library", "bom-ref": address, "name": name, "version": pinned["version"], "purl": address}
            if pinned["marker"]:
                one["properties"] = [{"name": "wasl:marker", "value": pinned["marker"].strip()}]
                one["bom-ref"] += f"#{one['properties'][0]['value']}"
            components.append({**one, "hashes": []})
        for digest in HASH.findall(line):
            components[-1]["hashes"].append({"alg": "SHA-256", "content": digest})
    return components


def vendored() -> list[dict[str, Any]]:
    """The components whose files stand in the package."""
    components = []
    for name, (place, pattern, licence) in VENDORED.items():
        data = (ROOT / place).read_bytes()
        found = re.search(pattern, data.decode())
        assert found is not None  # noqa: S101 - the file was replaced by one of another kind
        address = f"pkg:npm/{name}@{found[1]}"
        components.append(
            {
                "type": "library",
                "bom-ref": address,
                "name": name,
                "version": found[1],
                "purl": address,
                "licenses": [{"license": {"id": licence}}],
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}],
            }
        )
    return components


def bill() -> dict[str, Any]:
    """The whole bill of materials."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    own = {"type": "application", "bom-ref": "wasl", "name": "wasl", "version": version()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**own, "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": [*locked(lock), *vendored()],
    }


def main() -> None:
    """Write it to the standard output."""
    sys.stdout.write(json.dumps(bill(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
