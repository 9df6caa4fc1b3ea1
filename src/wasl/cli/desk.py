"""``wasl desk``: the holder's page on this machine."""

from __future__ import annotations

import importlib.util
import socket
import tempfile
import webbrowser
from typing import Annotated

import typer

from wasl.cli.output import say
from wasl.errors import InputError, MissingExtraError

__all__ = ["register"]

NEEDED = ("fastapi", "uvicorn", "multipart")


def register(app: typer.Typer) -> None:
    """Add the verb ``desk``."""
    app.command("desk")(desk)


def desk(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: a free one.")] = 0,
    language: Annotated[str, typer.Option(help="fr, ar or en, where the browser names none.")] = "fr",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")] = True,
) -> None:
    """Open the holder's page: check, map columns, encode, send; compare own registers; open what came back.

    It answers this machine only, under an address that is good once. Its working files are deleted when it ends.

    Example: wasl desk
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError("the desk", "desk")
    import uvicorn

    from wasl.desk.app import Desk, create_desk
    from wasl.desk.guard import Guard
    from wasl.desk.workspace import Workspace
    from wasl.locale import LANGUAGES, negotiate
    from wasl.settings import Settings

    if language not in LANGUAGES:
        raise InputError(f"--language {language}: no such language.", remedy=f"Choose {', '.join(LANGUAGES)}.")
    listener = _listen(port)
    place = listener.getsockname()[1]
    home = Settings().home_dir
    workspace = Workspace(home)
    tempfile.tempdir = str(workspace.folder)  # files on their way in lie there too, not in a folder of everybody
    entrance = f"http://127.0.0.1:{place}/open/"

    def opened_anew(ticket: str) -> None:
        say(f"The session of the desk has ended; this address opens it again, once: {entrance}{ticket}")

    guard = Guard(frozenset({f"127.0.0.1:{place}", f"localhost:{place}"}), on_end=opened_anew)
    made = Desk(home, guard, workspace, language=negotiate(language))
    address = f"{entrance}{guard.ticket}"
    say(f"The desk is open; this address works once: {address}")
    say("Close it with Ctrl-C; its working files are then deleted.")
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(create_desk(made), log_level="critical", access_log=False, lifespan="off")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        made.close()
        listener.close()


def _listen(port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1 only.

    Raises:
        InputError: The port is in use.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise InputError(f"port {port} is in use.", remedy="Take another one, or none for a free one.") from error
    listener.listen(64)
    return listener
