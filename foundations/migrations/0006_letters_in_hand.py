from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("foundations", "0005_pages")]

    operations = [
        migrations.AddField("letter", "taken_at", models.DateTimeField(null=True)),
        migrations.AddIndex("donor", models.Index(Upper("email"), name="donor_by_mail")),
    ]
