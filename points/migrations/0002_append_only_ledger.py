from django.db import migrations

SQL = """
CREATE FUNCTION points_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Answer a mistake with a further movement.';
END
$$;

CREATE TRIGGER movement_append_only
    BEFORE UPDATE OR DELETE ON points_movement
    FOR EACH STATEMENT EXECUTE FUNCTION points_refuse_change();

-- Apart from the other: the test suite empties tables between tests and may switch this one off.
CREATE TRIGGER movement_no_truncate
    BEFORE TRUNCATE ON points_movement
    FOR EACH STATEMENT EXECUTE FUNCTION points_refuse_change();

-- Rows that change with every settlement: room on their page lets PostgreSQL leave the indexes be.
ALTER TABLE points_account SET (fillfactor = 60);
ALTER TABLE points_standing SET (fillfactor = 60);
"""

REVERSE = """
DROP TRIGGER movement_no_truncate ON points_movement;
DROP TRIGGER movement_append_only ON points_movement;
DROP FUNCTION points_refuse_change();
ALTER TABLE points_account RESET (fillfactor);
ALTER TABLE points_standing RESET (fillfactor);
"""


class Migration(migrations.Migration):
    """A movement, once written, stays: the database itself refuses to change or remove it."""

    dependencies = [("points", "0001_initial")]

    operations = [migrations.RunSQL(sql=SQL, reverse_sql=REVERSE)]
