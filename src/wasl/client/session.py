"""The service's verbs as methods."""

from __future__ import annotations

from wasl.client.audit import Audit
from wasl.client.installation import Installation
from wasl.client.linkage import Linkage
from wasl.client.projects import Projects
from wasl.client.releases import Releases
from wasl.client.submissions import Submissions
from wasl.client.tables import Tables

__all__ = ["Client"]


class Client(Installation, Projects, Submissions, Linkage, Releases, Tables, Audit):
    """A session with the service under one token, or as the public without one.

    Documents (plans, policies, specifications …) are mappings, or the text of a TOML file.

    >>> with Client("https://wasl.example.ma", token) as client:  # doctest: +SKIP
    ...     client.send_delivery("simimo", "cnss-employees", Path("delivery.parquet"))
    """
