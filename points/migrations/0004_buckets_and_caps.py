from django.db import migrations

SQL = """
-- At least half of the time between coming and going lies in the night, which may cross midnight.
-- Moments are local (timestamp without time zone); a record is never longer than a day.
CREATE FUNCTION points_is_night(came timestamp, went timestamp, night_from time, night_until time)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(greatest(interval '0', least(went, ends) - greatest(came, begins))) * 2
                    >= went - came AND went > came, false)
    FROM (SELECT date_trunc('day', came) + day * interval '1 day' + night_from AS begins,
                 date_trunc('day', came) + day * interval '1 day' + night_until
                 + CASE WHEN night_until <= night_from THEN interval '1 day'
                        ELSE interval '0' END AS ends
          FROM generate_series(-1, 1) AS day) nights
$$;

CREATE OR REPLACE FUNCTION points_keep_past_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF lower(OLD.holds) IS NULL OR lower(OLD.holds) <= current_date THEN
        IF TG_OP = 'DELETE'
           OR (NEW.kind, NEW.points, NEW.category_id, NEW.campaign_number, lower(NEW.holds),
               NEW.role, NEW.percent, NEW.condition, NEW.night_from, NEW.night_until,
               NEW.min_minutes, NEW.rounding, NEW.lapse_months)
              IS DISTINCT FROM
              (OLD.kind, OLD.points, OLD.category_id, OLD.campaign_number, lower(OLD.holds),
               OLD.role, OLD.percent, OLD.condition, OLD.night_from, OLD.night_until,
               OLD.min_minutes, OLD.rounding, OLD.lapse_months)
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

-- Rows that change with every settlement: room on their page lets PostgreSQL leave the indexes be.
ALTER TABLE points_bucket SET (fillfactor = 70);
ALTER TABLE points_capwindow SET (fillfactor = 80);

-- Points from before there were buckets never lapse.
INSERT INTO points_bucket (account_id, lapses_on, remaining_points, lapsed_points)
SELECT id, NULL, balance_points, 0 FROM points_account
WHERE kind = 'volunteer' AND balance_points > 0;

-- A daily limit was taken off each record before; now it is a movement of its own. What the records
-- of a day hold today is what the day has earned so far; where the limit was reached, the records
-- are owed again and settle to their full worth and the limit to what lies over it.
INSERT INTO points_capwindow (volunteer_id, rule_id, starts_on, earned_points, over_points, moves)
SELECT r.volunteer_id, rule.id, r.served_on,
       sum(CASE WHEN debit.kind = 'issue' THEN m.points ELSE -m.points END), 0, 0
FROM points_movement m
JOIN points_account debit ON debit.id = m.debit_account_id
JOIN volunteers_servicerecord r ON r.id = m.record_id
JOIN points_awardrule rule ON rule.kind = 'daily_cap' AND rule.holds @> r.served_on
GROUP BY r.volunteer_id, rule.id, r.served_on;

UPDATE volunteers_servicerecord r SET revision = r.revision + 1
FROM points_capwindow w JOIN points_awardrule rule ON rule.id = w.rule_id
WHERE r.volunteer_id = w.volunteer_id AND r.served_on = w.starts_on
  AND w.earned_points >= rule.points AND r.state IN ('confirmed', 'objected');

-- Rankings are read from a roll-up now: whoever asked to be ranked is looked at once.
UPDATE points_standing s SET touched_from = '2000-01-01', revision = s.evaluated_revision + 1
FROM volunteers_volunteer v WHERE v.id = s.volunteer_id AND v.is_ranked;
"""

REVERSE = """
ALTER TABLE points_bucket RESET (fillfactor);
ALTER TABLE points_capwindow RESET (fillfactor);
DELETE FROM points_capwindow;
DELETE FROM points_bucket;
DROP FUNCTION points_is_night(timestamp, timestamp, time, time);
"""


class Migration(migrations.Migration):
    """Adds rows and functions; locks no table that people use."""

    dependencies = [("points", "0003_whole_ledger")]

    operations = [migrations.RunSQL(sql=SQL, reverse_sql=REVERSE)]
