"""Products, prices, coupons, customers and their cards."""

from typing import Any

import stripe

from tests.stripe_twin.books import Obj
from tests.stripe_twin.endpoints import Request, route
from tests.stripe_twin.payments import new_card
from tests.stripe_twin.reading import get, page, search
from tests.stripe_twin.refusals import invalid, missing
from tests.stripe_twin.samples import body
from tests.stripe_twin.taxes import verification

TEST_CARDS = {"pm_card_visa": "4242424242424242", "pm_card_chargeCustomerFail": "4000000000000341"}
"""Stripe's own names of test cards; the second attaches and is declined when it is charged."""
CUSTOMER_FIELDS = ("business_name", "description", "email", "individual_name", "name", "phone")


@route("post", "/v1/products")
def create_product(request: Request) -> Obj:
    params = request.params
    if "id" in params and request.books.find("product", params["id"]):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    own = {"id": params["id"]} if "id" in params else {}
    made = request.books.new(
        "product",
        **own,
        active=True,
        images=[],
        marketing_features=[],
        metadata=dict(params.get("metadata", {})),
        name=params["name"],
        type="service",
        updated=request.books.now,
    )
    return request.books.shown(made, request.expand)


@route("get", "/v1/products")
def list_products(request: Request) -> Obj:
    wanted = request.params.get("ids")
    return page(request, [row for row in request.books.all("product") if wanted is None or row["id"] in wanted])


@route("post", "/v1/products/{id}")
def update_product(request: Request) -> Obj:
    product = get(request, "product")
    _change(product, request.params, ("name", "description"))
    return request.books.shown(product, request.expand)


@route("post", "/v1/prices")
def create_price(request: Request) -> Obj:
    params, books = request.params, request.books
    product = get(request, "product", ref=params["product"], param="product")
    key = params.get("lookup_key")
    held = [row for row in books.all("price") if key and row["lookup_key"] == key]
    if held and params.get("transfer_lookup_key") != "true":
        raise invalid("A price with this lookup key already exists.", param="lookup_key")
    for row in held:
        row["lookup_key"] = None
    recurring = params.get("recurring")
    made = books.new(
        "price",
        active=params.get("active", "true") == "true",
        billing_scheme="per_unit",
        currency=params["currency"],
        lookup_key=key,
        metadata=dict(params.get("metadata", {})),
        nickname=params.get("nickname"),
        product=product["id"],
        recurring=_recurring(recurring) if recurring else None,
        tax_behavior=params.get("tax_behavior", "unspecified"),
        type="recurring" if recurring else "one_time",
        unit_amount=int(params["unit_amount"]),
        unit_amount_decimal=params["unit_amount"],
    )
    return books.shown(made, request.expand)


@route("get", "/v1/prices")
def list_prices(request: Request) -> Obj:
    keys, active = request.params.get("lookup_keys"), request.params.get("active")
    if keys is not None and len(keys) > 10:
        raise invalid("You may only specify up to 10 lookup keys.", param="lookup_keys")
    rows = [
        row
        for row in request.books.all("price")
        if (keys is None or row["lookup_key"] in keys) and (active is None or row["active"] == (active == "true"))
    ]
    return page(request, rows)


@route("post", "/v1/prices/{price}")
def update_price(request: Request) -> Obj:
    price = get(request, "price")
    if "active" in request.params:
        price["active"] = request.params["active"] == "true"
    _change(price, request.params, ("nickname", "lookup_key", "tax_behavior"))
    return request.books.shown(price, request.expand)


