import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    """Where the office sees what the nightly proof found."""

    dependencies = [("foundations", "0009_processor_entry_payment")]

    operations = [
        migrations.CreateModel(
            name="MoneyCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "checked_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="checked at"),
                ),
                (
                    "findings",
                    models.JSONField(
                        default=list, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
            ],
            options={
                "verbose_name": "check of the books",
                "verbose_name_plural": "checks of the books",
                "ordering": ["-id"],
            },
        ),
    ]
