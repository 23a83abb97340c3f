"""Reading the environment: plain functions that settings files call."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit


def text(name: str, default: str = "") -> str:
    """The variable without surrounding space; `default` when it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool = False) -> bool:
    """True for 1, true, yes, on; `default` when it is unset or empty."""
    value = text(name).lower()
    return value in {"1", "true", "yes", "on"} if value else default


def number(name: str, default: int) -> int:
    """A whole number; raises ValueError naming the variable when it is not one."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None


def words(name: str) -> list[str]:
    """A comma-separated list, without the empty ones."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for `postgresql://user:password@host:port/name?option=value`.

    A `host` option names a socket's folder; `prepare_threshold=none` keeps statements from being
    prepared, for a pooler that gives every transaction another connection. Raises ValueError for
    any other scheme.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must start with postgresql://")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    threshold = options.pop("prepare_threshold", "5")
    options["prepare_threshold"] = None if threshold == "none" else int(threshold)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }


def redis(url: str, *, database: int) -> str:
    """`url` with another database number; knows redis://, rediss:// and unix:// addresses."""
    parts = urlsplit(url)
    if parts.scheme in {"redis", "rediss"}:
        return urlunsplit(parts._replace(path=f"/{database}"))
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query)) | {"db": str(database)}
        return f"unix://{parts.path}?{urlencode(query)}"
    raise ValueError("REDIS_URL must start with redis://, rediss:// or unix://")


def broker(url: str, *, database: int) -> str:
    """The same address in the words that Celery's transport knows."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={database}"
    return redis(url, database=database)


def origin(url: str) -> str:
    """Scheme and host of an address, as a Content-Security-Policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
