"""``wasl key``: project keys, holders' identities and signing keys, made, wrapped, shown and read."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wasl.cli.language import said
from wasl.cli.output import JsonFlag, emit, say
from wasl.cli.pins import pin_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wasl.holder.keys import LinkageKey

__all__ = [
    "ExpectKeyOption",
    "IdentityOption",
    "IssuerOption",
    "KeyOption",
    "add_key_verbs",
    "new_key_file",
    "read_key",
    "read_signer",
]

PASSPHRASE_VARIABLE = "WASL_PASSPHRASE"  # noqa: S105 - the name of a variable

KeyOption = Annotated[Path, typer.Option("--key", help="The project's key file.")]
IssuerOption = Annotated[
    str | None, typer.Option("--issuer", help="Public key a wrapped key must be signed with (file or text).")
]
ExpectKeyOption = Annotated[
    str | None, typer.Option("--expect-key-id", help="Id the key must have, as its issuer told you.")
]
IdentityOption = Annotated[Path | None, typer.Option("--identity", help="Your identity file, for a wrapped key.")]


def add_key_verbs(app: typer.Typer) -> None:
    """Add ``key new``, ``key wrap``, ``key identity``, ``key signer`` and ``key show``."""
    key_app = typer.Typer(no_args_is_help=True, help="Project keys: make, protect, wrap for holders, show.")
    app.add_typer(key_app, name="key")
    key_app.command("new")(new_key)
    key_app.command("wrap")(wrap_key)
    key_app.command("identity")(make_identity)
    key_app.command("signer")(make_signer)
    key_app.command("show")(show_key)


def new_key(
    project: Annotated[str, typer.Option("--project", help="Name of the project the key is for.")],
    out: Annotated[Path, typer.Option("--out", help="Key file to write; never overwritten.")],
    passphrase: Annotated[bool, typer.Option("--passphrase", help="Protect the file with a passphrase.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a new project key from the operating system's randomness.

    Example: wasl key new --project simimo-2026 --out simimo.key
    """
    from wasl.holder.keyfile import describe_key_file

    key = new_key_file(project, out, passphrase=_ask_passphrase(confirm=True) if passphrase else None)
    shown = describe_key_file(out.read_bytes()) | {"file": str(out)}
    if as_json:
        emit(shown)
    else:
        say(f"Key {key.key_id} of project {project} in {out} (protection: {shown['protection']}).")
        say("Whoever has it can test guesses of names against deliveries: it stays with the holders.")


def new_key_file(project: str, out: Path, *, passphrase: str | None = None) -> LinkageKey:
    """Make a key, write its file and record the event."""
    from wasl.audit.events import KeyCreated
    from wasl.cli.audit_trail import record_event
    from wasl.holder.keyfile import seal_open, seal_passphrase
    from wasl.holder.keys import SECRET_BYTES, LinkageKey

    key = LinkageKey.new(project, os.urandom(SECRET_BYTES))
    _write_secret(out, seal_open(key) if passphrase is None else seal_passphrase(key, passphrase, os.urandom(28)))
    record_event(KeyCreated(), project=project, subject=key.key_id)
    return key


