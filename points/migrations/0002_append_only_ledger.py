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

-- What service was worth on a day that has passed is not rewritten either.
CREATE FUNCTION points_keep_past_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF lower(OLD.holds) IS NULL OR lower(OLD.holds) <= current_date THEN
        IF TG_OP = 'DELETE'
           OR (NEW.kind, NEW.points, NEW.category_id, NEW.campaign_number, lower(NEW.holds))
              IS DISTINCT FROM
              (OLD.kind, OLD.points, OLD.category_id, OLD.campaign_number, lower(OLD.holds))
           OR (upper(NEW.holds) < current_date
               AND upper(NEW.holds) IS DISTINCT FROM upper(OLD.holds))
        THEN
            RAISE EXCEPTION 'The award rule % has held already: it can only be ended.', OLD.id
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;

CREATE TRIGGER award_rule_keeps_its_past
    BEFORE UPDATE OR DELETE ON points_awardrule
    FOR EACH ROW EXECUTE FUNCTION points_keep_past_rules();

-- Rows that change with every settlement: room on their page lets PostgreSQL leave the indexes be.
ALTER TABLE points_account SET (fillfactor = 60);
ALTER TABLE points_standing SET (fillfactor = 60);
"""

REVERSE = """
DROP TRIGGER award_rule_keeps_its_past ON points_awardrule;
DROP FUNCTION points_keep_past_rules();
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
