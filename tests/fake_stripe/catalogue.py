"""Products, prices and customers, as far as gifts need them."""

from typing import Any

import stripe

from tests.fake_stripe import currencies
from tests.fake_stripe.errors import BadParameter, Refused
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.store import Account, Object


def make_product(account: Account, values: dict[str, Any]) -> Object:
    allowed = {"name", "description", "metadata", "images", "active", "url", "unit_label"}
    allowed |= {"statement_descriptor", "tax_code"}
    known = {name: value for name, value in values.items() if name in allowed}
    defaults: Object = {"metadata": {}, "images": [], "active": True, "marketing_features": []}
    return account.make(
        stripe.Product, "prod", **(defaults | known), type="service", updated=account.world.now()
    )


def make_price(account: Account, values: dict[str, Any], *, param: str = "") -> Object:
    """A price; from `price_data` it belongs to one session or subscription only."""
    currencies.check_currency(values["currency"], param=_inside(param, "currency"))
    amount = values.get("unit_amount", _whole(values.get("unit_amount_decimal"), param=param))
    if amount is None:
        raise BadParameter(
            f"Missing required param: {_inside(param, 'unit_amount')}.",
            code="parameter_missing",
            param=_inside(param, "unit_amount"),
        )
    if amount < 0:
        raise Refused("Invalid non-negative integer", code="parameter_invalid_integer")
    product = values.get("product") or _product(account, values, param=param)
    account.get("product", product, param="product")
    recurring = values.get("recurring")
    return account.make(
        stripe.Price, "price", currency=values["currency"], product=product, unit_amount=amount,
        unit_amount_decimal=str(amount), active=values.get("active", True),
        billing_scheme="per_unit", metadata=values.get("metadata", {}),
        nickname=values.get("nickname"), lookup_key=values.get("lookup_key"),
        tax_behavior="unspecified", type="recurring" if recurring else "one_time",
        recurring={"interval_count": 1, "usage_type": "licensed", "meter": None,
                   "trial_period_days": None} | recurring if recurring else None,
    )  # fmt: skip


def _product(account: Account, values: dict[str, Any], *, param: str) -> str:
    data = values.get("product_data")
    if data is None:
        raise BadParameter(
            f"You must specify either {_inside(param, 'product')} or "
            f"{_inside(param, 'product_data')}.",
            code="parameter_missing",
            param=_inside(param, "product"),
        )
    return str(make_product(account, data)["id"])


def _whole(amount: Any, *, param: str) -> int | None:
    if amount is None:
        return None
    if amount != int(amount):
        raise Refused(
            "This fake Stripe has no prices below the minor unit.",
            param=_inside(param, "unit_amount_decimal"),
        )
    return int(amount)


def _inside(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def plan_of(price: Object) -> Object:
    """A price in the older form that subscription items still carry."""
    from tests.fake_stripe.shapes import shape

    recurring = price["recurring"]
    return shape(
        stripe.Plan, id=price["id"], active=price["active"], amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"], billing_scheme="per_unit",
        created=price["created"], currency=price["currency"], interval=recurring["interval"],
        interval_count=recurring["interval_count"], livemode=False, metadata=price["metadata"],
        product=price["product"], usage_type="licensed",
    )  # fmt: skip


# Customers


CUSTOMER_FIELDS = {"email", "name", "phone", "description", "metadata", "preferred_locales"}


def make_customer(account: Account, values: dict[str, Any]) -> Object:
    known = {name: value for name, value in values.items() if name in CUSTOMER_FIELDS}
    customer = account.make(
        stripe.Customer, "cus", balance=0, delinquent=False, tax_exempt="none",
        **({"metadata": {}, "preferred_locales": []} | known),
        invoice_settings={"custom_fields": None, "default_payment_method": None, "footer": None,
                          "rendering_options": None},
    )  # fmt: skip
    account.emit("customer.created", customer)
    return customer


def customer_of(account: Account, payer: Payer, *, locale: str | None) -> Object:
    return make_customer(
        account,
        {
            "email": payer.email, "name": payer.name,
            "preferred_locales": [locale] if locale and locale != "auto" else [],
        },
    )  # fmt: skip
