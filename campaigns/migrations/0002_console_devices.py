import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of scans is long: its new column is empty and its key is checked without a lock."""

    atomic = False

    dependencies = [
        ("campaigns", "0001_initial"),
        ("volunteers", "0005_past_holidays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsoleDevice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("token_hash", models.CharField(editable=False, max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_seen_at", models.DateTimeField(blank=True, null=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="console_devices", to=settings.AUTH_USER_MODEL)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("organisation", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="volunteers.organisation")),
                ("revoked_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("shifts", models.ManyToManyField(related_name="devices", to="campaigns.shift", verbose_name="shifts")),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ["-created_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("token_hash",), name="device_token_once"),
                    models.CheckConstraint(condition=models.Q(("revoked_at__isnull", False), ("revoked_by", None), _connector="OR"), name="device_revoked_at_a_moment"),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE campaigns_scan ADD COLUMN device_id bigint NULL",
                    "ALTER TABLE campaigns_scan DROP COLUMN device_id",
                ),
                migrations.RunSQL(
                    "ALTER TABLE campaigns_scan ADD CONSTRAINT campaigns_scan_device_fk"
                    " FOREIGN KEY (device_id) REFERENCES campaigns_consoledevice (id)"
                    " DEFERRABLE INITIALLY DEFERRED NOT VALID",
                    migrations.RunSQL.noop,
                ),
                migrations.RunSQL(
                    "ALTER TABLE campaigns_scan VALIDATE CONSTRAINT campaigns_scan_device_fk",
                    migrations.RunSQL.noop,
                ),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="scan",
                    name="device",
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="campaigns.consoledevice"),
                ),
            ],
        ),
    ]
