"""Threats: a sweep that deletes data after a misspelt setting or a restored backup; a lost or foreign signing key."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from service_support import PROJECT, REGISTER, Sent, Template, make_settings, random_files
from sqlalchemy import delete, update

from wasl.audit.checkpoint import Checkpoint
from wasl.audit.notes import NoteSigner
from wasl.audit.verification import verify_export
from wasl.errors import InputError, KeyFileError, StateError, WaslError
from wasl.service.access import Actor, Role
from wasl.service.log import export_log, sign_checkpoint
from wasl.service.ports import Area, Caller
from wasl.service.projects import create_project
from wasl.service.records import SubmissionKind
from wasl.service.submissions import receive
from wasl.storage.database import connect
from wasl.storage.tables import installation as installation_table
from wasl.web.installation import Installation
from wasl.web.secrets import load_record_secret
from wasl.web.settings import load_settings

DAY = 86_400


class Office:
    """An installation in a folder, opened and closed as often as a test needs."""

    def __init__(self, folder: Path, template: Template) -> None:
        self.folder = folder
        self.url = template.copy(folder)

    def open(self, **changes: object) -> Installation:
        accept = bool(changes.pop("accept_older", False))
        return Installation.open(make_settings(self.folder, self.url, **changes), accept_older=accept)

    def deliver(self, seed: int = 1) -> str:
        """Take in a delivery; gives its file's digest."""
        opened = self.open()
        sent: Sent = random_files(self.folder, seed=seed)
        holder = Actor("h", Role.HOLDER, PROJECT, REGISTER)
        with opened.files.receive(Area.LINKAGE) as incoming:
            incoming.write(sent.delivery)
            made = receive(
                opened.office,
                Caller(holder, opened.office.now()),
                project=PROJECT,
                register=REGISTER,
                kind=SubmissionKind.DELIVERY,
                incoming=incoming,
            )
        opened.close()
        return made.file


@pytest.fixture
def office(sqlite_template: Template, tmp_path: Path) -> Office:
    return Office(tmp_path / "data", sqlite_template)


def auditor(opened: Installation) -> Caller:
    return Caller(Actor("court", Role.AUDITOR), opened.office.now())


def age(folder: Path, days: int = 400) -> dict[Path, bytes]:
    """Make all files of a folder old; gives what they hold."""
    held = {}
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - days * DAY,) * 2)
            if not path.name.startswith(("wasl.db", ".wasl-area")):
                held[path] = path.read_bytes()
    return held


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestSweep:
    def test_a_folder_shared_with_others_loses_nothing(self, office: Office) -> None:
        office.deliver()
        area = office.folder / "linkage"
        strange = [
            area / "notes.txt",
            area / "ab" / "notes.txt",
            area / "ab" / ("ab" + "0" * 62),  # named like a kept file, but of other content
            area / "deep" / "er" / ("f" * 64),
            area / ".incoming" / "somebody-elses",
        ]
        for path in strange:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(str(path).encode())
        (area / "ab" / ("ab" + "1" * 62)).symlink_to(area / "notes.txt")
        held = age(area)
        opened = office.open()
        opened.sweep()
        opened.close()
        assert {path: path.read_bytes() for path in held} == held

    def test_what_no_record_names_is_kept_in_quarantine(self, office: Office) -> None:
        opened = office.open()
        orphan = opened.files.make(Area.SPINE, lambda path: path.write_bytes(b"orphan") and None)
        age(office.folder)
        assert opened.sweep().quarantined == [orphan.digest]
        assert b"orphan" in contents(office.folder / "spine")
        assert opened.sweep().deleted == []
        with opened.ledger.reading() as state:
            (entry,) = state.log_entries(first=0, limit=9, kind="FilesQuarantined")
        assert json.loads(entry.data)["detail"]["files"] == [orphan.digest]
        opened.close()

    def test_only_what_the_log_shows_as_discarded_is_deleted(self, office: Office) -> None:
        opened = office.open(quarantine_days=0)
        orphan = opened.files.make(Area.SPINE, lambda path: path.write_bytes(b"orphan") and None)
        other = b"in quarantine, but not in this log"
        place = office.folder / "spine" / ".quarantine" / hashlib.sha256(other).hexdigest()
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(other)
        age(office.folder)
        opened.sweep()
        time.sleep(0.002)  # entries are a millisecond apart at least: the next sweep is later
        assert opened.sweep().deleted == [orphan.digest]
        assert contents(office.folder / "spine") >= {other}
        assert b"orphan" not in contents(office.folder / "spine")
        opened.close()

    def test_a_file_that_a_record_names_again_comes_back(self, office: Office) -> None:
        digest = office.deliver()
        opened = office.open()
        place = opened.files.path(Area.LINKAGE, digest)
        aside = office.folder / "linkage" / ".quarantine" / place.name
        aside.parent.mkdir(exist_ok=True)
        place.rename(aside)
        assert opened.sweep().restored == [digest]
        assert opened.files.path(Area.LINKAGE, digest).is_file()
        opened.close()


