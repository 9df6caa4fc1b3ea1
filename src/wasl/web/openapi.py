"""The OpenAPI document: problems under their own media type, headers that a client sends and gets, links, examples."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from wasl import errors
from wasl.web.examples import example_of
from wasl.web.problems import MEDIA_TYPE, PROBLEMS

__all__ = ["complete_document"]

JSON = "application/json"
PROBLEM = {"$ref": "#/components/schemas/Problem"}


def _parameter(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string", **schema},
        "description": description,
        "example": example,
    }


PARAMETERS = {
    "IdempotencyKey": _parameter(
        "Idempotency-Key",
        "a text of your own; the same request with the same key has one effect",
        "5f0c7c1e-push-2025",
        maxLength=200,
        minLength=1,
        pattern="^[!-~]+$",
    ),
    "Range": _parameter(
        "Range",
        "one range of bytes, to go on with a download that broke off",
        "bytes=1048576-",
        pattern="^bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})$",
    ),
    "IfNoneMatch": _parameter(
        "If-None-Match",
        "the ETag of the file you have: it is not sent again",
        '"e3b0c442…"',
        pattern='^"[0-9a-f]{64}"$',
    ),
}
PARAMETERS["IfNoneMatch"]["example"] = f'"{"e3b0c442" * 8}"'


def _header(description: str, example: str, *, always: bool = True) -> dict[str, Any]:
    return {"description": description, "required": always, "schema": {"type": "string"}, "example": example}


HEADERS = {
    "ETag": _header("the version, for If-Match", '"v1"'),
    "FileETag": _header("the SHA-256 of the file, for If-None-Match", f'"{"e3b0c442" * 8}"'),
    "Location": _header("the job that does the work, what was made, or the list it stands in", "/v1/jobs/0192f0c1d2e3"),
    "ContentRange": _header("which bytes these are, and of how many", "bytes 1048576-2097151/2097152"),
    "UnsatisfiedRange": _header("how many bytes the file has", "bytes */2097152", always=False),
    "ReprDigest": _header(
        "SHA-256 of the whole file (RFC 9530)", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    ),
    "ContentDisposition": _header("a name for the file", 'attachment; filename="spine.parquet"'),
    "AcceptRanges": _header("that ranges of bytes are served", "bytes"),
    "WwwAuthenticate": _header("that a bearer token is needed", 'Bearer realm="wasl"'),
    "RetryAfter": _header("seconds to wait", "5", always=False),
    "RequestId": _header("id of the request in the service's log; quote it when you ask for help", "a1b2c3d4e5f6"),
}
FILE = {
    "ETag": "FileETag",
    "Repr-Digest": "ReprDigest",
    "Content-Disposition": "ContentDisposition",
    "Accept-Ranges": "AcceptRanges",
}
OF_STATUS = {
    "206": {**FILE, "Content-Range": "ContentRange"},
    "304": {"ETag": "FileETag"},
    "401": {"WWW-Authenticate": "WwwAuthenticate"},
    "416": {"Content-Range": "UnsatisfiedRange"},
    "429": {"Retry-After": "RetryAfter"},
    "503": {"Retry-After": "RetryAfter"},
}
"""Headers by status, and the component that describes each."""


PROBLEM_EXAMPLES = {
    "403": ("AccessError", "only these roles may do this: release desk, approver, auditor. Yours is data holder.", ""),
    "404": ("NotFoundError", "there is no run '0192f0c1' in this project.", ""),
    "409": ("StateError", "the project 'simimo' is closed.", "An administrator can open it again."),
    "412": ("StaleError", "somebody changed this meanwhile.", "Read it again, then decide."),
    "422": ("SchemaError", "the linkage plan: 'passes' is missing.", "See `wasl schema plan`."),
}
"""Kind, detail and remedy of the problem that stands for a status."""


def complete_document(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what FastAPI does not derive from the routes; changes it in place."""
    components = document["components"]
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of wasl's, or an OIDC token"}
    }
    components["headers"] = {name: dict(header) for name, header in HEADERS.items()}
    components["parameters"] = {name: dict(parameter) for name, parameter in PARAMETERS.items()}
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete_parameters(method, operation)
            for status, response in operation["responses"].items():
                _complete_response(operation, status, response, components["schemas"])
            _add_examples(operation, components["schemas"])
    return document


def _complete_parameters(method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    if method != "get":
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if "206" in operation["responses"]:
        parameters += [{"$ref": f"#/components/parameters/{name}"} for name in ("Range", "IfNoneMatch")]
    if not parameters:
        del operation["parameters"]


def _complete_response(
    operation: dict[str, Any], status: str, response: dict[str, Any], schemas: Mapping[str, Any]
) -> None:
    headers = {**OF_STATUS.get(status, {}), "X-Request-Id": "RequestId"}
    if status.startswith(("4", "5")):
        response["content"] = {MEDIA_TYPE: {"schema": dict(PROBLEM), "example": _problem(status)}}
    elif status == "200" and "206" in operation["responses"]:
        headers |= FILE
        operation["responses"]["206"]["content"] = response["content"]
    schema = _schema(response, schemas)
    shown = schema.get("properties", {})
    if {"id", "version"} <= set(shown):
        headers["ETag"] = "ETag"
    if status in ("201", "202"):
        headers["Location"] = "Location"
    if status == "202":
        job = "id" if schema.get("title") == "JobView" else "job"
        _link(response, "job", "read_job", job=f"$response.body#/{job}")
    if status == "200" and "next" in shown:
        names = {one.get("name") for one in operation["parameters"]}
        cursor = "cursor" if "cursor" in names else "first"
        _link(response, "next", operation["operationId"], **{cursor: "$response.body#/next"})
    made = {name: {"$ref": f"#/components/headers/{component}"} for name, component in sorted(headers.items())}
    response["headers"] = response.get("headers", {}) | made


def _problem(status: str) -> dict[str, Any]:
    """An example of the problem that an answer of this status holds."""
    kind, detail, remedy = PROBLEM_EXAMPLES.get(status, ("", "", ""))
    known = next((title for error, (_, title) in PROBLEMS.items() if kind and error is getattr(errors, kind)), "")
    slug = "".join(f"-{one.lower()}" if one.isupper() else one for one in kind).lstrip("-")
    phrase = HTTPStatus(int(status)).phrase
    return {
        "type": f"urn:wasl:problem:{slug or phrase.lower().replace(' ', '-')}",
        "title": known or phrase,
        "status": int(status),
        "detail": detail or f"{phrase.lower()}.",
        "remedy": remedy,
        "request_id": "a1b2c3d4e5f6",
        "fields": [],
    }


def _link(response: dict[str, Any], name: str, operation: str, **parameters: str) -> None:
    response.setdefault("links", {})[name] = {"operationId": operation, "parameters": parameters}


def _add_examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """An example for every parameter, every JSON body and every JSON answer, made of the examples of the fields."""
    for parameter in operation.get("parameters", ()):
        if "$ref" not in parameter and "example" not in parameter:
            parameter["example"] = example_of(parameter["schema"], schemas)
    described = [operation.get("requestBody", {}), *operation["responses"].values()]
    for one in described:
        for media_type, content in one.get("content", {}).items():
            if media_type.endswith("json") and "schema" in content:
                content.setdefault("example", example_of(content["schema"], schemas))


def _schema(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a JSON answer, looked up; empty where there is none."""
    schema: Mapping[str, Any] = response.get("content", {}).get(JSON, {}).get("schema", {})
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema
