"""Runs and releases name every stored artifact of their acts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("runs", "releases")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("artifacts", sa.JSON, nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "artifacts")
