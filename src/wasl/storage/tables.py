"""The tables: one per noun, column for attribute, and those of the log and the machinery."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wasl.service import records as nouns

__all__ = ["METADATA", "TABLES"]

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _real(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _document(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)


def _noun(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("id", sa.Text, primary_key=True),
        _whole("version"),
        _text("created_at"),
        _text("created_by"),
        *columns,
    )


projects = _noun("projects", _text("title"), _flag("closed"))
registers = _noun(
    "registers",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _text("name"),
    _text("holder"),
    _document("definition"),
    _text("schema_digest"),
    _text("signer"),
    sa.UniqueConstraint("project", "name"),
)
submissions = _noun(
    "submissions",
    _text("kind"),
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _text("register"),
    _text("digest"),
    _text("file"),
    _whole("size_bytes"),
    _whole("rows"),
    _document("header"),
    _flag("withdrawn"),
    _text("sent_at"),
    _flag("purged"),
    sa.UniqueConstraint("project", "register", "kind", "digest"),
    sa.Index(None, "project", "kind", "id"),
)
runs = _noun(
    "runs",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _document("plan"),
    _text("plan_digest"),
    _document("deliveries"),
    _text("onto"),
    _text("status"),
    _text("job"),
    _text("pairs"),
    _text("links"),
    _text("spine"),
    _text("conflicts"),
    _document("artifacts"),
    _text("spine_digest"),
    _document("report"),
    _text("failure"),
    _document("payloads"),
    _document("objections"),
    _text("purpose"),
    sa.Index(None, "project", "id"),
)
review_pairs = _noun(
    "review_pairs",
    sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
    _text("project"),
    _whole("number"),
    _whole("place"),
    _text("linkage_pass"),
    _text("left_register"),
    _text("right_register"),
    _real("weight"),
    _real("probability"),
    _text("pattern"),
    sa.Index(None, "run", "id"),
)
decisions = _noun(
    "decisions",
    sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
    _text("project"),
    sa.Column("pair", sa.Text, sa.ForeignKey("review_pairs.id"), nullable=False),
    _text("reviewer"),
    _text("verdict"),
    sa.UniqueConstraint("pair", "reviewer"),
    sa.Index(None, "run", "id"),
)
releases = _noun(
    "releases",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
    _text("title"),
    _document("specification"),
    _document("policy"),
    _document("description"),
    _whole("seed"),
    _text("status"),
    _text("job"),
    _text("microdata"),
    _text("protected"),
    _text("package"),
    _document("artifacts"),
    _document("risk"),
    _document("public_report"),
    _text("failure"),
    _text("requested_by"),
    _text("decided_by"),
    _text("reason"),
    _text("manifest_digest"),
    _text("published_at"),
    _text("protected_by"),
    _text("purpose"),
    sa.Index(None, "project", "id"),
    sa.Index(None, "status", "id"),
)
table_menus = _noun(
    "table_menus",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
    _text("title"),
    _document("specification"),
    _document("menu"),
    _text("menu_digest"),
    _document("hierarchies"),
    _text("status"),
    _text("decided_by"),
    _text("reason"),
    sa.Index(None, "project", "id"),
)
table_orders = _noun(
    "table_orders",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("menu", sa.Text, sa.ForeignKey("table_menus.id"), nullable=False),
    sa.Column("run", sa.Text, sa.ForeignKey("runs.id"), nullable=False),
    _text("title"),
    _document("request"),
    _document("specification"),
    _whole("seed"),
    _text("status"),
    _text("job"),
    _text("protected"),
    _document("artifacts"),
    _document("report"),
    _document("public_report"),
    _document("earlier"),
    _text("record_key_id"),
    _flag("answered"),
    _text("package"),
    _text("failure"),
    _text("requested_by"),
    _text("decided_by"),
    _text("reason"),
    _text("manifest_digest"),
    _text("published_at"),
    _text("protected_by"),
    _text("purpose"),
    sa.Index(None, "project", "id"),
    sa.Index(None, "status", "id"),
)
jobs = _noun(
    "jobs",
    _text("kind"),
    _text("project"),
    _text("subject"),
    _text("status"),
    _whole("percent"),
    _whole("attempt"),
    _flag("cancel_asked"),
    _text("failure"),
    _document("result"),
    _whole("failures"),
    _real("not_before"),
    # The lease: machinery of the workers, not part of the noun.
    sa.Column("worker", sa.Text, nullable=False, server_default=""),
    sa.Column("lease_until", sa.Double, nullable=False, server_default=sa.text("0")),
    sa.Index(None, "status", "lease_until"),
)
users = _noun("users", _text("title"), _flag("disabled"))
identities = _noun("identities", _text("user"), _text("issuer"), _flag("released"), sa.Index(None, "user"))
tokens = _noun(
    "tokens",
    sa.Column("user", sa.Text, sa.ForeignKey("users.id"), nullable=False),
    _text("role"),
    _text("project", null=True),
    _text("register", null=True),
    _text("secret_hash"),
    _text("expires_at"),
    _flag("revoked"),
    _text("status"),
    _text("approved_by"),
    _document("invitation"),
    sa.Index(None, "user"),
)
retention_rules = _noun(
    "retention_rules",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _text("register"),
    _text("round"),
    _whole("days"),
)
objections = _noun(
    "objections",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _text("register"),
    _document("records"),
)

dossiers = _noun(
    "dossiers",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _whole("number"),
    _text("digest"),
    _whole("statements"),
    _document("holes"),
    _document("document"),
    _document("particulars"),
    _document("files"),
)
authorizations = _noun(
    "authorizations",
    sa.Column("project", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    _text("decision"),
    _text("decided"),
    _text("expires"),
    sa.Column("dossier", sa.Text, sa.ForeignKey("dossiers.id"), nullable=False),
    _document("document"),
)

installation = sa.Table(
    "installation",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _text("created_at"),
    _text("verifier"),
    _document("areas"),
)
workers = sa.Table(
    "workers",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("seen_at", sa.Double, nullable=False),
    _text("failure"),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id_hash", sa.Text, primary_key=True),
    _text("user"),
    _text("role"),
    _text("project", null=True),
    _text("register", null=True),
    _text("token_id"),
    _text("issued_by"),
    _real("opened_at"),
    _real("seen_at"),
    _real("confirmed_at"),
    sa.Index(None, "user"),
)

receipts = sa.Table(
    "receipts",
    METADATA,
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("fingerprint"),
    _text("subject"),
    _text("at"),
)

log_entries = sa.Table(
    "log_entries",
    METADATA,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("at"),
    _text("kind"),
    _text("actor"),
    _text("project"),
    _text("subject"),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index(None, "kind", "index"),
    sa.Index(None, "actor", "index"),
    sa.Index(None, "project", "index"),
    sa.Index(None, "subject", "index"),
)
log_nodes = sa.Table(
    "log_nodes",
    METADATA,
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
log_checkpoints = sa.Table(
    "log_checkpoints",
    METADATA,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("note"),
    _text("at"),
)

APPEND_ONLY: Final = ("log_entries", "log_nodes", "log_checkpoints")
"""Tables whose rows the database itself refuses to change or delete."""

TABLES: dict[type[nouns.Noun], sa.Table] = {
    nouns.Project: projects,
    nouns.Register: registers,
    nouns.Submission: submissions,
    nouns.Run: runs,
    nouns.ReviewPair: review_pairs,
    nouns.Decision: decisions,
    nouns.Release: releases,
    nouns.Job: jobs,
    nouns.User: users,
    nouns.Identity: identities,
    nouns.Token: tokens,
    nouns.RetentionRule: retention_rules,
    nouns.Objection: objections,
    nouns.TableMenu: table_menus,
    nouns.TableOrder: table_orders,
    nouns.DossierFile: dossiers,
    nouns.StoredAuthorization: authorizations,
}
"""Where each noun is kept; every attribute has the column of its name."""
