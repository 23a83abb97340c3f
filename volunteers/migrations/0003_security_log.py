from django.db import migrations

# P7: the log is kept for half a year at least, and nobody edits it. A deleted account's rows lose
# the account and nothing else.
TRIGGER = """
CREATE FUNCTION volunteers_keep_security_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at > now() - interval '6 months' THEN
            RAISE EXCEPTION 'The security log is kept for six months.';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.kind, NEW.address, NEW.detail, NEW.at)
        IS DISTINCT FROM (OLD.id, OLD.kind, OLD.address, OLD.detail, OLD.at)
        OR (NEW.user_id IS DISTINCT FROM OLD.user_id AND NEW.user_id IS NOT NULL)
        OR (NEW.by_id IS DISTINCT FROM OLD.by_id AND NEW.by_id IS NOT NULL) THEN
        RAISE EXCEPTION 'The security log is only added to.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_security_log BEFORE UPDATE OR DELETE ON volunteers_securityevent
    FOR EACH ROW EXECUTE FUNCTION volunteers_keep_security_log();
"""


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0002_card_numbers")]

    operations = [
        migrations.RunSQL(
            sql=TRIGGER,
            reverse_sql=(
                "DROP TRIGGER keep_security_log ON volunteers_securityevent;"
                "DROP FUNCTION volunteers_keep_security_log();"
            ),
        ),
    ]
