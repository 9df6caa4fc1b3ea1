"""Dossiers for the authority, and the authorizations given on them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _document(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON, nullable=False)


def _noun(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        _text("id"),
        sa.Column("version", sa.BigInteger, nullable=False),
        _text("created_at"),
        _text("created_by"),
        _text("project"),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name=f"fk_{name}_project"),
    )


def upgrade() -> None:
    _noun(
        "dossiers",
        sa.Column("number", sa.BigInteger, nullable=False),
        _text("digest"),
        sa.Column("statements", sa.BigInteger, nullable=False),
        *(_document(name) for name in ("holes", "document", "particulars", "files")),
    )
    _noun(
        "authorizations",
        *(_text(name) for name in ("decision", "decided", "expires", "dossier")),
        _document("document"),
        sa.ForeignKeyConstraint(["dossier"], ["dossiers.id"], name="fk_authorizations_dossier"),
    )


def downgrade() -> None:
    op.drop_table("authorizations")
    op.drop_table("dossiers")
