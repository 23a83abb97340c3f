"""Doors for Celery: nothing but the call of an action."""

from __future__ import annotations

from celery import shared_task

from campaigns.actions.closing import close_finished_shifts


@shared_task
def sweep_finished_shifts() -> None:
    close_finished_shifts()
