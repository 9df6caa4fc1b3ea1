"""Load on a live `wasl serve`: small requests beside a bare FastAPI route, concurrent uploads, and a soak.

Example: python tests/service/load.py --seconds 10 --uploads 50 --soak-minutes 10
Figures in milliseconds; the client shares the machine's processors with the servers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import psutil
import pyarrow as pa
from service_support import (
    PARQUET,
    PROJECT,
    REGISTER,
    content_digest,
    make_template,
    new_database,
    random_files,
    start_postgres,
)

from wasl.client import Client
from wasl.client.transport import Transport
from wasl.registers.exchange.delivery import Delivery
from wasl.registers.exchange.encoded_rows import RowsInMemory, parts_digest
from wasl.service.access import Role

BARE = """
import uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/v1/whoami")
def whoami():
    return {"name": "amina", "role": "release", "project": "simimo", "register": None}
uvicorn.run(app, port=PORT, http="h11", log_level="critical", access_log=False)
"""


@contextlib.contextmanager
def process(command: list[str], port: int, **environment: str) -> Iterator[psutil.Process]:
    """A server process, once it answers."""
    running = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield psutil.Process(running.pid)
    finally:
        running.kill()
        running.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send a request on an open connection; gives the status of the answer."""
    writer.write(request)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(head[9:12])


async def small_requests(port: int, token: str, *, seconds: float, connections: int) -> dict[str, float]:
    """One route asked over and over on several connections."""
    request = f"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    times: list[float] = []
    failed = 0
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            failed += await ask(reader, writer, request) != 200
            times.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return {"per_second": len(times) / seconds, "failed": failed, **percentiles(times)}


async def uploads(port: int, token: str, bodies: list[bytes]) -> dict[str, float]:
    """All files at once, each on a connection of its own."""
    times: list[float] = []
    failed = 0

    async def one(body: bytes) -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /v1/projects/{PROJECT}/registers/{REGISTER}/deliveries HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: {PARQUET}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Digest: {content_digest(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        failed += await ask(reader, writer, head.encode() + body) != 201
        times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(body) for body in bodies))
    return {"seconds": time.perf_counter() - began, "failed": failed, **percentiles(times)}


def percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{p}": 1000 * ordered[min(len(ordered) - 1, len(ordered) * p // 100)] for p in (50, 95, 99)}


async def soak(server: psutil.Process, port: int, token: str, *, minutes: float) -> dict[str, float]:
    """Small requests for minutes; gives the resident memory after the first tenth and at the end."""
    sizes: list[int] = []
    failed = 0.0
    parts = 10
    for _ in range(parts):
        failed += (await small_requests(port, token, seconds=minutes * 60 / parts, connections=4))["failed"]
        sizes.append(server.memory_info().rss)
    return {"minutes": minutes, "failed": failed, "first_mb": sizes[0] / 1e6, "last_mb": sizes[-1] / 1e6}


def large_delivery(folder: Path, megabytes: int) -> Path:
    """A delivery of about so many megabytes of random labels."""
    rows = megabytes * 1_000_000 // 160
    draws = np.random.default_rng(1)

    def labels(width: int) -> pa.Array:
        return pa.Array.from_buffers(pa.binary(width), rows, [None, pa.py_buffer(draws.bytes(rows * width))])

    random_files(folder, rows=1, seed=9)
    header = Delivery.read(folder / f"delivery-9-{REGISTER}.parquet").header
    one_pass = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["sex-year"]))
    columns = {"pass": one_pass, "block": labels(16), "row_id": labels(16), "token_passport": labels(16)}
    table = pa.table({**columns, "filter_name": labels(128)})
    path = folder / "large.parquet"
    source = RowsInMemory.of(table)
    digest = parts_digest(source.parts)
    Delivery(dataclasses.replace(header, records=rows, content_digest=digest), source).write(path)
    return path


def send_large(server: psutil.Process, port: int, token: str, path: Path) -> dict[str, float]:
    """Send a large file; gives the server's memory before and at its height."""
    before = server.memory_info().rss
    height = before
    over = threading.Event()

    def watch() -> None:
        nonlocal height
        while not over.wait(0.05):
            height = max(height, server.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    address = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    with Client(address, transport=Transport(address, token, timeout_seconds=600)) as client:
        sent = client.send_delivery(PROJECT, REGISTER, path)
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    figures = {"megabytes": sent.size_bytes / 1e6, "rows": sent.rows, "seconds": seconds}
    return {**figures, "before_mb": before / 1e6, "height_mb": height / 1e6}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--rows", type=int, default=5_000, help="rows of an uploaded delivery")
    parser.add_argument("--large-mb", type=int, default=0, help="megabytes of one large delivery")
    parser.add_argument("--soak-minutes", type=float, default=0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="wasl-load-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        url = f"sqlite:///{folder / 'data' / 'wasl.db'}"
        if arguments.database == "postgresql":
            url = new_database(stack.enter_context(contextlib.contextmanager(start_postgres)()))
        template = make_template(folder / "data", url)
        token = template.tokens[Role.HOLDER, PROJECT, REGISTER]
        bare, served = free_port(), free_port()
        settings = {
            "WASL_DATA_DIR": str(folder / "data"),
            "WASL_DATABASE_URL": url,
            "WASL_REQUESTS_PER_MINUTE": "100000000",
            "WASL_CONCURRENT_REQUESTS": "1000",
            "WASL_MIN_FREE_BYTES": "0",
            "WASL_LOG_LEVEL": "error",
        }
        serve = [sys.executable, "-m", "wasl.cli.app", "serve", "--port", str(served)]
        with (
            process([sys.executable, "-c", BARE.replace("PORT", str(bare))], bare),
            process(serve, served, **settings) as server,
        ):
            ask_for = {"seconds": arguments.seconds, "connections": arguments.connections}
            figures["bare FastAPI route"] = asyncio.run(small_requests(bare, token, **ask_for))
            figures["wasl, token checked"] = asyncio.run(small_requests(served, token, **ask_for))
            bodies = [
                random_files(folder, seed=seed, rows=arguments.rows).delivery for seed in range(arguments.uploads)
            ]
            figures["file_mb"] = len(bodies[0]) / 1e6 if bodies else 0
            if bodies:
                figures["uploads at once"] = asyncio.run(uploads(served, token, bodies))
            if arguments.large_mb:
                figures["one large delivery"] = send_large(
                    server, served, token, large_delivery(folder, arguments.large_mb)
                )
            if arguments.soak_minutes:
                figures["soak"] = asyncio.run(soak(server, served, token, minutes=arguments.soak_minutes))
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
