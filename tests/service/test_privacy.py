"""No marker in what holders send appears anywhere it should not: database, files of others, logs, metrics, errors.

Threats: thief of the database and files. The deliveries here carry no names by construction; the markers stand in
everything a careless holder might put where it does not belong.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from service_support import PROJECT, REGISTER, Sent, Service, invite, send

from wasl.service.access import Role
from wasl.storage.tables import METADATA

MARKER = "Qzxv-Marker-Benjelloun"


def with_marker(data: bytes) -> bytes:
    """A submission with a column too many, full of markers."""
    table = pq.read_table(io.BytesIO(data))
    column = pa.array([f"{MARKER}-{number}" for number in range(table.num_rows)])
    out = io.BytesIO()
    pq.write_table(table.append_column("nom", column), out)
    return out.getvalue()


def test_no_marker_stays_anywhere(service: Service, make_files: Callable[..., Sent], quiet_log: Path) -> None:
    sent = make_files()
    holder = service.client(Role.HOLDER)
    bodies: list[str] = []
    for plural, data in (("deliveries", sent.delivery), ("join-maps", sent.join_map), ("payloads", sent.payload)):
        bodies.append(send(holder, plural, with_marker(data)).text)
        assert send(holder, plural, data).status_code == 201
    admin = service.client(Role.ADMIN, None)
    for answer in (
        admin.post("/v1/projects", json={"name": MARKER, "title": MARKER * 200}),
        holder.get(f"/v1/projects/{PROJECT}/registers/{REGISTER}/deliveries/{MARKER}"),
        holder.get("/v1/projects", params={"cursor": MARKER}),
        service.bearer(MARKER).get("/v1/projects"),
        service.client(None).get(f"/v1/catalogue/{MARKER}"),
        service.client(None).get(f"/{MARKER}"),
    ):
        assert answer.status_code >= 400
        bodies.append(answer.text)
    bodies.append(admin.get("/v1/metrics").text)
    everything = "\n".join([*bodies, database_text(service), quiet_log.read_text(encoding="utf-8")])
    assert MARKER.lower() not in everything.lower()
    for path in service.installation.settings.home.rglob("*"):
        if path.is_file():
            assert MARKER.encode() not in path.read_bytes(), path.name


def database_text(service: Service) -> str:
    """Every cell of every table."""
    cells: list[str] = []
    with service.installation.engine.connect() as connection:
        for table in METADATA.tables.values():
            for row in connection.execute(sa.select(table)):
                cells.extend(bytes(cell).decode("latin-1") if isinstance(cell, bytes) else str(cell) for cell in row)
    return "\n".join(cells)


def test_no_secret_is_stored_or_logged(service: Service, quiet_log: Path) -> None:
    admin = service.client(Role.ADMIN, None)
    admin.post("/v1/users", json={"name": "amina"})
    secret = invite(admin, "amina", role="auditor")["secret"]
    service.bearer(secret).get("/v1/whoami")
    hidden = secret.rsplit("_", 1)[1] if secret.count("_") == 2 else secret.split("_", 2)[2]
    assert hidden not in database_text(service)
    assert hidden not in quiet_log.read_text(encoding="utf-8")
    assert "$argon2id$" in database_text(service)


def test_settings_do_not_show_their_secrets(service: Service) -> None:
    settings = service.installation.settings.model_copy(update={})
    assert settings.url not in repr(settings)


@pytest.mark.parametrize("role", [Role.LINKAGE, Role.SPINE, Role.RELEASE])
def test_each_part_has_a_folder_of_its_own(service: Service, make_files: Callable[..., Sent], role: Role) -> None:
    from wasl.service.ports import Area

    sent = make_files()
    holder = service.client(Role.HOLDER)
    for plural, data in (("deliveries", sent.delivery), ("join-maps", sent.join_map), ("payloads", sent.payload)):
        send(holder, plural, data)
    own = {Role.LINKAGE: Area.LINKAGE, Role.SPINE: Area.SPINE, Role.RELEASE: Area.RELEASE}[role]
    folders = service.installation.files.folders
    kept = [path for path in folders[own].rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(kept) == 1
    assert len(set(folders.values())) == len(Area)
