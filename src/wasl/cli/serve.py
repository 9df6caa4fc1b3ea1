"""``wasl serve``, ``worker``, ``migrate`` and ``user``: the service, on one machine or on many."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wasl.cli.language import said
from wasl.cli.output import JsonFlag, emit, say, show_table
from wasl.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from wasl.web.installation import Installation
    from wasl.web.settings import ServiceSettings

__all__ = ["open_installation", "register", "service_settings"]

NEEDED = (
    "fastapi",
    "uvicorn",
    "sqlalchemy",
    "alembic",
    "argon2",
    "joserfc",
    "prometheus_client",
    "httpx",
    "python_multipart",
)
DEFAULT_DAYS = 90

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings; WASL_… variables go first.")
]

user_app = typer.Typer(no_args_is_help=True, help="Users of the service and their tokens.")

signing_app = typer.Typer(no_args_is_help=True, help="The key that signs the service's log.")


def register(app: typer.Typer) -> None:
    """Add the service's verbs."""
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)
    app.add_typer(user_app, name="user")
    app.add_typer(signing_app, name="signing")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the setting.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0: any free one.")] = None,
    config: ConfigOption = None,
    accept_older_database: Annotated[
        bool, typer.Option("--accept-older-database", help="Go on with a database older than its folders; logged.")
    ] = False,
) -> None:
    """Start the service: with no configuration SQLite and a local folder, API and worker in one process.

    The first start prints an administrator's token, once.

    Example: wasl serve --port 8000
    """
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = service_settings(config, **changed)
    from wasl.web.listening import bind, require_tls

    secure = require_tls(settings)
    with bind(settings) as listening:
        # What cannot work is said above, before the service itself is read in.
        import uvicorn

        from wasl.web.app import create_app
        from wasl.web.connection import server_config
        from wasl.web.installation import configure_logging
        from wasl.web.middleware import Metrics
        from wasl.web.scanner import require_scanner

        require_scanner(settings)
        configure_logging(settings)
        installation = _open(settings, accept_older=accept_older_database)
        swept = installation.sweep()
        if swept.quarantined:
            count = len(swept.quarantined)
            sys.stderr.write(said(f"{count} files that no record names were set aside (.quarantine).") + "\n")
        issued = installation.first_admin()
        if issued is not None:
            token = issued.secret
            sys.stderr.write(said(f"First administrator's token (shown once; store it now): {token}") + "\n")
        name, number = listening.getsockname()[:2]
        _say_where(f"{'https' if secure else 'http'}://{f'[{name}]' if ':' in name else name}:{number}", settings)
        server = uvicorn.Server(server_config(create_app(installation, Metrics.shared()), settings))
        server.run(sockets=[listening])
        installation.close()


def _say_where(address: str, settings: ServiceSettings) -> None:
    """Tell the operator where the service listens, how to sign in, and where to read on."""
    lines = [
        f"wasl listens on {address} (API: {address}/v1, description: {address}/v1/openapi.json)",
        f"Data, log and signing key: {settings.home}",
        f"Console: {address}/console (catalogue for everybody: {address}/)",
        "Sign in: wasl user add NAME; wasl user token NAME --role ROLE; console, or 'Authorization: Bearer TOKEN'",
        "Manual: docs/service.md, docs/deployment.md, docs/security.md. Stop with Ctrl+C.",
    ]
    if not address.startswith("https") and settings.host not in ("127.0.0.1", "::1", "localhost"):
        lines.insert(1, "Warning: this address is reached from other machines without TLS; tokens travel in the clear.")
    sys.stderr.write(said("\n".join(lines)) + "\n")
    sys.stderr.flush()


def worker(config: ConfigOption = None) -> None:
    """Work on jobs until told to stop; any number of workers share a PostgreSQL database.

    Example: WASL_DATABASE_URL=postgresql+psycopg://wasl@db/wasl wasl worker
    """
    import signal
    import threading
    from types import FrameType

    from wasl.web.installation import configure_logging

    settings = service_settings(config)
    configure_logging(settings)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    installation = _open(settings)
    installation.worker().run(stop)
    installation.close()


