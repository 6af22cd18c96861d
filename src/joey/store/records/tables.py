"""The tables of people, stays and holds: the same on SQLite and PostgreSQL.

All of them are a projection of the journal: `applied` says how far. A row is ended, never deleted.
Times are nanoseconds UTC, as in the journal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "accounts",
    "apart",
    "applied",
    "associations",
    "beds",
    "holders",
    "infants",
    "metadata",
    "names",
    "stays",
    "tags",
    "taps",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts INTEGER keys alone


def _key() -> Column[int]:
    return Column("id", Number, primary_key=True)


infants = Table(
    "infants",
    metadata,
    _key(),
    Column("sex", String(8), nullable=False, default=""),
    Column("birth_date", String(10), nullable=False, default=""),
    Column("birth_ns", BigInteger),
    Column("birth_order", Integer),
    Column("simulated", Boolean, nullable=False, default=False),
    Column("seq", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    _key(),
    Column("infant", Number, ForeignKey("infants.id"), nullable=False),
    Column("value", String(128), nullable=False),
    Column("authority", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    UniqueConstraint("value", "authority", "kind"),
)

names = Table(
    "names",
    metadata,
    _key(),
    Column("infant", Number, ForeignKey("infants.id"), nullable=False),
    Column("family", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_names_infant", "infant", "since_ns"),
)

beds = Table(
    "beds",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("unit", String(64), nullable=False),
    Column("bed", String(32), nullable=False),
)

stays = Table(
    "stays",
    metadata,
    _key(),
    Column("infant", Number, ForeignKey("infants.id"), nullable=False),
    Column("bed", String(64), ForeignKey("beds.key"), nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger),
    Column("void", Boolean, nullable=False, default=False),
    Column("seq", BigInteger, nullable=False),
    Column("ending", String(16), nullable=False, default=""),
    Index("ix_stays_bed", "bed", "until_ns"),
    Index("ix_stays_infant", "infant", "until_ns"),
)

holders = Table(
    "holders",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("infant", Number, ForeignKey("infants.id"), nullable=False),
    Column("role", String(32), nullable=False),
    Column("label", Text, nullable=False),
    Column("used_ns", BigInteger, nullable=False),
)

taps = Table(
    "taps",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("hold", String(64), nullable=False),
    Column("infant", Number, ForeignKey("infants.id")),
    Column("bed", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("tapped_ns", BigInteger, nullable=False),
    Column("said", Text, nullable=False),
    Column("refused", Text, nullable=False, default=""),
    Index("ix_taps_hold", "hold", "seq"),
    Index("ix_taps_infant", "infant", "at_ns"),
)

tags = Table(
    "tags",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("stream", String(64), nullable=False),
    Column("start_ns", BigInteger, nullable=False),
    Column("tag", String(32), nullable=False),
    Column("void", Boolean, nullable=False, default=False),
    Index("ix_tags_stream", "stream", "start_ns"),
)

associations = Table(
    "associations",
    metadata,
    _key(),
    Column("stream", String(64), nullable=False),
    Column("bed", String(64), nullable=False),
    Column("infant", Number, ForeignKey("infants.id")),
    Column("since_ns", BigInteger, nullable=False),
    Column("until_ns", BigInteger),
    Column("confirmed", Boolean, nullable=False, default=False),
    Column("reason", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("ix_associations_stream", "stream", "until_ns"),
)

apart = Table(
    "apart",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("received_ns", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", String(64), nullable=False),
)

applied = Table(
    "applied",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
