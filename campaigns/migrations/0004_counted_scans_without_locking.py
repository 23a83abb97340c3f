import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Who is in, or was in a moment ago, came by scans that counted: what is reckoned anew starts
# from these. Shifts long closed are left as they are; no scan can reach them any more.
COUNT_RECENT_SCANS = """
    UPDATE campaigns_scan scan SET counts = true
    FROM campaigns_shift shift
    WHERE shift.id = scan.shift_id
      AND (shift.closed_at IS NULL OR shift.ends_at > now() - interval '8 days')
      AND scan.outcome IN ('checked_in', 'checked_out')
"""


class Migration(migrations.Migration):
    """Long tables get their new indexes while everybody goes on working."""

    atomic = False

    dependencies = [("campaigns", "0003_counted_scans")]

    operations = [
        AddIndexConcurrently(
            model_name="scan",
            index=models.Index(fields=["volunteer", "made_at"], name="scan_of_volunteer"),
        ),
        migrations.AlterField(
            model_name="scan",
            name="volunteer",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scans",
                to="volunteers.volunteer",
            ),
        ),
        AddIndexConcurrently(
            model_name="signup",
            index=models.Index(
                condition=models.Q(("team__isnull", False)), fields=["team"], name="sign_up_of_team"
            ),
        ),
        AddIndexConcurrently(
            model_name="attendance",
            index=models.Index(
                condition=models.Q(("checked_out_at__isnull", False), ("record", None)),
                fields=["id"],
                name="attendance_record_owed",
            ),
        ),
        migrations.RunSQL(COUNT_RECENT_SCANS, migrations.RunSQL.noop),
    ]
