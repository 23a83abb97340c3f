"""Statements that PostgreSQL plans once a connection, and not once a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def prepared_cursor() -> Iterator[CursorWrapper]:
    """For the few long statements that run thousands of times a minute: planning them takes longer
    than running them. Django's own cursors write the values into the text, so that each is new.

    After its fifth use on a connection a statement is prepared (psycopg's `prepare_threshold`, see
    config.environment.database); where that is off, behind a pooler, it runs like any other.
    """
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    # As BaseDatabaseWrapper.cursor() does: errors become Django's, and tests count the statement.
    with connection._prepare_cursor(cursor) as wrapped:  # type: ignore[attr-defined]
        yield wrapped
