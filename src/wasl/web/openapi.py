"""The OpenAPI document: problems under their own media type, and the headers that a client sends and gets."""

from __future__ import annotations

from typing import Any

from wasl.web.problems import MEDIA_TYPE

__all__ = ["complete_document"]

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "a text of your own; the same request with the same key has one effect",
    "example": "5f0c7c1e-push-2025",
}
RANGE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "one range of bytes, to go on with a download that broke off",
    "example": "bytes=1048576-",
}
ETAG = {"description": "the version, for If-Match", "schema": {"type": "string"}, "example": '"v1"'}
LOCATION = {"description": "the job, or the thing that was made", "schema": {"type": "string"}}


def complete_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what FastAPI does not derive from the routes; changes it in place."""
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of wasl's, or an OIDC token"}
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    if method == "post":
        parameters.append(dict(IDEMPOTENCY_KEY))
    if "206" in operation["responses"]:
        parameters.append(dict(RANGE))
    if not parameters:
        del operation["parameters"]
    versioned = "206" in operation["responses"] or any(one["name"] == "If-Match" for one in parameters)
    for status, response in operation["responses"].items():
        if status.startswith(("4", "5")):
            response["content"] = {MEDIA_TYPE: dict(PROBLEM)}
        elif status in ("201", "202") or (status == "200" and versioned):
            response.setdefault("headers", {})["ETag"] = dict(ETAG)
            if status != "200":
                response["headers"]["Location"] = dict(LOCATION)