class TestFolders:
    """A database that does not match its folders stops the start, and nothing is touched."""

    def refused(self, office: Office, said: str, **changes: object) -> None:
        before = age(office.folder)
        with pytest.raises(StateError, match=said):
            office.open(**changes)
        assert {path: path.read_bytes() for path in before} == before

    @pytest.mark.parametrize("area", list(Area))
    def test_a_misspelt_folder(self, office: Office, area: Area, tmp_path: Path) -> None:
        office.deliver()
        self.refused(office, "no marker", **{f"{area}_dir": tmp_path / "mispelt"})

    def test_another_database_over_the_same_folders(
        self, office: Office, sqlite_template: Template, tmp_path: Path
    ) -> None:
        office.deliver()
        other = Office(tmp_path / "other", sqlite_template)
        self.refused(
            office, "another installation|other things|did not make", database_url=f"sqlite:///{tmp_path}/new.db"
        )
        assert other.url != office.url

    def test_a_new_database_beside_old_folders(self, office: Office) -> None:
        office.deliver()
        for path in office.folder.glob("wasl.db*"):
            path.unlink()
        self.refused(office, "another installation")

    def test_a_restored_older_database(self, office: Office, tmp_path: Path) -> None:
        office.open().close()
        backup = tmp_path / "backup.db"
        shutil.copy(office.folder / "wasl.db", backup)
        digest = office.deliver()
        office.open().close()
        for path in office.folder.glob("wasl.db*"):
            path.unlink()
        shutil.copy(backup, office.folder / "wasl.db")
        self.refused(office, "is older")
        opened = office.open(accept_older=True)
        age(office.folder)
        assert opened.sweep().quarantined == [digest], "set aside, not deleted"
        with opened.ledger.reading() as state:
            assert state.log_entries(first=0, limit=9, kind="DatabaseAccepted")
        opened.close()
        office.open().close()

    def test_a_log_older_than_an_auditors_checkpoint(self, office: Office, tmp_path: Path) -> None:
        """The restore drill: the operator may accept an older database; the auditor sees it for good."""
        office.open().close()
        backup = tmp_path / "backup.db"
        shutil.copy(office.folder / "wasl.db", backup)
        office.deliver()
        opened = office.open()
        verifier = opened.office.signer.verifier
        kept = Checkpoint.open(sign_checkpoint(opened.office, opened.operator()), verifier)
        assert verify_export(export_log(opened.office, auditor(opened)), verifier, since=kept).verified
        opened.close()
        for path in office.folder.glob("wasl.db*"):
            path.unlink()
        shutil.copy(backup, office.folder / "wasl.db")
        opened = office.open(accept_older=True)
        for grown in (False, True):  # shorter than the checkpoint, then longer: only the hashes can tell
            while grown:
                with opened.ledger.reading() as state:
                    if state.log_size() > kept.size + 3:
                        break
                sign_checkpoint(opened.office, opened.operator())
            sign_checkpoint(opened.office, opened.operator())
            lines = list(export_log(opened.office, auditor(opened)))
            assert verify_export(lines, verifier).verified, "the restored log is whole in itself"
            found = verify_export(lines, verifier, since=kept)
            assert not found.verified
            assert found.fault
        opened.close()

    def test_a_database_with_another_log_of_the_same_length(self, office: Office, tmp_path: Path) -> None:
        office.open().close()
        backup = tmp_path / "backup.db"
        shutil.copy(office.folder / "wasl.db", backup)
        for name in ("first", "second"):
            if name == "second":
                for path in office.folder.glob("wasl.db*"):
                    path.unlink()
                shutil.copy(backup, office.folder / "wasl.db")
                markers = {path: path.read_bytes() for path in office.folder.rglob(".wasl-area.json")}
                opened = office.open(accept_older=True)
            else:
                opened = office.open()
            create_project(opened.office, opened.operator(), name=name, title=name)
            opened.close()
        for path, data in markers.items():
            path.write_bytes(data)
        self.refused(office, "another log")

    def test_two_areas_exchanged(self, office: Office) -> None:
        office.open().close()
        folder = office.folder
        self.refused(office, "exchanged|that of the area", linkage_dir=folder / "spine", spine_dir=folder / "linkage")

    def test_a_damaged_marker(self, office: Office) -> None:
        office.open().close()
        (office.folder / "spine" / ".wasl-area.json").write_text("{", encoding="utf-8")
        self.refused(office, "damaged")

    def test_folders_of_the_first_release_are_taken_over(self, office: Office) -> None:
        digest = office.deliver()
        for path in office.folder.rglob(".wasl-area.json"):
            path.unlink()
        engine = connect(office.url)
        with engine.begin() as connection:
            connection.execute(delete(installation_table))
        engine.dispose()
        again = office.open()
        assert again.files.path(Area.LINKAGE, digest).is_file()
        again.close()