@route("post", "/v1/coupons")
def create_coupon(request: Request) -> Obj:
    params, books = request.params, request.books
    if "id" in params and books.find("coupon", params["id"]):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    products = params.get("applies_to", {}).get("products", [])
    for product in products:
        get(request, "product", ref=product, param="applies_to[products][0]")
    percent = params.get("percent_off")
    made = books.new(
        "coupon",
        **({"id": params["id"]} if "id" in params else {}),
        amount_off=int(params["amount_off"]) if "amount_off" in params else None,
        currency=params.get("currency"),
        duration=params.get("duration", "once"),
        duration_in_months=int(params["duration_in_months"]) if "duration_in_months" in params else None,
        metadata=dict(params.get("metadata", {})),
        name=params.get("name"),
        percent_off=float(percent) if percent is not None else None,
        times_redeemed=0,
        valid=True,
        _products=products,
    )
    return _coupon(request, made)


@route("get", "/v1/coupons/{coupon}")
def retrieve_coupon(request: Request) -> Obj:
    return _coupon(request, get(request, "coupon"))


@route("post", "/v1/coupons/{coupon}")
def update_coupon(request: Request) -> Obj:
    coupon = get(request, "coupon")
    _change(coupon, request.params, ("name",))
    return _coupon(request, coupon)


@route("delete", "/v1/coupons/{coupon}")
def delete_coupon(request: Request) -> Obj:
    coupon = get(request, "coupon")
    request.books.gone.append(request.books.tables["coupon"].pop(coupon["id"]))
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


@route("post", "/v1/customers")
def create_customer(request: Request) -> Obj:
    params, books = request.params, request.books
    numbers = [(each["type"], each["value"], verification(**_kind(each))) for each in params.get("tax_id_data", [])]
    made = books.new(
        "customer",
        address=_address(params.get("address")),
        delinquent=False,
        invoice_settings={"default_payment_method": None},
        metadata=dict(params.get("metadata", {})),
        **{name: params.get(name) or None for name in CUSTOMER_FIELDS},
    )
    for kind, value, found in numbers:
        _new_tax_id(request, made, kind, value, found)
    books.tell("customer.created", made)
    return books.shown(made, request.expand)


@route("get", "/v1/customers")
def list_customers(request: Request) -> Obj:
    email = request.params.get("email")
    return page(request, [row for row in request.books.all("customer") if email is None or row["email"] == email])


@route("get", "/v1/customers/search")
def search_customers(request: Request) -> Obj:
    return search(request, "customer")


@route("get", "/v1/customers/{customer}")
def retrieve_customer(request: Request) -> Obj:
    if request.ref in request.books.deleted:
        return {"id": request.ref, "object": "customer", "deleted": True}
    return request.books.shown(get(request, "customer"), request.expand)


@route("post", "/v1/customers/{customer}")
def update_customer(request: Request) -> Obj:
    params, books, customer = request.params, request.books, get(request, "customer")
    _change(customer, params, CUSTOMER_FIELDS)
    if "address" in params:
        customer["address"] = _address(params["address"])
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default is not None:
        card = get(request, "payment_method", "PaymentMethod", default, "invoice_settings[default_payment_method]")
        if card["customer"] != customer["id"]:
            raise invalid("The customer does not have this payment method.", param="invoice_settings")
        customer["invoice_settings"]["default_payment_method"] = default
    books.tell("customer.updated", customer)
    return books.shown(customer, request.expand)


@route("get", "/v1/customers/{customer}/tax_ids")
def list_tax_ids(request: Request) -> Obj:
    customer = get(request, "customer")
    return page(request, request.books.all("tax_id", customer=customer["id"]))


@route("post", "/v1/customers/{customer}/tax_ids")
def create_tax_id(request: Request) -> Obj:
    customer, params = get(request, "customer"), request.params
    found = verification(**_kind(params))
    return request.books.shown(_new_tax_id(request, customer, params["type"], params["value"], found), request.expand)


@route("delete", "/v1/customers/{customer}/tax_ids/{id}")
def delete_tax_id(request: Request) -> Obj:
    held = get(request, "tax_id", ref=request.refs[1])
    del request.books.tables["tax_id"][held["id"]]
    return {"id": held["id"], "object": "tax_id", "deleted": True}


