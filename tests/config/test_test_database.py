"""What tests may rely on, whatever order they run in."""

import os
import subprocess
import sys

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from wagtail.models import Collection

from config.embedded import PROJECT

ORDER = ["first", "second"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ORDER)
def test_a_test_with_real_transactions_finds_what_migrations_made_and_nothing_of_its_forerunner(
    turn,
):
    assert Collection.objects.filter(depth=1).exists()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE left_behind ()")


@pytest.mark.django_db
def test_every_migration_is_in_the_test_database():
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert ContentType.objects.filter(app_label="volunteers").exists()


def test_a_second_run_at_the_same_time_takes_another_database(settings):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LINLI_TEST_")}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            (
                "from django.conf import settings as s;"
                "print(s.DATABASES['default']['TEST']['NAME'], s.CELERY_BROKER_URL)"
            ),
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert said[0] != settings.DATABASES["default"]["TEST"]["NAME"].removesuffix("_gw0")
    assert said[1] != settings.CELERY_BROKER_URL
