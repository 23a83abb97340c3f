from django.db import migrations, models

WAIVED = "fiscal receipt not wanted"


class Migration(migrations.Migration):
    dependencies = [("foundations", "0007_sponsors_payments")]

    operations = [
        migrations.AddField("gift", "waives_receipt", models.BooleanField(WAIVED, default=False)),
        migrations.AddField(
            "monthlygift", "waives_receipt", models.BooleanField(WAIVED, default=False)
        ),
        migrations.AddField(
            "monthlygift", "dedication", models.CharField("for whom", max_length=120, blank=True)
        ),
        migrations.AddField(
            "monthlygift", "message", models.CharField("message", max_length=200, blank=True)
        ),
        migrations.RemoveConstraint("donor", "donor_email_once"),
        migrations.AddConstraint(
            "donor",
            models.UniqueConstraint(
                fields=["foundation", "kind", "email", "user"],
                condition=~models.Q(email="", user=None),
                nulls_distinct=False,
                name="donor_email_once",
            ),
        ),
    ]
