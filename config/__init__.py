"""Settings, addresses, Celery and the servers. No app imports this package."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
