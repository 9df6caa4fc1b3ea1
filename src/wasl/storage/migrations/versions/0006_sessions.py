"""Sessions of the console"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("user", "role")),
        *(sa.Column(name, sa.Text, nullable=True) for name in ("project", "register")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("token_id", "issued_by")),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("opened_at", "seen_at", "confirmed_at")),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])


def downgrade() -> None:
    op.drop_table("sessions")