@route("get", "/v1/customers/{customer}/payment_methods")
def list_cards(request: Request) -> Obj:
    customer = get(request, "customer")
    return page(request, request.books.all("payment_method", customer=customer["id"]))


@route("post", "/v1/payment_methods/{method}/attach")
def attach_card(request: Request) -> Obj:
    customer = get(request, "customer", ref=request.params.get("customer", ""), param="customer")
    if request.ref not in TEST_CARDS:
        raise missing("PaymentMethod", request.ref, None)
    card = new_card(request.books, TEST_CARDS[request.ref], 12, 2040, customer["id"])
    request.books.tell("payment_method.attached", card)
    return request.books.shown(card, request.expand)


@route("get", "/v1/charges")
def list_charges(request: Request) -> Obj:
    wanted = request.params.get("customer")
    return page(request, [row for row in request.books.all("charge") if wanted in (None, row["customer"])])


@route("get", "/v1/disputes")
def list_disputes(request: Request) -> Obj:
    wanted = request.params.get("payment_intent")
    return page(request, [row for row in request.books.all("dispute") if wanted in (None, row["payment_intent"])])


@route("post", "/v1/billing_portal/sessions")
def create_portal_session(request: Request) -> Obj:
    params, books = request.params, request.books
    customer = get(request, "customer", ref=params.get("customer", ""), param="customer")
    made = books.new(
        "billing_portal.session",
        configuration="bpc_twin",
        customer=customer["id"],
        return_url=params.get("return_url"),
    )
    made["url"] = f"{request.origin}/portal/{made['id']}"
    return books.shown(made, request.expand)


@route("get", "/v1/billing_portal/configurations")
def list_portal_configurations(request: Request) -> Obj:
    rows = [body(stripe.billing_portal.Configuration, id="bpc_twin", active=True, is_default=True)]
    data = rows if request.books.has_portal else []
    return {"object": "list", "data": data, "has_more": False, "url": request.path}


@route("get", "/v1/events")
def list_events(request: Request) -> Obj:
    return page(request, request.books.all("event"))


@route("get", "/v1/tax/settings")
def retrieve_tax_settings(request: Request) -> Obj:
    is_active = request.books.is_tax_active
    return {
        "object": "tax.settings",
        "defaults": {"provider": "stripe", "tax_behavior": None, "tax_code": None},
        "head_office": None,
        "livemode": False,
        "status": "active" if is_active else "pending",
        "status_details": {"active": None, "pending": None},
    }


@route("get", "/v1/webhook_endpoints")
def list_webhook_endpoints(request: Request) -> Obj:
    return page(request, request.books.all("webhook_endpoint"))


def _coupon(request: Request, coupon: Obj) -> Obj:
    wanted = [path for path in request.expand if path != "applies_to"]
    shown = request.books.shown(coupon, wanted)
    if "applies_to" in request.expand:
        shown["applies_to"] = {"products": coupon["_products"]}
    return shown


def _new_tax_id(request: Request, customer: Obj, kind: str, value: str, found: Obj) -> Obj:
    return request.books.new(
        "tax_id",
        country=value[:2] if value[:2].isalpha() else None,
        customer=customer["id"],
        owner={"customer": customer["id"], "type": "customer"},
        type=kind,
        value=value,
        verification=found,
    )


def _kind(given: Any) -> dict[str, str]:
    return {"kind": given["type"], "value": given["value"]}


def _change(held: Obj, params: Any, fields: tuple[str, ...]) -> None:
    for name in fields:
        if name in params:
            held[name] = params[name] or None
    if "metadata" in params:
        merged = {**(held["metadata"] or {}), **(params["metadata"] or {})}
        held["metadata"] = {name: value for name, value in merged.items() if value != ""}


def _address(given: Any) -> Obj | None:
    if not given:
        return None
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) or None for name in names}


def _recurring(given: Any) -> Obj:
    return {
        "interval": given["interval"],
        "interval_count": int(given.get("interval_count", 1)),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
