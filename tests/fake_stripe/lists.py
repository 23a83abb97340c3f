"""Lists in pages, filters, and `expand`."""

from collections.abc import Callable
from typing import Any

from tests.fake_stripe.errors import BadParameter, Refused
from tests.fake_stripe.store import Account, Object, public

PAGING = {"limit", "starting_after", "ending_before", "expand", "created"}
Reader = Callable[[Object], Any]


def page(
    account: Account, kind: str, values: dict[str, Any], *, url: str, **readers: Reader
) -> Object:
    """One page of a kind of object, newest first.

    A filter compares a value with the object's field of that name, or with what the reader of that
    name finds. A filter that the specification has and that is not known here is refused: leaving
    it out would answer too much.
    """
    newest_first = account.all(kind)[::-1]
    kept = [found for found in newest_first if in_range(found, values.get("created"))]
    for name, wanted in values.items():
        if name in PAGING:
            continue
        reader = readers.get(name) or _field_reader(name, kept)
        kept = [found for found in kept if _matches(reader(found), wanted)]
    return cut(kept, values, url=url)


def cut(found: list[Object], values: dict[str, Any], *, url: str) -> Object:
    """The page that limit and cursor ask for, of objects newest first."""
    limit = values.get("limit", 10)
    if not 1 <= limit <= 100:
        raise BadParameter("Invalid limit: must be between 1 and 100", param="limit")
    after, before = values.get("starting_after"), values.get("ending_before")
    if after and before:
        raise BadParameter("You may not specify both starting_after and ending_before.")
    places = {item["id"]: place for place, item in enumerate(found)}
    if before:
        end = _place(places, before, param="ending_before")
        start = max(0, end - limit)
        return _list(found[start:end], url=url, more=start > 0)
    start = _place(places, after, param="starting_after") + 1 if after else 0
    return _list(found[start : start + limit], url=url, more=start + limit < len(found))


def whole(found: list[Object], *, url: str) -> Object:
    """A list inside an object."""
    return _list(found, url=url, more=False)


def _list(found: list[Object], *, url: str, more: bool) -> Object:
    return {
        "object": "list",
        "data": [public(item) for item in found],
        "has_more": more,
        "url": url,
    }


def _place(places: dict[str, int], id: str, *, param: str) -> int:
    if id not in places:
        raise Refused(f"No such object: '{id}'", code="resource_missing", param=param)
    return places[id]


def in_range(found: Object, wanted: Any) -> bool:
    if wanted is None:
        return True
    created: int = found["created"]
    if isinstance(wanted, int):
        return created == wanted
    return all(
        {
            "gt": created > bound,
            "gte": created >= bound,
            "lt": created < bound,
            "lte": created <= bound,
        }[name]
        for name, bound in wanted.items()
    )


def _field_reader(name: str, found: list[Object]) -> Reader:
    if found and name not in found[0]:
        raise Refused(f"This fake Stripe does not filter by {name}.", param=name)
    return lambda item: item.get(name)


def _matches(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, list) else bool(value == wanted)


# Expanding


def expanded(account: Account, answer: Object, paths: list[str]) -> Object:
    """The answer with the objects themselves where the paths name them, instead of their ids."""
    for path in paths:
        steps = path.split(".")
        if len(steps) - (steps[0] == "data") > 4:
            raise BadParameter(
                "You cannot expand more than 4 levels of a property.", param="expand"
            )
        answer = _expand(account, answer, steps, path=path)
    return answer


def _expand(account: Account, value: Any, steps: list[str], *, path: str) -> Any:
    if isinstance(value, list):
        return [_expand(account, item, steps, path=path) for item in value]
    if value is None:
        return None
    value = _looked_up(account, value, path=path)
    if not steps:
        return value
    name, *rest = steps
    if name not in value:
        loader = _LOADED.get((value.get("object"), name))
        if loader is None:
            raise _cannot(path)
        value = value | {name: loader(account, value)}
    return value | {name: _expand(account, value[name], rest, path=path)}


def _looked_up(account: Account, value: Any, *, path: str) -> Object:
    if isinstance(value, dict):
        return value
    found = account.find(value) if isinstance(value, str) else None
    if found is None:
        raise _cannot(path)
    return public(found)


def _cannot(path: str) -> BadParameter:
    return BadParameter(
        f"This property cannot be expanded ({path}). You may want to try expanding one of its "
        "parents or children.",
        param="expand",
    )


def _line_items(account: Account, session: Object) -> Object:
    kept = account.get("checkout.session", session["id"])
    return whole(kept["_line_items"], url=f"/v1/checkout/sessions/{session['id']}/line_items")


def _refunds(account: Account, charge: Object) -> Object:
    found = [item for item in account.all("refund") if item["charge"] == charge["id"]]
    return whole(found[::-1], url=f"/v1/charges/{charge['id']}/refunds")


def _payments(account: Account, invoice: Object) -> Object:
    found = [item for item in account.all("invoice_payment") if item["invoice"] == invoice["id"]]
    return whole(found[::-1], url="/v1/invoice_payments")


def _subscriptions(account: Account, customer: Object) -> Object:
    found = [item for item in account.all("subscription") if item["customer"] == customer["id"]]
    return whole(found[::-1], url="/v1/subscriptions")


# What is in an answer only when it is asked for.
_LOADED: dict[tuple[Any, str], Callable[[Account, Object], Object]] = {
    ("checkout.session", "line_items"): _line_items,
    ("charge", "refunds"): _refunds,
    ("invoice", "payments"): _payments,
    ("customer", "subscriptions"): _subscriptions,
}
