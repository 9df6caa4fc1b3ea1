"""``wasl push`` and ``wasl pull``: a holder's files to the service, published packages and results from it."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wasl.cli.output import JsonFlag, emit, progress, say
from wasl.cli.pins import pin_key
from wasl.errors import InputError, MissingExtraError, VerificationError

if TYPE_CHECKING:
    from wasl.audit.notes import NoteVerifier
    from wasl.client import Client

__all__ = ["register"]

TOKEN_VARIABLE = "WASL_TOKEN"  # noqa: S105 - the name of a variable
ADDRESS_VARIABLE = "WASL_SERVER"
TOKEN = re.compile(r"[!-~]+")
"""Visible ASCII: a header carries nothing else."""

ServerOption = Annotated[str, typer.Option("--server", envvar=ADDRESS_VARIABLE, help="The service's address.")]
TokenOption = Annotated[
    Path | None, typer.Option("--token-file", help=f"File with the token; default: the variable {TOKEN_VARIABLE}.")
]


def register(app: typer.Typer) -> None:
    """Add ``wasl push`` and ``wasl pull``."""
    app.command()(push)
    app.command()(pull)


def push(
    delivery: Annotated[Path, typer.Argument(help="What `wasl encode --out` wrote.")],
    server: ServerOption,
    join: Annotated[Path | None, typer.Option(help="What `wasl encode --join` wrote.")] = None,
    payload: Annotated[Path | None, typer.Option(help="What `wasl encode --payload` wrote.")] = None,
    spine_server: Annotated[
        str | None, typer.Option(help="The spine keeper's own installation, for join map and payload (strong mode).")
    ] = None,
    token_file: TokenOption = None,
    spine_token_file: Annotated[Path | None, typer.Option(help="File with the token for --spine-server.")] = None,
    json_output: JsonFlag = False,
) -> None:
    """Send a delivery, and its join map and payload, to the project and register the token is for.

    Sending the same file twice changes nothing, and a broken connection is tried again.

    Example: wasl push delivery.parquet --join join.parquet --payload payload.parquet --server https://wasl.hcp.ma
    """
    _require_client()
    from wasl.client import Client

    files = {"delivery": delivery, "join_map": join, "payload": payload}
    given = {kind: file for kind, file in files.items() if file is not None}
    for file in given.values():  # before anything is sent: a part of a delivery helps nobody
        if not file.is_file():
            raise InputError(f"{file}: no such file.")
    token = _token(token_file)
    with (
        Client(server, token) as client,
        Client(spine_server or server, _spine_token(token, spine_token_file)) as keeper,
    ):
        receivers = {kind: client if kind == "delivery" else keeper for kind in given}
        places = {id(one): _holders_place(one) for one in receivers.values()}
        sent = []
        for kind, file in given.items():
            one = _push(receivers[kind], places[id(receivers[kind])], kind, file)
            sent.append(one)
            if not json_output:
                say(f"{one['kind']} {one['id']}: {one['rows']:,} rows, {one['digest']}")
    if json_output:
        emit({"sent": sent})


def pull(
    release: Annotated[str, typer.Argument(help="A release's id (`wasl pull --list` shows them).")] = "",
    server: ServerOption = "",
    out: Annotated[Path | None, typer.Option(help="Folder to unpack into; must not exist.")] = None,
    list_releases: Annotated[bool, typer.Option("--list", help="Show the catalogue instead.")] = False,
    public_key: Annotated[str, typer.Option(help="The publisher's key, to verify the package with.")] = "",
    json_output: JsonFlag = False,
) -> None:
    """Fetch a published release, unpack and verify it; needs no token.

    It is verified against the key you name, or the key pinned for the server. The first key of a server is pinned;
    another one later is refused.

    Example: wasl pull 01a2011dd8d4b5d0c1a2b3c4d5e6f708 --server https://wasl.hcp.ma --out release/
    """
    _require_client()
    from wasl.cli.log_entries import read_verifier
    from wasl.client import Client

    if not server:
        raise InputError("pull needs the service's address.", remedy=f"Give --server or set {ADDRESS_VARIABLE}.")
    with Client(server) as client:
        if list_releases or not release:
            _show_catalogue(client, json_output)
            return
        folder = out or Path(release)
        if folder.exists():
            raise InputError(f"{folder}: exists already.", remedy="Name another folder with --out.")
        named = read_verifier(public_key) if public_key else None  # a wrong one is found before anything is fetched
        folder.parent.mkdir(parents=True, exist_ok=True)
        archive = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.zip")  # a name nobody else's file has
        try:
            with progress("fetching") as report:
                digest = client.download_published(release, archive, report)
            files, signer, known = _unpack(archive, folder, named, server)
        except OSError as error:
            raise _at(folder.parent, error) from error
        finally:
            archive.unlink(missing_ok=True)
    if json_output:
        shown = {"release": release, "folder": str(folder), "digest": digest, "files": files}
        emit(shown | {"signer": signer, "key": known, "verified": known != "new"})
    elif known == "new":
        say(
            f"{folder}: {files} files, undamaged. Signed with {signer}, a key not seen before; "
            f"it is pinned for {server}."
        )
        say("Whose key it is, nobody has checked: compare it with the publisher's, or name it with --public-key.")
    else:
        say(f"{folder}: {files} files, verified with the {known} key {signer}.")


def _require_client() -> None:
    """Refuse, with the remedy, where the HTTP library is not installed.

    Raises:
        MissingExtraError: It is not.
    """
    if importlib.util.find_spec("httpx") is None:
        raise MissingExtraError("service", "talking to the service")


def _holders_place(client: Client) -> tuple[str, str]:
    """The project and register that the token is for.

    Raises:
        InputError: It is not a holder's.
    """
    me = client.whoami()
    if me.project is None or me.register is None:
        raise InputError("this token is not a holder's: it names no project and register.")
    return me.project, me.register


def _push(client: Client, place: tuple[str, str], kind: str, file: Path) -> dict[str, object]:
    send = {"delivery": client.send_delivery, "join_map": client.send_join_map, "payload": client.send_payload}[kind]
    with progress(f"sending {file.name}") as report:
        sent = send(*place, file, report)
    return {"kind": sent.kind, "id": sent.id, "digest": sent.digest, "rows": sent.rows}


def _show_catalogue(client: Client, json_output: bool) -> None:
    found = client.catalogue()
    if json_output:
        emit({"releases": [{"id": r.id, "title": r.title, "published_at": r.published_at} for r in found]})
        return
    for one in found:
        say(f"{one.id}  {one.published_at}  {one.title}")
    if not found:
        say("Nothing is published yet.")


def _unpack(
    archive: Path, folder: Path, named: NoteVerifier | None, server: str
) -> tuple[int, str, Literal["named", "pinned", "new"]]:
    """Verify a package and write it out, whole or not at all; a key is pinned only when the folder is written.

    Returns:
        The number of its files, the key it is signed with, and whether the user named that key, had it pinned for the
        server before, or sees it for the first time.

    Raises:
        VerificationError: It is not a package, a file in it was changed, or another key is pinned for the server.
    """
    from wasl.cli.publication import staged_folder
    from wasl.publication.package import verify_package

    files = _files_of(archive)
    checked = verify_package(files, named)
    checked.require()
    known: Literal["named", "pinned", "new"] = "named"
    with staged_folder(files, folder):
        if named is None:
            known = "new" if pin_key("publisher", _owner(server), checked.signer) == "new" else "pinned"
    return len(files), checked.signer, known


def _files_of(archive: Path) -> dict[str, bytes]:
    """The files of a package by their names.

    Raises:
        VerificationError: It is no archive, is damaged, or names a file twice or outside its folder.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
            files = {name: opened.read(name) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        # RuntimeError: encrypted, or packed in a way that Python does not know
        raise VerificationError("what the service sent is not a release package.") from error
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise VerificationError("the package names a file outside its folder.")
    if len(files) < len(names):
        raise VerificationError("the package names a file twice.")
    return files


def _owner(server: str) -> str:
    """The address of a server in its one spelling: a pinned key is found again under each of them."""
    import httpx

    return str(httpx.URL(server)).rstrip("/")


def _at(folder: Path, error: OSError) -> OSError:
    """The error with the place where it happened; a full disk names none."""
    if error.filename or error.errno is None:
        return error
    return OSError(error.errno, error.strerror or type(error).__name__, str(folder))


def _token(file: Path | None) -> str:
    if file is not None:
        if not file.is_file():
            raise InputError(f"{file}: no such file.")
        token = file.read_bytes().decode("utf-8-sig", errors="replace").strip()
        if TOKEN.fullmatch(token) is None:
            raise InputError(f"{file}: the file holds no token.", remedy="It holds the token alone, in one line.")
        return token
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if TOKEN.fullmatch(token) is None:
        raise InputError("there is no token.", remedy=f"Give --token-file, or set {TOKEN_VARIABLE}.")
    return token


def _spine_token(token: str, file: Path | None) -> str:
    return token if file is None else _token(file)