class TestKey:
    def test_a_lost_key_is_not_replaced_silently(self, office: Office) -> None:
        office.open().close()
        (office.folder / "log.key").unlink()
        with pytest.raises(KeyFileError, match="missing"):
            office.open()
        assert not (office.folder / "log.key").exists()

    def test_a_foreign_key_stops_the_start(self, office: Office) -> None:
        office.open().close()
        path = office.folder / "log.key"
        path.write_text(NoteSigner.generate("wasl.service/other").export() + "\n", encoding="utf-8")
        with pytest.raises(StateError, match="not the one the log is signed with"):
            office.open()

    def test_a_foreign_key_of_the_same_name_stops_the_start(self, office: Office) -> None:
        opened = office.open()
        name = opened.office.signer.name
        opened.close()
        other = NoteSigner.generate(name)
        (office.folder / "log.key").write_text(other.export() + "\n", encoding="utf-8")
        with pytest.raises(StateError, match="not the one") as caught:
            office.open()
        ids = [key.verifier.key_id.hex() for key in (other, opened.office.signer)]
        assert all(one in str(caught.value) for one in ids), "the names are the same, the ids are not"

    def test_a_log_of_the_first_release_knows_its_key_by_its_checkpoints(self, office: Office) -> None:
        from wasl.service.log import sign_checkpoint

        opened = office.open()
        sign_checkpoint(opened.office, opened.operator())
        with opened.engine.begin() as connection:
            connection.execute(update(installation_table).values(verifier=""))
        opened.close()
        (office.folder / "log.key").write_text(NoteSigner.generate("other").export() + "\n", encoding="utf-8")
        with pytest.raises(WaslError, match="not the one"):
            office.open()


def test_a_missing_secret_of_record_keys_is_no_new_one(tmp_path: Path) -> None:
    """Threat: a backup without `record.key`; tables with another noise would come out beside the earlier ones."""
    path = tmp_path / "record.key"
    first = load_record_secret(path)
    assert load_record_secret(path, lambda: True) == first
    path.unlink()
    with pytest.raises(KeyFileError, match="missing"):
        load_record_secret(path, lambda: True)
    assert not path.exists()
    assert load_record_secret(path, lambda: False) != first


