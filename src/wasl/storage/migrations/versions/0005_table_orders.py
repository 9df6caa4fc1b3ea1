"""Menus of tables, and what was ordered from them"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _noun(name: str, *columns: sa.Column[Any], references: dict[str, str]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        *(sa.Column(column, sa.Text, nullable=False) for column in references),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_{name}_{column}")
            for column, table in references.items()
        ),
    )
    op.create_index(f"ix_{name}_project_id", name, ["project", "id"])


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def upgrade() -> None:
    _noun(
        "table_menus",
        *_columns(sa.Text, "title", "menu_digest", "status", "decided_by", "reason"),
        *_columns(sa.JSON, "specification", "menu", "hierarchies"),
        references={"project": "projects", "run": "runs"},
    )
    _noun(
        "table_orders",
        *_columns(
            sa.Text,
            *("title", "status", "job", "protected", "record_key_id", "package", "failure", "requested_by"),
            *("decided_by", "reason", "manifest_digest", "published_at", "protected_by"),
        ),
        *_columns(sa.JSON, "request", "specification", "artifacts", "report", "public_report", "earlier"),
        *_columns(sa.BigInteger, "seed"),
        *_columns(sa.Boolean, "answered"),
        references={"project": "projects", "menu": "table_menus", "run": "runs"},
    )
    op.create_index("ix_table_orders_status_id", "table_orders", ["status", "id"])


def downgrade() -> None:
    for table in ("table_orders", "table_menus"):
        op.drop_table(table)
