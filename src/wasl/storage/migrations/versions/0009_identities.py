"""Accounts of OIDC issuers and the users they stand for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "created_at", "created_by", "user", "issuer")),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("released", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
    )
    op.create_index("ix_identities_user", "identities", ["user"])


def downgrade() -> None:
    op.drop_table("identities")