def wrap_key(
    key: KeyOption,
    to: Annotated[list[str], typer.Option("--to", help="Public key of a holder (file or text); repeat for several.")],
    out: Annotated[Path, typer.Option("--out", help="Wrapped key file to write.")],
    sign: Annotated[
        Path | None,
        typer.Option("--sign", help="Your signing key (`wasl key signer`); default: one kept in your home folder."),
    ] = None,
    identity: IdentityOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Wrap the key for holders, so that each opens it with their own identity and it can travel.

    The file is signed, because anybody can encrypt for a public key. Tell the holders your public key and the key's id
    by another way than the file.

    Example: wasl key wrap --key simimo.key --to cnss.pub --to dgsn.pub --out simimo.wrapped.key
    """
    from wasl.audit.events import KeyWrapped
    from wasl.cli.audit_trail import record_event
    from wasl.holder.keyfile import describe_key_file, seal_recipients

    secret = read_key(key, identity)
    publics = [Path(text).read_text(encoding="ascii").strip() if Path(text).is_file() else text for text in to]
    data = seal_recipients(secret, publics, _issuer(sign))
    _write_secret(out, data)
    record_event(KeyWrapped(recipients=len(publics)), project=secret.project, subject=secret.key_id)
    shown = describe_key_file(data) | {"file": str(out)}
    if as_json:
        emit(shown)
    else:
        say(f"Key {secret.key_id} wrapped for {len(publics)} holder(s) in {out}, signed with {shown['issuer']}.")
        say("Tell the holders this key and the key's id by another way: they open it with --issuer or --expect-key-id.")


def make_identity(
    out: Annotated[
        Path, typer.Option("--out", help="Identity file to write (private); the public key goes to OUT.pub.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Make your own identity, so that project keys can be wrapped for you.

    Example: wasl key identity --out cnss.identity
    """
    from wasl.holder.keyfile import identity_public, new_identity

    identity = new_identity()
    _write_secret(out, identity.encode() + b"\n")
    public = out.with_name(out.name + ".pub")
    public.write_text(identity_public(identity) + "\n", encoding="ascii")
    if as_json:
        emit({"identity": str(out), "public": str(public), "public_key": identity_public(identity)})
    else:
        say(f"Identity in {out} (keep it), public key in {public} (send it).")


def make_signer(
    out: Annotated[Path, typer.Option("--out", help="Signing key to write (private); the public key goes to OUT.pub.")],
    as_json: JsonFlag = False,
) -> None:
    """Make your own signing key, so that deliveries show who made them.

    Example: wasl key signer --out cnss.signer
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public_key = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    _write_secret(out, base64.b64encode(private.private_bytes_raw()) + b"\n")
    public = out.with_name(out.name + ".pub")
    public.write_text(public_key + "\n", encoding="ascii")
    if as_json:
        emit({"signer": str(out), "public": str(public), "public_key": public_key})
    else:
        say(f"Signing key in {out} (keep it), public key in {public} (send it).")


def show_key(
    key: Annotated[Path, typer.Argument(help="A key file.")],
    as_json: JsonFlag = False,
) -> None:
    """Show which key a file holds and how it is protected; never the secret.

    Example: wasl key show simimo.key
    """
    from wasl.holder.keyfile import describe_key_file

    shown = describe_key_file(_read_bytes(key))
    if as_json:
        emit(shown)
    else:
        for name, value in shown.items():
            say(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


def read_key(
    path: Path, identity: Path | None = None, *, issuer: str | None = None, expect_key_id: str | None = None
) -> LinkageKey:
    """The key in a file; asks for its passphrase (or takes it from ``WASL_PASSPHRASE``) where it has one.

    The first issuer of a project's wrapped keys is pinned unless one is named; another one later is refused.

    Args:
        path: The key file.
        identity: The holder's identity file, for a wrapped key.
        issuer: The issuer's public key, as text or in a file.
        expect_key_id: The key id the file must hold.

    Raises:
        KeyFileError: It cannot be opened, is not what was expected, or an unprotected file is readable by others.
        VerificationError: A wrapped key comes from another issuer than before.
    """
    from wasl.errors import KeyFileError
    from wasl.holder.keyfile import describe_key_file, open_key_file

    data = _read_bytes(path)
    described = describe_key_file(data)
    protection = described["protection"]
    if protection == "none" and os.name == "posix" and path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path}: others on this machine can read the key.", remedy=f"chmod 600 {path}")
    passphrase = _ask_passphrase(confirm=False) if protection == "passphrase" else None
    private = _read_bytes(identity).decode("ascii", "replace") if identity is not None else None
    named = None
    if issuer is not None:
        named = Path(issuer).read_text(encoding="ascii").strip() if Path(issuer).is_file() else issuer
    key = open_key_file(data, passphrase=passphrase, identity=private, issuer=named, expect_key_id=expect_key_id)
    if protection == "recipients" and named is None and pin_key("issuer", key.project, described["issuer"]) == "new":
        notice = (
            f"The key of project {key.project} was issued by {described['issuer']}, a key not seen before; "
            "it is pinned. Compare it with its owner's, or name it with --issuer."
        )
        typer.echo(said(notice), err=True)
    return key


def _issuer(sign: Path | None) -> Ed25519PrivateKey:
    """The signing key given, or the one in the home folder, made at its first use."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wasl.settings import Settings

    place = sign or Settings().home_dir / "issuer.signer"
    if sign is None and not place.is_file():
        _write_secret(place, base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()) + b"\n")
    return read_signer(place)


def read_signer(path: Path) -> Ed25519PrivateKey:
    """The private key in a signing key file.

    Raises:
        KeyFileError: It is damaged.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from wasl.errors import KeyFileError

    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(_read_bytes(path).strip(), validate=True))
    except ValueError:
        raise KeyFileError(f"{path}: not a signing key.", remedy="`wasl key signer` makes one.") from None


def _read_bytes(path: Path) -> bytes:
    from wasl.errors import KeyFileError

    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise KeyFileError(f"{path}: no such file.", remedy="`wasl key new` makes a key.") from None


def _ask_passphrase(*, confirm: bool) -> str:
    """From the environment, or typed; a new one twice."""
    from_environment = os.environ.get(PASSPHRASE_VARIABLE)
    if from_environment is not None:
        return from_environment
    return str(typer.prompt(said("Passphrase"), hide_input=True, confirmation_prompt=confirm, err=True))


def _write_secret(path: Path, data: bytes) -> None:
    """Write a file only its owner can read; refuses to overwrite."""
    from wasl.errors import KeyFileError

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise KeyFileError(
            f"{path}: already there; keys are never overwritten.", remedy="Choose another name."
        ) from None
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
