from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    """What would lock a table of ten million rows, done beside the work that goes on."""

    atomic = False

    dependencies = [("points", "0004_buckets_and_caps")]

    operations = [
        # Each in a transaction of its own: everybody's page reads this table.
        migrations.RemoveConstraint(
            model_name='account',
            name='account_system_kind_once',
        ),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.UniqueConstraint(condition=models.Q(('volunteer', None), models.Q(('kind', 'project'), _negated=True)), fields=('kind',), name='account_system_kind_once'),
        ),
        AddConstraintNotValid(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'project'), _negated=True), ('balance_points__gte', 0), _connector='OR'), name='account_project_not_below_zero'),
        ),
        ValidateConstraint(model_name="account", name="account_project_not_below_zero"),
        AddIndexConcurrently(
            model_name="movement",
            index=BrinIndex(fields=["created_at"], name="movement_created", pages_per_range=32),
        ),
    ]
