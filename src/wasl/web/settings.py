"""Settings of the service, each with its unit and its reason: environment first, then the TOML file."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from wasl.errors import InputError
from wasl.registers.document_faults import said_fault
from wasl.service.ports import Area, Limits, Part
from wasl.web.fitting_settings import require_fitting

__all__ = ["CONFIG_VARIABLE", "ServiceSettings", "load_settings"]

CONFIG_VARIABLE = "WASL_CONFIG"

SECRETS_VARIABLE = "WASL_SECRETS_DIR"
"""Names a folder of files, one a setting (``wasl_database_url``), as a vault's agent or systemd makes it."""

OTHER_VARIABLES = frozenset(
    {
        CONFIG_VARIABLE,
        SECRETS_VARIABLE,
        "WASL_HOME",
        "WASL_PASSPHRASE",
        "WASL_DEBUG",
        "WASL_TOKEN",
        "WASL_SERVER",
        "WASL_SPARK_MASTER",
    }
)
"""Variables of wasl's other verbs."""

TEST_PREFIX = "WASL_TEST_"


class ServiceSettings(BaseSettings):
    """Settings of the service: from ``WASL_<NAME>``, or from the name in the TOML file of ``WASL_CONFIG``.

    Every setting says its unit and why one would change it; secrets are never printed.
    """

    model_config = SettingsConfigDict(env_prefix="WASL_", extra="forbid", frozen=True)

    data_dir: Path = Field(
        default=Path("~/.wasl/service"), description="folder of the embedded database, the files and the signing key"
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL of the database, sqlite:///… or postgresql+psycopg://…; empty: wasl.db in "
        "data_dir. PostgreSQL is needed for several web processes and workers",
    )
    linkage_dir: Path | None = Field(
        default=None, description="folder of deliveries and scored pairs (linkage unit); empty: data_dir/linkage"
    )
    spine_dir: Path | None = Field(
        default=None, description="folder of join maps, links and spines (spine keeper); empty: data_dir/spine"
    )
    release_dir: Path | None = Field(
        default=None, description="folder of payloads and microdata (release desk); empty: data_dir/release"
    )
    public_dir: Path | None = Field(default=None, description="folder of published packages; empty: data_dir/public")
    part: Part = Field(
        default=Part.BOTH,
        description="both; or, in strong mode, linkage on the linkage unit's installation and spine on the keeper's",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 only behind a proxy or with TLS")
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port to listen on; 0: any free one")
    tls_certificate: Path | None = Field(
        default=None, description="PEM file; with tls_key, serves HTTPS without a proxy"
    )
    tls_key: Path | None = Field(default=None, description="PEM file of the certificate's private key")
    trusted_proxies: str = Field(
        default="127.0.0.1", description="addresses, comma-separated, whose X-Forwarded-For and -Proto are believed"
    )
    max_upload_bytes: int = Field(
        default=2 << 30, ge=1, description="bytes of one uploaded file; keeps one holder from filling the disk"
    )
    max_json_bytes: int = Field(default=1 << 20, ge=1, description="bytes of any other request body")
    max_header_bytes: int = Field(default=32 << 10, ge=1024, description="bytes of all request headers together")
    max_connections: int = Field(
        default=1000, ge=10, description="connections of one process at a time; more are answered 503"
    )
    header_seconds: float = Field(
        default=10, gt=0, description="seconds in which a request's head must arrive; keeps slow clients from piling up"
    )
    body_seconds: float = Field(
        default=20, gt=0, description="seconds in which a request's body must arrive, uploads apart"
    )
    upload_bytes_per_second: int = Field(
        default=2_000, ge=0, description="least average speed of an upload, after its first upload_stall_seconds"
    )
    upload_stall_seconds: float = Field(
        default=60, gt=0, description="seconds an upload may send nothing before it is given up"
    )
    min_free_bytes: int = Field(
        default=1 << 30, ge=0, description="bytes left on the disk below which uploads are refused and readiness fails"
    )
    scan_command: tuple[str, ...] = Field(
        default=(), description="program and arguments that scan each upload: exit 0 takes it, 1 refuses; empty: none"
    )
    scan_seconds: float = Field(default=120, gt=0, description="seconds the scanner may take for one file")
    max_rows: int = Field(default=20_000_000, ge=1, description="rows of one submission; bounds a linkage's memory")
    max_row_group_bytes: int = Field(
        default=1 << 30, ge=1, description="unpacked bytes of one Parquet row group; bounds memory while checking"
    )
    max_unpacked_bytes: int = Field(
        default=1 << 34, ge=1, description="unpacked bytes of one text column, and of all other columns together"
    )
    max_cell_bytes: int = Field(
        default=1024, ge=16, description="bytes of one value; no code, date or number is longer"
    )
    max_columns: int = Field(default=500, ge=1, description="columns of one submission")
    max_review_pairs: int = Field(default=500, ge=0, description="pairs put into the review queue of a run")
    require_authorization: bool = Field(
        default=False, description="whether a project may link and release only under a stored authorization"
    )
    two_person: bool = Field(
        default=True, description="whether two administrators must agree to a token, once there are two"
    )
    token_days: int = Field(default=366, ge=1, description="days a token may live at most")
    quarantine_days: float = Field(
        default=30, ge=0, description="days a file that no record names is kept in quarantine before it is deleted"
    )
    workers_in_process: int = Field(
        default=1, ge=0, le=8, description="job workers inside each web process; 0 where `wasl worker` runs"
    )
    lease_seconds: float = Field(
        default=60, ge=1, description="seconds a worker may be silent before its job goes to another"
    )
    poll_seconds: float = Field(default=1.0, gt=0, description="seconds between looks for a job")
    max_attempts: int = Field(
        default=5, ge=1, description="breakdowns for no known reason after which a job is parked; restarts do not count"
    )
    retry_seconds: float = Field(
        default=10, gt=0, description="seconds before a job that broke down is tried again; doubled each time"
    )
    erasure_hours: float = Field(
        default=24,
        ge=0,
        description="hours after which what is withdrawn or past its retention is erased; 0: only when asked for",
    )
    checkpoint_minutes: float = Field(
        default=60, gt=0, description="minutes after which the log, if it grew, is signed again"
    )
    requests_per_minute: int = Field(
        default=1200, ge=1, description="requests one token may make a minute, per process"
    )
    concurrent_requests: int = Field(
        default=32, ge=1, description="requests of one token served at a time, per process"
    )
    anonymous_requests_per_minute: int = Field(
        default=120, ge=1, description="requests one address may make a minute without a valid token, per process"
    )
    database_pool: int = Field(default=20, ge=1, description="connections to PostgreSQL kept open, per process")
    threads: int = Field(default=0, ge=0, description="threads of one linkage; 0: one per processor")
    record_key_file: Path | None = Field(
        default=None,
        description="secret of the record keys of perturbed tables, the same for all workers, kept for good; "
        "empty: data_dir/record.key",
    )
    signing_key_file: Path | None = Field(
        default=None, description="key that signs checkpoints and manifests, made if missing; empty: data_dir/log.key"
    )
    oidc_issuer: str = Field(default="", description="issuer of OIDC tokens, its URL; empty: only wasl's own tokens")
    oidc_audience: str = Field(default="wasl", description="audience an OIDC token must name")
    oidc_jwks_url: str = Field(
        default="",
        description="where the issuer's keys are; empty: as <issuer>/.well-known/openid-configuration says, on "
        "the issuer's own host",
    )
    oidc_role_claim: str = Field(default="wasl_role", description="claim that holds the role")
    oidc_project_claim: str = Field(
        default="wasl_project",
        description="claim that holds the only project, or * for all; without it a token reaches no project",
    )
    oidc_register_claim: str = Field(default="wasl_register", description="claim that holds the only register, if any")
    oidc_user_claim: str = Field(default="preferred_username", description="claim that holds the user's name")
    oidc_acr_values: str = Field(
        default="",
        description="strengths of the sign-in (claim acr), separated by spaces, one of which a token must name, "
        "such as that of a second factor; empty: any",
    )
    oidc_amr_values: str = Field(
        default="",
        description="means of the sign-in (claim amr), separated by spaces, one of which a token must name, such as "
        "mfa or hwk; empty: any",
    )
    oidc_cache_seconds: float = Field(
        default=300, gt=0, description="seconds after which the issuer's keys are fetched again, in the background"
    )
    oidc_stale_seconds: float = Field(
        default=86_400, gt=0, description="seconds the issuer's keys are used at most while it does not answer"
    )
    oidc_client_id: str = Field(
        default="",
        description="client id for signing in to the console by OIDC (code flow with PKCE); empty: not offered",
    )
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="secret of that client, where the issuer demands one beside PKCE"
    )
    oidc_authorization_url: str = Field(
        default="",
        description="where the issuer signs users in; empty: as its openid-configuration says, on its own host",
    )
    oidc_token_url: str = Field(
        default="",
        description="where the issuer exchanges codes; empty: as its openid-configuration says, on its own host",
    )
    public_url: str = Field(
        default="", description="address of the console as browsers see it, https://…; needed with oidc_client_id"
    )
    console_host: str = Field(
        default="",
        pattern=r"^[a-z0-9.-]*$",
        description="host name of the console, where the API has another one: pages are then under this name only, and "
        "the API under any other; empty: one name for both",
    )
    console_tokens: bool = Field(
        default=True,
        description="whether a token of wasl's opens a session of the console; false: the office's account alone, "
        "whose second factor oidc_acr_values and oidc_amr_values demand",
    )
    session_idle_minutes: float = Field(
        default=30, gt=0, description="minutes without a request after which a session of the console ends"
    )
    session_hours: float = Field(default=10, gt=0, description="hours after which a session of the console ends")
    session_confirm_minutes: float = Field(
        default=5, ge=0, description="minutes for which a confirmation of who one is counts: approve, publish, purge"
    )
    plain_connections: bool = Field(
        default=False,
        description="whether database and OIDC issuer may be reached without TLS on other machines than this one",
    )
    lang: Literal["fr", "ar", "en", ""] = Field(
        default="", description="language of the console where nobody chose one; empty: as the browser asks, or French"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least severity of what is written to stderr"
    )
    log_target: str = Field(
        default="",
        pattern=r"^(tls://[^/:@\s]+(:\d{1,5})?)?$",
        description="tls://host:port of a syslog server (RFC 5425) that gets every line, too; empty: none",
    )
    log_ca_file: Path | None = Field(default=None, description="PEM file of its authority; empty: the machine's")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - its folder is known when settings are read
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the folder of secrets, then the TOML file."""
        sources = [init_settings, env_settings]
        if secrets := os.environ.get(SECRETS_VARIABLE):
            sources.append(SecretsSettingsSource(settings_cls, secrets_dir=secrets))
        if file := os.environ.get(CONFIG_VARIABLE):
            sources.append(TomlConfigSettingsSource(settings_cls, Path(file)))
        return tuple(sources)

    @property
    def home(self) -> Path:
        """The data folder with ``~`` expanded."""
        return self.data_dir.expanduser().absolute()

    @property
    def url(self) -> str:
        """The database URL; may hold a password."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'wasl.db'}"

    @property
    def folders(self) -> dict[Area, Path]:
        """The folder of each area."""
        own = {
            Area.LINKAGE: self.linkage_dir,
            Area.SPINE: self.spine_dir,
            Area.RELEASE: self.release_dir,
            Area.PUBLIC: self.public_dir,
        }
        return {area: (path or self.home / area.value).expanduser() for area, path in own.items()}

    @property
    def key_path(self) -> Path:
        """The signing key's file."""
        return (self.signing_key_file or self.home / "log.key").expanduser()

    @property
    def record_key_path(self) -> Path:
        """The file with the secret of record keys, which perturbed tables are made with."""
        return (self.record_key_file or self.home / "record.key").expanduser()

    @property
    def limits(self) -> Limits:
        """The upper limits for the use cases."""
        return Limits(
            max_rows=self.max_rows,
            max_row_group_bytes=self.max_row_group_bytes,
            max_unpacked_bytes=self.max_unpacked_bytes,
            max_cell_bytes=self.max_cell_bytes,
            max_columns=self.max_columns,
            max_review_pairs=self.max_review_pairs,
            token_days=self.token_days,
        )