def migrate(
    revision: Annotated[str, typer.Argument(help="head, base, or a revision's name.")] = "head",
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Bring the database to this release's schema; a schema that wasl does not know is refused.

    Example: wasl migrate
    """
    settings = service_settings(config)
    from wasl.storage.database import connect, opened_in_words
    from wasl.storage.schema import migrate as bring

    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with opened_in_words(settings.url):
        engine = connect(settings.url)
        before, after = bring(engine, revision)
        engine.dispose()
    if json_output:
        emit({"before": before, "after": after})
    else:
        say(f"The database is at revision {after or 'none'} (before: {before or 'none'}).")


@signing_app.command("rotate")
def signing_rotate(
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    lost: Annotated[bool, typer.Option("--lost", help="The old key is lost and cannot sign the new one.")] = False,
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Sign the log with a new key: the old key signs the new one, in the log and in its exports.

    Stop the service first, and start it again afterwards.

    Example: wasl signing rotate --reason "yearly change"
    """
    from wasl.web.installation import Installation

    settings = service_settings(config)
    if lost:
        new = Installation.replace_lost_key(settings, reason=reason)
    else:
        installation = _open(settings)
        new = installation.rotate_key(reason=reason)
        installation.close()
    if json_output:
        emit({"public_key": str(new.verifier), "lost": lost})
    else:
        say(f"The log is signed with {new.verifier} from here on. Give this key to those who verify.")


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, '.', '_', '@', '-'.")],
    title: Annotated[str, typer.Option(help="Full name or office, for readers of the log.")] = "",
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Make a user known to the service.

    Example: wasl user add amina --title "Release desk, HCP"
    """
    from wasl.service.users import add_user

    installation = _open(service_settings(config))
    user = add_user(installation.office, installation.operator(), name=name, title=title)
    installation.close()
    if json_output:
        emit({"user": user.id, "title": user.title})
    else:
        say(f"User {user.id} added. Give a token: wasl user token {user.id} --role ROLE")


@user_app.command("token")
def user_token(
    name: Annotated[str, typer.Argument(help="For whom.")],
    role: Annotated[str, typer.Option(help="holder, linkage, spine, reviewer, release, approver, auditor or admin.")],
    project: Annotated[str | None, typer.Option(help="The only project it reaches.")] = None,
    register_name: Annotated[str | None, typer.Option("--register", help="The only register it reaches.")] = None,
    days: Annotated[int, typer.Option(help="Days it lives.")] = DEFAULT_DAYS,
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Issue a token; it is printed once and stored only as a hash.

    Example: wasl user token cnss --role holder --project simimo --register cnss-employees
    """
    from wasl.service.access import Role

    if role not in set(Role):
        raise InputError(f"there is no role {role!r}.", remedy=f"One of: {', '.join(Role)}.")
    installation = _open(service_settings(config))
    from wasl.service.users import issue_token
    from wasl.web.secrets import new_secret

    issued = issue_token(
        installation.office,
        installation.operator(),
        user=name,
        role=Role(role),
        project=project,
        register=register_name,
        days=days,
        new_secret=new_secret,
    )
    installation.close()
    if json_output:
        emit({"user": name, "role": role, "expires_at": issued.token.expires_at, "token": issued.secret})
    else:
        say(issued.secret)


@user_app.command("disable")
def user_disable(
    name: Annotated[str, typer.Argument(help="Who.")], config: ConfigOption = None, json_output: JsonFlag = False
) -> None:
    """Make all tokens of a user useless at once.

    Example: wasl user disable amina
    """
    _set_disabled(name, config, json_output, disabled=True)


@user_app.command("enable")
def user_enable(
    name: Annotated[str, typer.Argument(help="Who.")], config: ConfigOption = None, json_output: JsonFlag = False
) -> None:
    """Let a disabled user in again; the way back for an administrator who locked himself out.

    Example: wasl user enable amina
    """
    _set_disabled(name, config, json_output, disabled=False)


@user_app.command("release-account")
def user_release_account(
    name: Annotated[str, typer.Argument(help="The user name.")],
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Let another account of the OIDC issuer have a user name, as after a change of the issuer.

    Example: wasl user release-account amina
    """
    from wasl.service.identities import release_identity
    from wasl.storage.sessions import SessionTable

    installation = _open(service_settings(config))
    try:
        release_identity(installation.office, installation.operator(), user=name)
        SessionTable(installation.engine).remove_all(name)  # the next account of this name has no part in them
    finally:
        installation.close()
    if json_output:
        emit({"user": name, "released": True})
    else:
        say(f"The user name {name} is free for the next account that signs in with it.")


def _set_disabled(name: str, config: Path | None, json_output: bool, *, disabled: bool) -> None:
    from wasl.service.records import User
    from wasl.service.users import disable_user, enable_user

    installation = _open(service_settings(config))
    try:
        with installation.ledger.reading() as state:
            version = state.get(User, name).version
        act = disable_user if disabled else enable_user
        act(installation.office, installation.operator(), name=name, version=version)
    finally:
        installation.close()
    if json_output:
        emit({"user": name, "disabled": disabled})
    else:
        say(f"User {name} is {'disabled' if disabled else 'enabled'}.")


@user_app.command("list")
def user_list(config: ConfigOption = None, json_output: JsonFlag = False) -> None:
    """List users and their tokens, without secrets.

    Example: wasl user list
    """
    from wasl.service.records import Token, User

    installation = _open(service_settings(config))
    with installation.ledger.reading() as state:
        users, tokens = state.select(User), state.select(Token)
    installation.close()
    rows = [
        {
            "user": token.user,
            "token": token.id,
            "role": token.role,
            "project": token.project or "",
            "register": token.register or "",
            "expires_at": token.expires_at,
            "revoked": token.revoked,
        }
        for token in tokens
    ]
    if json_output:
        emit({"users": [{"user": user.id, "disabled": user.disabled} for user in users], "tokens": rows})
        return
    show_table("Users", ("user", "title", "disabled"), [(user.id, user.title, user.disabled) for user in users])
    show_table("Tokens", tuple(rows[0]) if rows else ("user",), [tuple(row.values()) for row in rows])


@user_app.command("revoke")
def user_revoke(
    token: Annotated[str, typer.Argument(help="The token's id (`wasl user list`), not its secret.")],
    config: ConfigOption = None,
    json_output: JsonFlag = False,
) -> None:
    """Make a token useless at once.

    Example: wasl user revoke 01a2011dd8d4b5d0c1a2b3c4d5e6f708
    """
    from wasl.service.records import Token
    from wasl.service.users import revoke_token

    installation = _open(service_settings(config))
    with installation.ledger.reading() as state:
        version = state.get(Token, token).version
    revoke_token(installation.office, installation.operator(), token=token, version=version)
    installation.close()
    if json_output:
        emit({"token": token, "revoked": True})
    else:
        say(f"Token {token} is revoked.")


def service_settings(config: Path | None, **changes: Any) -> ServiceSettings:
    """The settings of a process of the service; whatever it writes is readable by its user alone.

    Raises:
        MissingExtraError: The service is not installed.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError("service", "the service")
    from wasl.web.settings import load_settings

    os.umask(0o077)  # whatever the service writes is its user's alone
    return load_settings(config, **changes)


def open_installation(config: Path | None) -> Installation:
    """The installation that the settings name, for a verb that works in it and ends."""
    return _open(service_settings(config))


def _open(settings: ServiceSettings, *, accept_older: bool = False) -> Installation:
    from wasl.storage.database import opened_in_words
    from wasl.web.installation import Installation

    with opened_in_words(settings.url):
        return Installation.open(settings, accept_older=accept_older)