class TestSettings:
    @pytest.mark.parametrize("name", ["WASL_DATA_DIRR", "WASL_LINKAGE_FOLDER", "wasl_prot"])
    def test_an_unknown_variable_is_an_error(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(name, "secret-value")
        with pytest.raises(InputError) as caught:
            load_settings()
        assert name in str(caught.value)
        assert "secret-value" not in str(caught.value)

    def test_the_known_name_is_suggested(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WASL_DATABASE_ULR", "x")
        with pytest.raises(InputError, match="WASL_DATABASE_URL"):
            load_settings()

    @pytest.mark.parametrize("text", ['data_dirr = "x"', "[service]\nport = 1", "prot = 80"])
    def test_an_unknown_name_in_the_file_is_an_error(self, text: str, tmp_path: Path) -> None:
        file = tmp_path / "wasl.toml"
        file.write_text(text, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WASL_CONFIG", "")
            with pytest.raises(InputError, match="unknown setting"):
                load_settings(file)

    @pytest.mark.parametrize("text", ["port = ", "port = 70000", 'port = "a"'])
    def test_a_value_that_is_not_allowed_is_an_error(self, text: str, tmp_path: Path) -> None:
        file = tmp_path / "wasl.toml"
        file.write_text(text, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WASL_CONFIG", "")
            with pytest.raises(InputError):
                load_settings(file)


DATABASE = "postgresql+psycopg://wasl:pass-word@"


class TestTlsTowardsOthers:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("database_url", f"{DATABASE}db/wasl"),
            ("database_url", f"{DATABASE}10.0.0.7:5432/wasl?sslmode=require"),
            ("database_url", f"{DATABASE}/wasl?host=db.example.org"),
            ("database_url", f"{DATABASE}/wasl?host=localhost,db.example.org"),
            ("database_url", f"{DATABASE}/wasl?host=localhost:5432&host=db.example.org:5432"),
            ("database_url", f"{DATABASE}localhost/wasl?host=db.example.org"),
            ("database_url", f"{DATABASE}localhost/wasl?hostaddr=10.0.0.7"),
            ("oidc_issuer", "http://login.example.org"),
            ("oidc_jwks_url", "http://login.example.org/keys"),
            ("oidc_token_url", "http://10.1.2.3/token"),
        ],
    )
    def test_a_plain_connection_is_refused_unless_allowed(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"WASL_{name.upper()}", value)
        with pytest.raises(InputError, match="TLS") as caught:
            load_settings()
        assert name in str(caught.value)
        assert "pass-word" not in str(caught.value) + str(caught.value.remedy)
        assert load_settings(plain_connections=True).plain_connections

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("database_url", "sqlite:////tmp/wasl.db"),
            ("database_url", f"{DATABASE}127.0.0.1/wasl"),
            ("database_url", f"{DATABASE}/wasl?host=/run/postgresql"),
            ("database_url", f"{DATABASE}/wasl?host=localhost:5432,127.0.0.1"),
            ("database_url", f"{DATABASE}db/wasl?sslmode=verify-full"),
            ("oidc_issuer", "https://login.example.org"),
            ("oidc_issuer", "http://localhost:8080"),
            ("oidc_issuer", "http://[::1]:8080"),
        ],
    )
    def test_this_machine_and_checked_tls_are_accepted(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(f"WASL_{name.upper()}", value)
        load_settings()


class TestFolderOfSecrets:
    def test_a_secret_comes_from_a_file_of_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "wasl_oidc_client_secret").write_text("hush", encoding="utf-8")
        (tmp_path / "of_another_program").write_text("x", encoding="utf-8")
        monkeypatch.setenv("WASL_SECRETS_DIR", str(tmp_path))
        settings = load_settings()
        assert settings.oidc_client_secret.get_secret_value() == "hush"
        assert "hush" not in repr(settings)
        monkeypatch.setenv("WASL_OIDC_CLIENT_SECRET", "nearer")
        assert load_settings().oidc_client_secret.get_secret_value() == "nearer"

    def test_a_misspelt_file_and_a_missing_folder_are_errors(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "wasl_database_ulr").write_text("hush", encoding="utf-8")
        monkeypatch.setenv("WASL_SECRETS_DIR", str(tmp_path))
        with pytest.raises(InputError, match="wasl_database_url") as caught:
            load_settings()
        assert "hush" not in str(caught.value)
        monkeypatch.setenv("WASL_SECRETS_DIR", str(tmp_path / "none"))
        with pytest.raises(InputError, match="no such folder"):
            load_settings()


def test_files_are_their_users_alone(office: Office) -> None:
    office.deliver()
    opened = office.open()
    opened.files.make(Area.PUBLIC, lambda path: path.write_bytes(b"x") and None)
    opened.close()
    open_to_others = [
        path
        for folder in opened.files.folders.values()
        for path in (*folder.rglob("*"), *office.folder.glob("wasl.db*"), office.folder / "log.key")
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    assert not open_to_others
