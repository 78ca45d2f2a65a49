"""The embedded vendor's own tables: minor units; ``…_wall`` columns hold wall time, all others business time."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.schema import CreateColumn

from app.db.tables import create_missing
from app.db.types import UtcDateTime

metadata = MetaData()

prices = Table(
    "prices",
    metadata,
    Column("key", String, primary_key=True),
    Column("item", String, nullable=False),
    Column("title", String, nullable=False),
    Column("deployment", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("interval", String, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("is_plan", Boolean, nullable=False),
    Column("is_offered", Boolean, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("ref", String, primary_key=True),
    Column("account_id", String, nullable=False, unique=True),
    Column("email", String, nullable=False),
    Column("full_name", String, nullable=False),
    Column("company", String, nullable=False),
    Column("currency", String(3), nullable=False),
    # an empty country means that the place is not known
    Column("country", String, nullable=False),
    Column("region", String, nullable=False),
    Column("postal_code", String, nullable=False),
    Column("city", String, nullable=False),
    Column("line1", String, nullable=False),
    Column("line2", String, nullable=False),
    Column("tax_id_kind", String, nullable=False),
    Column("tax_id_value", String, nullable=False),
    Column("default_card", String),
    Column("made_at", UtcDateTime, nullable=False),
)

# Never a card number: ``behaviour`` says what the test card's bank answers.
cards = Table(
    "cards",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("customer", ForeignKey("customers.ref"), nullable=False, index=True),
    Column("brand", String, nullable=False),
    Column("last4", String(4), nullable=False),
    Column("expires_month", Integer, nullable=False),
    Column("expires_year", Integer, nullable=False),
    Column("behaviour", String, nullable=False),
    Column("is_kept", Boolean, nullable=False),
)

discounts = Table(
    "discounts",
    metadata,
    Column("ref", String, primary_key=True),
    Column("reservation", String, nullable=False, unique=True),
    Column("label", String, nullable=False),
    Column("percent_bp", Integer),
    Column("amount_off", BigInteger),
    Column("currency", String(3)),
    Column("periods", Integer),
    Column("is_revoked", Boolean, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

discount_offers = Table(
    "discount_offers",
    metadata,
    Column("discount", ForeignKey("discounts.ref"), primary_key=True),
    Column("offer", String, primary_key=True),
)

# Everything that waits for a payment or waited for one: purchases, changes and renewals.
checkouts = Table(
    "checkouts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    # paid on the hosted page, where another card can be tried; otherwise by the stored card it was started with
    Column("is_hosted", Boolean, nullable=False),
    Column("order_id", String, nullable=False, index=True),
    Column("customer", ForeignKey("customers.ref"), nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("subtotal", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("tax_rate_ppm", Integer, nullable=False),
    Column("tax_treatment", String, nullable=False),
    Column("return_to", String, nullable=False),
    Column("cancel_to", String, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_wall", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("card", String),
    # somebody asked to close it while the bank was still thinking
    Column("is_closing", Boolean, nullable=False),
    Column("subscription", String),
    Column("invoice", String),
    Column("charge", String),
    Index("checkouts_waiting", "state", "expires_wall"),
)

lines = Table(
    "lines",
    metadata,
    Column("owner", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("offer", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("discount", String, nullable=False),
)

# What a checkout of kind "change" will do once it is paid.
changes = Table(
    "changes",
    metadata,
    Column("checkout", ForeignKey("checkouts.ref"), primary_key=True),
    Column("subscription", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("offer", String, nullable=False),
    Column("base", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("at_renewal", Boolean, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    # of a renewal: ``offer quantity``, one a line
    Column("packs", String, nullable=False, server_default=""),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("order_id", String, nullable=False),
    Column("customer", ForeignKey("customers.ref"), nullable=False, index=True),
    Column("subject", String, nullable=False),
    Column("status", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("years", Integer, nullable=False),
    Column("cancel_at", UtcDateTime),
    Column("renews_offer", String, nullable=False),
    Column("renews_quantity", Integer, nullable=False),
    Column("renews_unit_price", BigInteger, nullable=False),
    Column("channel", String, nullable=False),
    Column("sold_by", String, nullable=False),
    Column("sold_by_contact", String, nullable=False, server_default=""),
    Column("arrangement", String, nullable=False, server_default="card"),
    Column("version", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    # the checkout that has paid the next term
    Column("prepaid_checkout", String),
    # dunning: the unpaid renewal, when it fell due, how often its card was tried since, and what comes next
    Column("owed_checkout", String),
    Column("owed_since", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", UtcDateTime),
    Column("give_up_at", UtcDateTime),
    Index("subscriptions_ending", "status", "ends_at"),
)

# ``net`` is what this quantity costs for a whole term after percentages, as it was really billed.
items = Table(
    "items",
    metadata,
    Column("subscription", ForeignKey("subscriptions.ref"), primary_key=True),
    Column("offer", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
)

# Fixed sums taken off in this term: ``amount`` was given for the time from ``since`` to the end of the term.
reductions = Table(
    "reductions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscription", ForeignKey("subscriptions.ref"), nullable=False, index=True),
    Column("offer", String, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

# Discounts in force; ``terms_left`` counts the running term, NULL is for ever.
subscription_discounts = Table(
    "subscription_discounts",
    metadata,
    Column("subscription", ForeignKey("subscriptions.ref"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("discount", ForeignKey("discounts.ref"), nullable=False),
    Column("terms_left", Integer),
)

invoices = Table(
    "invoices",
    metadata,
    Column("serial", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("order_id", String, nullable=False),
    Column("customer", ForeignKey("customers.ref"), nullable=False, index=True),
    Column("subscription", String, index=True),
    Column("checkout", String, nullable=False),
    Column("status", String, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    # the term that it bills, so that credits stay within the cash collected for that term
    Column("term_starts_at", UtcDateTime),
    Column("bill_to", String, nullable=False),
    Column("tax_id", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("subtotal", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("tax_rate_ppm", Integer, nullable=False),
    Column("tax_treatment", String, nullable=False),
    Column("amount_paid", BigInteger, nullable=False),
    Column("amount_refunded", BigInteger, nullable=False),
)

# One row for each try; only a "succeeded" one moved money (none really does here).
charges = Table(
    "charges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("order_id", String, nullable=False),
    Column("customer", ForeignKey("customers.ref"), nullable=False),
    Column("checkout", String, nullable=False, index=True),
    Column("invoice", String),
    Column("card", String),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("at_wall", UtcDateTime, nullable=False),
    Column("amount_refunded", BigInteger, nullable=False),
    Column("dispute", String, nullable=False),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String, nullable=False, unique=True),
    Column("charge", ForeignKey("charges.ref"), nullable=False),
    Column("order_id", String, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reason", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("serial", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", ForeignKey("events.serial"), nullable=False),
    Column("status", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made_wall", UtcDateTime, nullable=False),
    Column("next_wall", UtcDateTime, nullable=False),
    Column("last_answer", Integer),
    # where it stands in the queue; a shuffled one draws its place
    Column("place", BigInteger, nullable=False),
    Index("deliveries_waiting", "status", "next_wall"),
)

faults = Table(
    "faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("op", String, nullable=False),
    Column("fault", String, nullable=False),
    # NULL until they are cleared
    Column("times_left", Integer),
)

webhook_faults = Table(
    "webhook_faults",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("duplicate", Integer, nullable=False),
    Column("shuffle", Boolean, nullable=False),
    Column("drop_ppm", Integer, nullable=False),
    Column("delay_seconds", Integer, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String, primary_key=True),
    Column("arguments", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("made_wall", UtcDateTime, nullable=False),
)

# One unpaid checkout at most for each order, and one paid one: the rule stands in the database itself.
Index(
    "checkouts_one_live",
    checkouts.c.order_id,
    unique=True,
    sqlite_where=text("order_id != '' AND state != 'expired'"),
    postgresql_where=text("order_id != '' AND state != 'expired'"),
)


# its database is a file of SQLite's
_COLUMNS = "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"


def create_tables(connection: Connection) -> None:
    """Create the tables, and in those of an earlier release the columns, that are not there yet; may be repeated."""
    create_missing(connection, metadata)
    rows = connection.exec_driver_sql(_COLUMNS)
    known = {(table, column) for table, column in rows}
    for table in metadata.sorted_tables:
        for column in table.columns:
            if (table.name, column.name) not in known:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
