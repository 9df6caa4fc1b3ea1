"""Proofs in a package that its request, approval and protection stand in the log of the service that published it.

The checkpoint was signed after the approval. So an operator who later rewrites the approval cannot make a log that
fits the packages that are out.

The entry of protection has figures of the original file: rows, risk, its digest. So a package has that entry's leaf
hash only. The auditor finds the entry in the log by the hash. The public sees that it was made before the request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from wasl.audit.notes import NoteVerifier
from wasl.audit.verification import verify_proof
from wasl.errors import VerificationError

__all__ = ["CONFIDENTIAL", "LOG_FOLDER", "PROVEN", "require_log_proofs"]

LOG_FOLDER = "log/"

PROVEN = {
    "protection": ("ProtectionApplied", "TablesProtected"),
    "request": ("ReleaseRequested",),
    "approval": ("ReleaseApproved", "TablesApprovedByRule"),
}
"""Name of each proof, and the kinds of entry it proves (of microdata, of tables), in the order in which the entries
were made."""

CONFIDENTIAL = frozenset({"protection"})
"""Proofs whose entry the public may not read; packages of wasl 0.2.0 and before have the entry."""


def require_log_proofs(files: Mapping[str, bytes], verifier: NoteVerifier) -> bool:
    """Check the proofs of a package; gives whether there are any.

    Args:
        files: The package's files by path.
        verifier: The key of the log.

    Raises:
        VerificationError: A proof is missing or does not hold, or the entries are not those of one release in order.
    """
    if not any(path.startswith(LOG_FOLDER) for path in files):
        return False
    indices: list[int] = []
    subjects: set[str] = set()
    protected: set[str] = set()
    for name, kinds in PROVEN.items():
        path = f"{LOG_FOLDER}{name}.json"
        try:
            document = json.loads(files[path])
            verify_proof(document, verifier)
            indices.append(document["index"])
            if name in CONFIDENTIAL and "leaf" in document:
                continue
            event = document["event"]
        except (KeyError, ValueError, TypeError) as error:
            raise VerificationError(f"{path} is missing or is not a proof.") from error
        if event.get("kind") not in kinds:
            raise VerificationError(f"{path} proves another kind of entry than {' or '.join(kinds)}.")
        subjects.add(str(event.get("subject")))
        if "protected" in event["detail"]:
            protected.add(str(event["detail"]["protected"]))
    if indices != sorted(indices) or len(subjects) != 1 or len(protected) > 1:
        raise VerificationError("the proofs are not those of one release: protected, then requested, then approved.")
    return True
