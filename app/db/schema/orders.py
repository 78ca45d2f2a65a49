"""What a buyer means to buy (intents), what was shown (quotes), pressed (attempts) and came of it (orders)."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from app.db.schema.base import metadata
from app.db.types import UtcDateTime

intents = Table(
    "intents",
    metadata,
    Column("intent_id", String(40), primary_key=True),
    Column("visitor_id", String(40), nullable=False, index=True),
    Column("person_id", String(40), ForeignKey("people.person_id"), nullable=True, index=True),
    Column("plan", String(60), nullable=False),
    Column("deployment", String(20), nullable=False),
    Column("group_id", String(255), nullable=False, default=""),
    Column("group_given", Boolean, nullable=False, default=False),  # the link named it, the buyer did not choose it
    # the last time the product said that the buyer owns the group and it has no plan
    Column("checked_group", String(255), nullable=False, default=""),
    Column("checked_name", String(255), nullable=False, default=""),
    Column("checked_members", Integer, nullable=False, default=0),
    Column("checked_at", UtcDateTime, nullable=True),
    Column("seats", Integer, nullable=True),  # None: propose the group's members
    Column("packs", Integer, nullable=False, default=0, server_default="0"),  # bought along with a plan
    Column("instance_users", Integer, nullable=True),
    Column("currency", String(3), nullable=False),
    Column("campaign", String(200), nullable=False, default=""),
    Column("origin", String(60), nullable=False, default=""),
    Column("return_to", String(2000), nullable=False, default=""),
    Column("utm", Text, nullable=False, default=""),
    Column("full_name", String(255), nullable=False, default=""),
    Column("email", String(320), nullable=False, default=""),
    Column("company", String(255), nullable=False, default=""),
    Column("country", String(2), nullable=False, default=""),
    Column("region", String(100), nullable=False, default=""),
    Column("postal_code", String(40), nullable=False, default=""),
    Column("city", String(255), nullable=False, default=""),
    Column("line1", String(255), nullable=False, default=""),
    Column("line2", String(255), nullable=False, default=""),
    Column("tax_id", String(60), nullable=False, default=""),
    Column("order_id", String(20), nullable=True),  # the newest order made from it
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

quotes = Table(
    "quotes",
    metadata,
    Column("quote_id", String(40), primary_key=True),
    Column("intent_id", String(40), ForeignKey("intents.intent_id"), nullable=False, index=True),
    Column("total", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("catalog_version", String(60), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

change_quotes = Table(
    "change_quotes",
    metadata,
    # what a page showed of a change: the vendor's quote to the letter, so that exactly it is asked for
    Column("quote_id", String(40), primary_key=True),
    Column("subscription_id", String(40), nullable=False, index=True),
    Column("change", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("reference", String(20), nullable=False),  # stands at the vendor for a change that is no order
    Column("expires_at", UtcDateTime, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", String(20), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("intent_id", String(40), ForeignKey("intents.intent_id"), nullable=True, index=True),
    Column("person_id", String(40), ForeignKey("people.person_id"), nullable=False, index=True),
    Column("account_id", String(40), ForeignKey("billing_accounts.account_id"), nullable=False, index=True),
    Column("vendor", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("plan", String(60), nullable=False),
    Column("deployment", String(20), nullable=False),
    Column("group_id", String(255), nullable=False, default=""),
    Column("group_name", String(255), nullable=False, default=""),
    Column("offer", String(100), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("subtotal", BigInteger, nullable=False),
    Column("discount", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("renews_at", UtcDateTime, nullable=True),
    Column("renewal_total", BigInteger, nullable=True),
    Column("email", String(320), nullable=False),
    Column("company", String(255), nullable=False, default=""),
    Column("return_to", String(2000), nullable=False, default=""),
    Column("attempt", Integer, nullable=False),  # the number in the idempotency key
    # what was asked of the vendor, to the letter, so that the same key always comes with the same arguments
    Column("request", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("payment_method_ref", String(255), nullable=False, default=""),  # a stored card, else the vendor's page
    Column("checkout_ref", String(255), nullable=True, index=True),
    Column("checkout_url", String(2000), nullable=False, default=""),
    Column("checkout_expires_at", UtcDateTime, nullable=True),
    Column("subscription_ref", String(255), nullable=True, index=True),
    Column("invoice_ref", String(255), nullable=True),
    Column("charge_ref", String(255), nullable=True, index=True),
    Column("amount_paid", BigInteger, nullable=False, default=0),
    Column("amount_refunded", BigInteger, nullable=False, default=0, server_default="0"),
    Column("decline", String(20), nullable=False, default=""),  # the newest decline's reason, until it is paid
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime, nullable=True),
    Column("check_at", UtcDateTime, nullable=True),  # wall time of the sweep's next look; None when nothing is open
    Column("check_tries", Integer, nullable=False, default=0),
    # packs that a plan was bought with: of which add-on, how many, and whether the product has confirmed them
    Column("packs_addon", String(60), nullable=False, default="", server_default=""),
    Column("packs", Integer, nullable=False, default=0, server_default="0"),
    Column("packs_granted", Boolean, nullable=False, default=False, server_default=false()),
    Index("ix_orders_check_at", "check_at"),
)

order_states = Table(
    "order_states",
    metadata,
    Column("order_id", String(20), ForeignKey("orders.order_id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("action", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

live_orders = Table(
    "live_orders",
    metadata,
    # one order under way for one target (``group:acme``, ``intent:…``): the row is the lock that two buyers race for
    Column("target", String(300), primary_key=True),
    Column("order_id", String(20), ForeignKey("orders.order_id"), nullable=False, unique=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("attempt_id", String(40), primary_key=True),
    Column("order_id", String(20), ForeignKey("orders.order_id"), nullable=False, index=True),
    Column("made_at", UtcDateTime, nullable=False),
)

declines = Table(
    "declines",
    metadata,
    Column("decline_ref", String(255), primary_key=True),  # the vendor's id of the try: counted once however often read
    Column("order_id", String(20), ForeignKey("orders.order_id"), nullable=False),
    Column("account_id", String(40), nullable=False, index=True),
    Column("person_id", String(40), nullable=False, index=True),
    Column("reason", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
