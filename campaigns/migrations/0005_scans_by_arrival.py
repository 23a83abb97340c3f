from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The newest scans, and those with a distance, are found without reading the table."""

    atomic = False

    dependencies = [("campaigns", "0004_counted_scans_without_locking")]

    operations = [
        AddIndexConcurrently(
            model_name="scan",
            index=BrinIndex(
                autosummarize=True,
                fields=["received_at"],
                name="scan_by_arrival",
                pages_per_range=32,
            ),
        ),
        AddIndexConcurrently(
            model_name="scan",
            index=models.Index(
                condition=models.Q(("distance_m__isnull", False)),
                fields=["received_at"],
                name="scan_with_distance",
            ),
        ),
    ]