def load_settings(config: Path | None = None, **changes: Any) -> ServiceSettings:
    """The settings of this process; unknown names in the environment or the file are refused.

    Args:
        config: The TOML file; None for the one ``WASL_CONFIG`` names, if it names one.
        changes: Settings given on the command line; they go before all others.

    Raises:
        InputError: A setting is unknown, or its value is not allowed; names the setting, never its value.
    """
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config)
    file = os.environ.get(CONFIG_VARIABLE)
    if file and not Path(file).is_file():
        raise InputError(f"{file}: no such file of settings.", remedy="Correct --config or WASL_CONFIG.")
    known = {f"WASL_{name.upper()}" for name in ServiceSettings.model_fields}
    unknown = sorted(
        name
        for name in os.environ
        if name.upper().startswith("WASL_")
        and name.upper() not in known | OTHER_VARIABLES
        and not name.startswith(TEST_PREFIX)
    )
    if unknown:
        raise InputError(
            f"unknown settings in the environment: {', '.join(_meant(name, known) for name in unknown)}.",
            remedy="docs/reference/settings.md lists all settings.",
        )
    _require_secrets()
    try:
        settings = ServiceSettings(**changes)
        require_fitting(settings)
        return settings
    except ValidationError as error:
        # The reason only: a value may be a secret.
        names = set(ServiceSettings.model_fields)
        reasons = "; ".join(
            f"{_meant(str(item['loc'][0]), names)}: unknown setting"
            if item["type"] == "extra_forbidden"
            else f"{'.'.join(map(str, item['loc']))}: {said_fault(item)}"
            for item in error.errors(include_input=False, include_url=False)
        )
        raise InputError(
            f"the settings do not hold together: {reasons}.", remedy="See docs/reference/settings.md."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: not a TOML file ({error}).") from error


def _meant(name: str, known: Iterable[str]) -> str:
    """An unknown name, with the known one it is most like."""
    near = difflib.get_close_matches(name.upper() if name.isupper() else name, sorted(known), n=1)
    return f"{name} (did you mean {near[0]}?)" if near else name


def _require_secrets() -> None:
    """Refuse a folder of secrets that is not there, or that has a file for no setting.

    Raises:
        InputError: It is; names the file, never what it holds.
    """
    named = os.environ.get(SECRETS_VARIABLE)
    if not named:
        return
    folder = Path(named)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of secrets.", remedy=f"Correct {SECRETS_VARIABLE}.")
    known = {f"wasl_{name}" for name in ServiceSettings.model_fields}
    files = [one.name for one in folder.iterdir() if one.is_file() and one.name.lower().startswith("wasl_")]
    unknown = sorted(name for name in files if name.lower() not in known)
    if unknown:
        raise InputError(
            f"{folder}: files for no setting: {', '.join(_meant(name, known) for name in unknown)}.",
            remedy="docs/reference/settings.md lists all settings.",
        )
