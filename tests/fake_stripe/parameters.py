"""What a call may say, by the official library's own typed parameters.

`stripe.params` is generated from Stripe's specification: a typed dict an operation, nested ones for
what lies inside. Here they are read as a schema, so a call that the specification does not have is
refused as Stripe refuses it, and no list of ours can fall behind the library's.
"""

import functools
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NotRequired, Required, Union
from urllib.parse import parse_qsl

import stripe.params
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from tests.fake_stripe.errors import BadParameter

METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500


def decode(text: str) -> dict[str, Any]:
    """Stripe's form encoding (`a[b][0]=c`) as nested dicts; a list is one keyed by numbers."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        steps = [step.rstrip("]") for step in name.split("[")]
        branch = tree
        for step in steps[:-1]:
            deeper = branch.setdefault(step, {})
            if not isinstance(deeper, dict):
                raise BadParameter(f"Invalid object: {name}", param=name)
            branch = deeper
        last = steps[-1] or str(len(branch))  # a[]=x appends
        branch[last] = value
    return tree


def check(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values in their own types; refuses what the parameters called `name` do not have.

    The name is as in the library, from `stripe.params` down: `checkout.SessionCreateParams`.
    """
    return _checked_object(_params_class(name), values, path="")


def names(name: str) -> set[str]:
    """The parameters that an operation has at its top."""
    return set(_fields(_params_class(name)))


@functools.cache
def _params_class(name: str) -> type:
    found: Any = stripe.params
    for step in name.split("."):
        found = getattr(found, step)
    return typing.cast(type, found)


@functools.cache
def _fields(params: type) -> dict[str, Any]:
    """The fields and their types; not the library's own request options (key, account...)."""
    options = RequestOptions.__annotations__ if issubclass(params, dict) else {}
    own = {
        name: hint
        for name, hint in params.__annotations__.items()
        if not (name in options and options[name] == hint)
    }
    holder = type("Holder", (), {"__annotations__": own, "__module__": params.__module__})
    known = vars(sys.modules[params.__module__])
    return typing.get_type_hints(holder, globalns=dict(known), include_extras=True)


def _checked_object(params: type, values: Mapping[str, Any], *, path: str) -> dict[str, Any]:
    fields = _fields(params)
    unknown = [_inside(path, name) for name in values if name not in fields]
    if unknown:
        many = "s" if len(unknown) > 1 else ""
        raise BadParameter(
            f"Received unknown parameter{many}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )
    required: frozenset[str] = params.__required_keys__  # type: ignore[attr-defined]
    for name in sorted(required & fields.keys() - values.keys()):
        param = _inside(path, name)
        raise BadParameter(
            f"Missing required param: {param}.", code="parameter_missing", param=param
        )
    return {
        name: _checked(fields[name], value, path=_inside(path, name))
        for name, value in values.items()
    }


def _inside(path: str, name: str | int) -> str:
    return f"{path}[{name}]" if path else str(name)


def _checked(hint: Any, value: Any, *, path: str) -> Any:
    choices = list(_alternatives(hint))
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        for choice in choices:
            if typing.get_origin(choice) is list:
                return _checked_list(choice, value, path=path)
    if isinstance(value, dict):
        return _checked_dict(choices, value, path=path)
    return _checked_scalar(choices, value, path=path)


def _alternatives(hint: Any) -> Iterator[Any]:
    origin = typing.get_origin(hint)
    if origin in (NotRequired, Required):
        yield from _alternatives(typing.get_args(hint)[0])
    elif origin in (Union, types.UnionType):
        for inner in typing.get_args(hint):
            yield from _alternatives(inner)
    else:
        yield hint


def _checked_dict(choices: list[Any], value: dict[str, Any], *, path: str) -> dict[str, Any]:
    refusal = BadParameter(f"Invalid value for {path}: no object is expected here.", param=path)
    for choice in choices:
        if typing.get_origin(choice) in (dict, UntypedStripeObject):
            return _checked_map(choice, value, path=path)
        if not is_typeddict(choice):
            continue
        try:
            return _checked_object(choice, value, path=path)
        except BadParameter as reason:
            refusal = reason
    raise refusal


def _checked_map(hint: Any, value: dict[str, Any], *, path: str) -> dict[str, Any]:
    inner = typing.get_args(hint)[-1]
    checked = {key: _checked(inner, text, path=_inside(path, key)) for key, text in value.items()}
    if path.endswith(("metadata", "metadata]")):
        _check_metadata(checked, path=path)
    return checked


def _check_metadata(metadata: dict[str, str], *, path: str) -> None:
    if len(metadata) > METADATA_KEYS:
        raise BadParameter(
            f"You have exceeded the limit of {METADATA_KEYS} metadata keys.", param=path
        )
    for key, text in metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise BadParameter(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters, but you passed "
                f"in a key that is {len(key)} characters. Invalid key: {key}",
                param=path,
            )
        if len(text) > METADATA_VALUE_LENGTH:
            raise BadParameter(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you "
                f"passed in a value that is {len(text)} characters. Invalid value: {text}",
                param=_inside(path, key),
            )


def _checked_list(hint: Any, value: dict[str, Any], *, path: str) -> list[Any]:
    (inner,) = typing.get_args(hint)
    return [_checked(inner, value[key], path=_inside(path, key)) for key in sorted(value, key=int)]


def _checked_scalar(choices: list[Any], value: str, *, path: str) -> Any:
    allowed = [text for choice in choices for text in _literal_texts(choice)]
    if value in allowed:
        return value
    if bool in choices and value in ("true", "false"):
        return value == "true"
    if int in choices and re.fullmatch(r"-?\d{1,18}", value):
        return int(value)
    if {float, Decimal} & set(choices) and _is_number(value):
        return Decimal(value)
    # A newer Stripe may know further words, so the library adds `str` to every list of words; this
    # one knows only those of its own version. Literal[''] alone means "or empty".
    if str in choices and not any(allowed):
        return value
    raise _bad_scalar(choices, [text for text in allowed if text], value, path=path)


def _literal_texts(choice: Any) -> tuple[str, ...]:
    return typing.get_args(choice) if typing.get_origin(choice) is Literal else ()


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _bad_scalar(choices: list[Any], allowed: list[str], value: str, *, path: str) -> BadParameter:
    if allowed:
        words = ", ".join(allowed[:-1]) + (" or " if allowed[1:] else "") + allowed[-1]
        return BadParameter(f"Invalid {path}: must be one of {words}", param=path)
    if int in choices:
        return BadParameter(
            f"Invalid integer: {value}", code="parameter_invalid_integer", param=path
        )
    if bool in choices:
        return BadParameter(f"Invalid boolean: {value}", param=path)
    kind = "array" if any(typing.get_origin(choice) is list for choice in choices) else "object"
    return BadParameter(f"Invalid {kind}", param=path)
