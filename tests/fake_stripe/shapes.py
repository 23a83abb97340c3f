"""Objects in the shape that the official library's own classes give them.

A shape is checked as it is made: a field the class does not have, or one it always has and that is
left out, is a mistake of this fake. What may be null is null, as Stripe answers it.
"""

import functools
import types
import typing
from typing import Any, ClassVar, ForwardRef, Union

from stripe import Account, Balance, Event, PaymentMethod, StripeObject

# Stripe leaves these out unless they are asked for (expanded) or apply, so code that reads them
# without asking fails here too.
LEFT_OUT = {
    "deleted", "line_items", "refunds", "sources", "subscriptions", "tax_ids", "cash_balance",
    "invoice_credit_balance", "currency_options", "tiers", "payments", "confirmation_secret", "tax",
    "secret", "authorization_code", "level3", "currency_conversion", "presentment_details",
    "quantity_decimal", "intended_submission_method",
}  # fmt: skip
SPARE = (Account, Balance, Event, PaymentMethod)  # these have only what applies


def shape(kind: type[StripeObject], **values: Any) -> dict[str, Any]:
    """The object as JSON: `values`, and null for whatever else the class may have."""
    fields = _fields(typing.cast(Any, kind))
    if "object" in fields and "object" not in values:
        values["object"] = kind.OBJECT_NAME  # type: ignore[attr-defined]
    _check(kind, values, path=kind.__name__)
    if issubclass(kind, SPARE):
        return values
    empty = {name: None for name in fields if name not in values and name not in LEFT_OUT}
    return values | empty


def _check(kind: type, values: dict[str, Any], *, path: str) -> None:
    fields = _fields(kind)
    unknown = {name for name in values if not name.startswith("_")} - fields.keys()
    assert not unknown, f"{path} has no {sorted(unknown)}"
    lacking = {
        name for name, (_, nullable) in fields.items() if not nullable and values.get(name) is None
    }
    assert not lacking, f"{path} always has {sorted(lacking)}"
    for name, value in values.items():
        if name.startswith("_"):
            continue
        inner = _inner_class(fields[name][0])
        for part in value if isinstance(value, list) else [value]:
            if inner and isinstance(part, dict):
                _check(inner, part, path=f"{path}.{name}")


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Each field's type, and whether it may be null."""
    found = {}
    for name, hint in kind.__annotations__.items():
        origin: Any = typing.get_origin(hint)
        if origin is ClassVar:
            continue
        found[name] = (hint, type(None) in typing.get_args(hint))
    return found


def _inner_class(hint: Any) -> type | None:
    """The class nested in the object's own class, if the field is of one (or a list of one).

    Other objects (a charge inside an intent) are named by forward references and were checked when
    they were made."""
    if isinstance(hint, ForwardRef | str):
        return None
    origin: Any = typing.get_origin(hint)
    if origin in (Union, types.UnionType, list):
        found = [_inner_class(part) for part in typing.get_args(hint)]
        return next((part for part in found if part), None)
    if isinstance(hint, type) and issubclass(hint, StripeObject) and "." in hint.__qualname__:
        return hint
    return None
