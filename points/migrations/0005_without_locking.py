from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """What would lock a table of ten million rows, done beside the work that goes on."""

    atomic = False

    dependencies = [("points", "0004_buckets_and_caps")]

    operations = [
        ValidateConstraint(model_name="account", name="account_project_not_below_zero"),
        AddIndexConcurrently(
            model_name="movement",
            index=BrinIndex(fields=["created_at"], name="movement_created", pages_per_range=32),
        ),
    ]
