"""One tree of errors. Every message says what is wrong, where, and what to do next; none carries a person's value.

WaslError
├── InputError            the user's input is at fault (exit 1, HTTP 400/422)
│   ├── SchemaError       a TOML document (schema, profile, plan, policy, …) is invalid
│   ├── RegisterError     a register file cannot be read as its schema says
│   ├── DeliveryError     a delivery, join map or payload is malformed or was tampered with
│   ├── KeyFileError      a key file cannot be opened with what was given
│   └── MismatchError     deliveries that cannot be compared: different key, profile, project or scheme
├── ThresholdError        a threshold is not met: the result would not be safe (exit 3, HTTP 409)
│   ├── LeakError         an encoding would leak more than the profile allows
│   └── PolicyError       protection cannot reach the thresholds of the policy
├── VerificationError     a digest, signature or proof does not verify (exit 3, HTTP 409)
├── AccessError           the actor may not do this (HTTP 401/403)
│   └── AuthorizationError the stored authorization of the project does not cover it (exit 3, HTTP 403)
├── StateError            not possible in the present state (HTTP 409)
│   └── StaleError        changed by another request since it was read (HTTP 412)
├── NotFoundError         no such thing, or not visible to the actor (HTTP 404)
└── MissingExtraError     an optional part of wasl is not installed (exit 1)

DataWarning is no error: the library warns with it of what was lost, assumed or not believed.
"""

from __future__ import annotations

__all__ = [
    "AccessError",
    "AuthorizationError",
    "DataWarning",
    "DeliveryError",
    "InputError",
    "KeyFileError",
    "LeakError",
    "MismatchError",
    "MissingExtraError",
    "NotFoundError",
    "PolicyError",
    "RegisterError",
    "SchemaError",
    "StaleError",
    "StateError",
    "ThresholdError",
    "VerificationError",
    "WaslError",
]


class DataWarning(UserWarning):
    """Something of the data was lost, assumed or not believed, and the library's function went on."""


class WaslError(Exception):
    """A refusal, with its reason and its remedy.

    Attributes:
        message: What is wrong and where, without any person's value.
        remedy: What the reader can do about it; empty when the message contains it.
        event: The audit event of the refusal, set by the act that refused; None where there is none.
    """

    exit_code = 1
    event: object | None = None

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class InputError(WaslError):
    """The user's input is at fault."""


class SchemaError(InputError):
    """A TOML document is invalid."""


class RegisterError(InputError):
    """A register file cannot be read as its schema says."""


class DeliveryError(InputError):
    """A delivery, join map or payload is malformed or was tampered with."""


class KeyFileError(InputError):
    """A key file cannot be opened with what was given."""


class MismatchError(InputError):
    """Deliveries that cannot be compared: different key, profile, project or scheme."""


class ThresholdError(WaslError):
    """A threshold is not met: the result would not be safe."""

    exit_code = 3


class LeakError(ThresholdError):
    """An encoding would leak more than its profile allows."""


class PolicyError(ThresholdError):
    """Protection cannot reach the thresholds of the policy."""


class VerificationError(WaslError):
    """A digest, signature or proof does not verify."""

    exit_code = 3


class AccessError(WaslError):
    """The actor may not do this."""


class AuthorizationError(AccessError):
    """The stored authorization of the project does not cover this."""

    exit_code = 3


class StateError(WaslError):
    """Not possible in the present state."""


class StaleError(StateError):
    """The thing was changed by another request since it was read."""


class NotFoundError(WaslError):
    """No such thing, or not visible to the actor."""


class MissingExtraError(WaslError):
    """An optional part of wasl is not installed."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}'.", remedy=f"Install it: pip install 'wasl[{extra}]'")
