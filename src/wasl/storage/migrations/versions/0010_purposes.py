"""The purpose of runs, releases and orders"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("runs", "releases", "table_orders")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("purpose", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    for name in TABLES:
        op.drop_column(name, "purpose")
