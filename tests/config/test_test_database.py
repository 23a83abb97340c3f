"""What tests may rely on, whatever order they run in."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from wagtail.models import Collection

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
