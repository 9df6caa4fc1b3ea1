"""Typed settings, read from the environment (``WASL_…``) and, where given, a TOML file; only at the edge."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Settings of the command line.

    Attributes:
        home: Folder of this installation's audit log and signing keys.
        threads: Threads of the local engine; 0 means one per processor.
        progress: Whether long work may draw progress bars on a terminal.
    """

    model_config = SettingsConfigDict(env_prefix="WASL_", extra="ignore")

    home: Path = Field(default=Path("~/.wasl"), description="folder of the audit log and the signing keys")
    threads: int = Field(default=0, ge=0, description="threads of the local engine; 0: one per processor")
    progress: bool = Field(default=True, description="whether progress bars may be drawn on a terminal")

    @property
    def home_dir(self) -> Path:
        """The home folder with ``~`` expanded."""
        return self.home.expanduser()
