from django.db import migrations


class Migration(migrations.Migration):
    """Card numbers are drawn from a sequence: no two, and none given twice after a rollback."""

    dependencies = [("volunteers", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE SEQUENCE volunteers_card_number START WITH 100000001",
            reverse_sql="DROP SEQUENCE volunteers_card_number",
        ),
    ]
