"""The functions of the library: tables in, results out; files and services are never needed.

An act on a machine that stores an authorization of its project is held to it, as on the command line.
"""

from wasl.facade.linkage import LinkageResult, encode, link, merge
from wasl.facade.outputs import assess, estimate, protect, publish, tabulate

__all__ = ["LinkageResult", "assess", "encode", "estimate", "link", "merge", "protect", "publish", "tabulate"]
