from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundations", "0008_what_a_gift_carries")]

    operations = [
        migrations.AddField(
            model_name="processorentry",
            name="payment_ref",
            field=models.CharField(blank=True, default="", max_length=255),
            preserve_default=False,
        ),
    ]
