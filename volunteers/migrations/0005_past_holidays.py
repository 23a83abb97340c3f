from django.db import migrations

# What service on a holiday was worth hangs on these days: the past is not rewritten.
TRIGGER = """
CREATE FUNCTION volunteers_keep_past_holidays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.day <= current_date AND (TG_OP = 'DELETE' OR NEW.day <> OLD.day) THEN
        RAISE EXCEPTION 'The public holiday % has passed already.', OLD.day
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER keep_past_holidays BEFORE UPDATE OR DELETE ON volunteers_publicholiday
    FOR EACH ROW EXECUTE FUNCTION volunteers_keep_past_holidays();
"""


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0004_absences_and_holidays")]

    operations = [
        migrations.RunSQL(
            sql=TRIGGER,
            reverse_sql=(
                "DROP TRIGGER keep_past_holidays ON volunteers_publicholiday;"
                "DROP FUNCTION volunteers_keep_past_holidays();"
            ),
        ),
    ]
