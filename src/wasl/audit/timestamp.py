"""Trusted time for a checkpoint: asks a time-stamping authority, and checks what it answered.

A checkpoint states the content of the log, not the time. A token states that the checkpoint existed at a time. The
token comes from an authority that neither the log's owner nor the auditor runs. A log rewritten later cannot get a
token for that time. Nothing here goes over the network: the request is a file to send, the answer a file to check.

Source: RFC 3161 (Time-Stamp Protocol); chain and CMS signature are checked by rfc3161-client.
Does not protect against: an authority that lies, or entries that were wrong when they were written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from cryptography import x509

from wasl.errors import InputError, MissingExtraError, VerificationError

__all__ = ["timestamp_request", "verify_timestamp"]


def timestamp_request(note: str) -> bytes:
    """The DER request for a token over the SHA-512 of a signed checkpoint, with a nonce, asking for certificates.

    Raises:
        MissingExtraError: The extra ``timestamp`` is not installed.
    """
    try:
        from rfc3161_client import TimestampRequestBuilder
    except ImportError as error:
        raise MissingExtraError("timestamp", "RFC 3161 time-stamping") from error
    return TimestampRequestBuilder().data(note.encode()).build().as_bytes()


def verify_timestamp(response: bytes, note: str, roots: Sequence[bytes]) -> dt.datetime:
    """The time at which an authority saw this signed checkpoint.

    Args:
        response: The authority's DER answer.
        note: The signed checkpoint.
        roots: PEM certificates the authority's chain may end in; got from the authority, not from the answer.

    Raises:
        InputError: A root is not a PEM certificate.
        VerificationError: The answer is not a token, is for something else, or its chain does not hold.
        MissingExtraError: The extra ``timestamp`` is not installed.
    """
    try:
        from rfc3161_client import VerificationError as TokenError
        from rfc3161_client import VerifierBuilder, decode_timestamp_response
    except ImportError as error:
        raise MissingExtraError("timestamp", "RFC 3161 time-stamping") from error
    builder = VerifierBuilder()
    try:
        for pem in roots:
            for certificate in x509.load_pem_x509_certificates(pem):
                builder = builder.add_root_certificate(certificate)
        verifier = builder.build()
    except ValueError as error:
        raise InputError("the roots are not PEM certificates, or one is given twice.") from error
    try:
        token = decode_timestamp_response(response)
        verifier.verify_message(token, note.encode())
        return token.tst_info.gen_time
    except (TokenError, ValueError) as error:
        raise VerificationError("the time-stamp does not hold for this checkpoint and these roots.") from error
