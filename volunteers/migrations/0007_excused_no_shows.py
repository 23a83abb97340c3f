import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0006_holidays_by_the_citys_day")]

    operations = [
        migrations.AddField(
            model_name="noshow",
            name="excused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="noshow",
            name="excused_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="noshow",
            name="excuse_reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="noshow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("excuse_reason", ""), ("excused_at", None)),
                    models.Q(
                        ("excused_at__isnull", False),
                        models.Q(("excuse_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="no_show_excused_with_a_reason",
            ),
        ),
    ]
