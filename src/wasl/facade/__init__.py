"""The functions of the library: tables in, results out; files and services are never needed.

An act on a machine that stores an authorization of its project is held to it, as on the command line.
"""

from wasl.facade.linkage import LinkageResult, encode, evaluate, link, merge, new_key
from wasl.facade.outputs import assemble, assess, estimate, protect, publish, tabulate

__all__ = [
    "LinkageResult",
    "assemble",
    "assess",
    "encode",
    "estimate",
    "evaluate",
    "link",
    "merge",
    "new_key",
    "protect",
    "publish",
    "tabulate",
]
