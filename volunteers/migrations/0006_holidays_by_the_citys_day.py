from django.conf import settings
from django.db import migrations

TIME_ZONE = settings.TIME_ZONE


class Migration(migrations.Migration):
    """The trigger asks what day it is in the city: in UTC, today's holiday could still be taken
    away until eight in the morning."""

    dependencies = [("volunteers", "0005_past_holidays")]

    operations = [
        migrations.RunSQL(
            sql=f"ALTER FUNCTION volunteers_keep_past_holidays() SET timezone = '{TIME_ZONE}';",
            reverse_sql="ALTER FUNCTION volunteers_keep_past_holidays() RESET timezone;",
        ),
    ]
