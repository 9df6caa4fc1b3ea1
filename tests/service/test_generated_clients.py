"""Clients that two generators make from the shared_service OpenAPI document work: one in Python, one in TypeScript.

Each signs in with a token, opens a project, finds it in the list, and reads a problem. The generators come from PyPI
and npm into folders of the test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_support import PATIENCE_SECONDS, Service

from wasl.service.access import Role

pytestmark = pytest.mark.slow

PYTHON_GENERATOR = "openapi-python-client>=0.29,<0.30"  # MIT
NODE_PACKAGES = {"openapi-typescript": "^7.13", "openapi-fetch": "^0.17", "typescript": "~5.9"}  # MIT, MIT, Apache-2.0

MEDIA_TYPES = """\
content_type_overrides:
  application/vnd.apache.parquet: application/octet-stream
  application/zip: application/octet-stream
  application/toml: application/octet-stream
  application/jsonl: text/plain
  application/problem+json: application/json
"""
"""What the Python generator is told of media types that it does not know."""

PYTHON_PROGRAM = """\
import json, sys
import httpx
from wasl_service import AuthenticatedClient
from wasl_service.api.projects import create_project, list_projects, read_project
from wasl_service.api.users import whoami
from wasl_service.models.new_project import NewProject
from wasl_service.models.problem import Problem

address, token = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=token, timeout=httpx.Timeout(300))
made = create_project.sync_detailed(client=client, body=NewProject(name="by-python", title="By a generated client"))
absent = read_project.sync("absent", client=client)
assert isinstance(absent, Problem)
print(json.dumps({
    "role": whoami.sync(client=client).role,
    "made": made.parsed.id,
    "location": made.headers["location"],
    "listed": [one.id for one in list_projects.sync(client=client, limit=200).items],
    "status": absent.status, "type": absent.type_, "detail": absent.detail,
}))
"""

TYPESCRIPT_PROGRAM = """\
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };
const [address, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });
const who = await client.GET("/v1/whoami");
const body = { name: "by-typescript", title: "By a generated client" };
const made = await client.POST("/v1/projects", { body });
const listed = await client.GET("/v1/projects", { params: { query: { limit: 200 } } });
const absent = await client.GET("/v1/projects/{project}", { params: { path: { project: "absent" } } });
console.log(JSON.stringify({
  role: who.data?.role,
  made: made.data?.id,
  location: made.response.headers.get("location"),
  listed: listed.data?.items.map((one) => one.id),
  status: absent.error?.status, type: absent.error?.type, detail: absent.error?.detail,
}));
"""

COMPILER = {
    "compilerOptions": {
        "strict": True,
        "target": "es2022",
        "module": "nodenext",
        "moduleResolution": "nodenext",
        "types": [],
        "lib": ["es2023", "dom"],
        "outDir": "out",
    },
    "files": ["main.ts"],
}


def run(*command: object, folder: Path) -> str:
    done = subprocess.run(
        [str(one) for one in command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def save_document(shared_service: Service, folder: Path) -> dict[str, Any]:
    document = httpx.get(f"{shared_service.address}/v1/openapi.json", timeout=PATIENCE_SECONDS).json()
    (folder / "openapi.json").write_text(json.dumps(document))
    return dict(document)


def require_worked(said: dict[str, Any], project: str) -> None:
    assert said["role"] == "admin"
    assert said["made"] == project
    assert said["location"] == f"/v1/projects/{project}"
    assert project in said["listed"]
    assert (said["status"], said["type"]) == (404, "urn:wasl:problem:not-found-error")
    assert said["detail"]


def test_a_python_client(shared_service: Service, tmp_path: Path) -> None:
    document = save_document(shared_service, tmp_path)
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    run(uv, "venv", "--quiet", "--python", sys.executable, "generator", folder=tmp_path)
    python = tmp_path / "generator" / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, PYTHON_GENERATOR, folder=tmp_path)
    (tmp_path / "media-types.yml").write_text(MEDIA_TYPES)
    generator = python.with_name("openapi-python-client")
    options = ("--path", "openapi.json", "--meta", "none", "--config", "media-types.yml")
    said = run(generator, "generate", *options, "--output-path", "wasl_service", folder=tmp_path)
    assert "parsing" not in said, said  # a warning: a route or an answer was left out
    operations = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    made = [path.stem for path in (tmp_path / "wasl_service" / "api").glob("*/*.py") if path.stem != "__init__"]
    assert sorted(made) == sorted(operations)
    (tmp_path / "program.py").write_text(PYTHON_PROGRAM)
    printed = run(python, "program.py", shared_service.address, shared_service.token(Role.ADMIN, None), folder=tmp_path)
    require_worked(json.loads(printed), "by-python")


def test_a_typescript_client(shared_service: Service, tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js with npm")
    document = save_document(shared_service, tmp_path)
    (tmp_path / "package.json").write_text(json.dumps({"type": "module", "dependencies": NODE_PACKAGES}))
    run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", folder=tmp_path)
    run("node_modules/.bin/openapi-typescript", "openapi.json", "--output", "schema.ts", folder=tmp_path)
    schema = (tmp_path / "schema.ts").read_text()
    operations = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert [name for name in operations if f"{name}: {{" not in schema] == []
    (tmp_path / "main.ts").write_text(TYPESCRIPT_PROGRAM)
    (tmp_path / "tsconfig.json").write_text(json.dumps(COMPILER))
    run("node_modules/.bin/tsc", folder=tmp_path)
    printed = run(
        "node", "out/main.js", shared_service.address, shared_service.token(Role.ADMIN, None), folder=tmp_path
    )
    require_worked(json.loads(printed), "by-typescript")
