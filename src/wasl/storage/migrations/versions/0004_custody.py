"""Folders and key of the database; workers, waiting jobs, pinned payloads, invitations, retention"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _document(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False, server_default=sa.text("'[]'"))


def _noun(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    )


COLUMNS: dict[str, tuple[Callable[[], sa.Column[Any]], ...]] = {
    "jobs": (
        lambda: sa.Column("failures", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        lambda: sa.Column("not_before", sa.Double, nullable=False, server_default=sa.text("0")),
    ),
    "submissions": (
        lambda: _text("sent_at"),
        lambda: sa.Column("purged", sa.Boolean, nullable=False, server_default=sa.false()),
    ),
    "runs": (lambda: _document("payloads"),),
    "releases": (lambda: _text("protected_by"),),
    "tokens": (lambda: _text("status", "active"), lambda: _text("approved_by"), lambda: _document("invitation")),
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, column())
    op.execute("UPDATE submissions SET sent_at = created_at")
    op.execute("UPDATE releases SET protected_by = created_by")
    op.create_table(
        "installation",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("verifier", sa.Text, nullable=False),
        sa.Column("areas", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    _noun(
        "retention_rules",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("register", sa.Text, nullable=False),
        sa.Column("round", sa.Text, nullable=False),
        sa.Column("days", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_retention_rules_project"),
    )
    _noun(
        "objections",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("register", sa.Text, nullable=False),
        sa.Column("records", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_objections_project"),
    )


def downgrade() -> None:
    for table in ("objections", "retention_rules", "workers", "installation"):
        op.drop_table(table)
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column().name)
