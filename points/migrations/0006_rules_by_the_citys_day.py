from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    """The trigger asks what day it is in the city: in UTC, a rule that began at midnight could
    still be changed for hours (east of it), or one of tomorrow no more (west of it)."""

    dependencies = [("points", "0005_without_locking")]

    operations = [
        migrations.RunSQL(
            sql=f"ALTER FUNCTION points_keep_past_rules() SET timezone = '{settings.TIME_ZONE}';",
            reverse_sql="ALTER FUNCTION points_keep_past_rules() RESET timezone;",
        ),
    ]
