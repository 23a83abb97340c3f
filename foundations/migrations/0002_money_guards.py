from django.db import migrations

# Foundation and currency travel with each row, so that keys can hold them together: a movement
# between two foundations or two currencies has no rows to point to.
TOGETHER = """
ALTER TABLE foundations_fund
    ADD CONSTRAINT fund_with_currency UNIQUE (id, foundation_id, currency),
    ADD CONSTRAINT fund_with_kind UNIQUE (id, kind);
ALTER TABLE foundations_matchingpot
    ADD CONSTRAINT matching_pot_with_currency UNIQUE (id, foundation_id, currency),
    ADD CONSTRAINT matching_pot_of_its_foundation FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_moneyaccount
    ADD CONSTRAINT money_account_with_currency UNIQUE (id, foundation_id, currency),
    ADD CONSTRAINT money_account_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency),
    ADD CONSTRAINT money_account_of_its_pot FOREIGN KEY (pot_id, foundation_id, currency)
        REFERENCES foundations_matchingpot (id, foundation_id, currency);
ALTER TABLE foundations_fundbalance
    ADD CONSTRAINT fund_balance_of_its_kind FOREIGN KEY (fund_id, kind)
        REFERENCES foundations_fund (id, kind);
ALTER TABLE foundations_moneymovement
    ADD CONSTRAINT money_debit_of_one_currency
        FOREIGN KEY (debit_account_id, foundation_id, currency)
        REFERENCES foundations_moneyaccount (id, foundation_id, currency),
    ADD CONSTRAINT money_credit_of_one_currency
        FOREIGN KEY (credit_account_id, foundation_id, currency)
        REFERENCES foundations_moneyaccount (id, foundation_id, currency);
ALTER TABLE foundations_expense
    ADD CONSTRAINT expense_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_grant
    ADD CONSTRAINT grant_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_fundtransfer
    ADD CONSTRAINT fundtransfer_from_its_fund FOREIGN KEY (from_fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency),
    ADD CONSTRAINT fundtransfer_to_its_fund FOREIGN KEY (to_fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency),
    ADD CONSTRAINT fundtransfer_of_its_kind FOREIGN KEY (from_fund_id, from_kind)
        REFERENCES foundations_fund (id, kind);
"""

TOGETHER_REVERSE = """
ALTER TABLE foundations_fundtransfer
    DROP CONSTRAINT fundtransfer_of_its_kind, DROP CONSTRAINT fundtransfer_to_its_fund,
    DROP CONSTRAINT fundtransfer_from_its_fund;
ALTER TABLE foundations_grant DROP CONSTRAINT grant_of_its_fund;
ALTER TABLE foundations_expense DROP CONSTRAINT expense_of_its_fund;
ALTER TABLE foundations_moneymovement
    DROP CONSTRAINT money_credit_of_one_currency, DROP CONSTRAINT money_debit_of_one_currency;
ALTER TABLE foundations_fundbalance DROP CONSTRAINT fund_balance_of_its_kind;
ALTER TABLE foundations_moneyaccount
    DROP CONSTRAINT money_account_of_its_pot, DROP CONSTRAINT money_account_of_its_fund,
    DROP CONSTRAINT money_account_with_currency;
ALTER TABLE foundations_matchingpot
    DROP CONSTRAINT matching_pot_of_its_foundation, DROP CONSTRAINT matching_pot_with_currency;
ALTER TABLE foundations_fund
    DROP CONSTRAINT fund_with_kind, DROP CONSTRAINT fund_with_currency;
"""

APPEND_ONLY = """
CREATE FUNCTION foundations_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Money''s ledger is append-only: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Answer a mistake with a further movement.';
END
$$;

CREATE TRIGGER money_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON foundations_moneymovement
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER money_month_for_good
    BEFORE UPDATE OR DELETE OR TRUNCATE ON foundations_period
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();

-- A balance moves by a movement's trigger only; by hand it stands at depth 0.
CREATE TRIGGER money_balance_by_movement
    BEFORE UPDATE OF balance_minor ON foundations_moneyaccount
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER money_balance_from_zero
    BEFORE INSERT ON foundations_moneyaccount
    FOR EACH ROW WHEN (NEW.balance_minor <> 0) EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER fund_balance_by_movement
    BEFORE UPDATE OF net_minor ON foundations_fundbalance
    FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER fund_balance_from_zero
    BEFORE INSERT ON foundations_fundbalance
    FOR EACH ROW WHEN (NEW.net_minor <> 0) EXECUTE FUNCTION foundations_refuse_change();
"""

APPEND_ONLY_REVERSE = """
DROP TRIGGER fund_balance_from_zero ON foundations_fundbalance;
DROP TRIGGER fund_balance_by_movement ON foundations_fundbalance;
DROP TRIGGER money_balance_from_zero ON foundations_moneyaccount;
DROP TRIGGER money_balance_by_movement ON foundations_moneyaccount;
DROP TRIGGER money_month_for_good ON foundations_period;
DROP TRIGGER money_append_only ON foundations_moneymovement;
DROP FUNCTION foundations_refuse_change();
"""

BALANCES = """
-- Both balances and those of the funds, whoever wrote the movement. Whoever writes several locks
-- funds and accounts in order before (foundations.actions.ledger), so that nobody waits in a circle.
CREATE FUNCTION foundations_carry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    side record;
BEGIN
    FOR side IN
        SELECT fund_id, sum(CASE WHEN id = NEW.debit_account_id
                                 THEN -NEW.amount_minor ELSE NEW.amount_minor END) AS change
        FROM foundations_moneyaccount
        WHERE id IN (NEW.debit_account_id, NEW.credit_account_id) AND fund_id IS NOT NULL
        GROUP BY fund_id ORDER BY fund_id
    LOOP
        UPDATE foundations_fundbalance SET net_minor = net_minor + side.change
        WHERE fund_id = side.fund_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The fund % has no balance.', side.fund_id
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END LOOP;
    FOR side IN
        SELECT * FROM (VALUES (NEW.debit_account_id, NEW.amount_minor),
                              (NEW.credit_account_id, -NEW.amount_minor)) sides (id, change)
        ORDER BY id
    LOOP
        UPDATE foundations_moneyaccount SET balance_minor = balance_minor + side.change
        WHERE id = side.id;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER money_carries_balances AFTER INSERT ON foundations_moneymovement
    FOR EACH ROW EXECUTE FUNCTION foundations_carry_balances();

-- A correction is the whole movement the other way round, and is not itself corrected.
CREATE FUNCTION foundations_mirror() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM foundations_moneymovement m
    WHERE m.id = NEW.reverses_id AND m.reverses_id IS NULL
      AND (m.debit_account_id, m.credit_account_id, m.amount_minor)
        = (NEW.credit_account_id, NEW.debit_account_id, NEW.amount_minor);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This is not movement % the other way round.', NEW.reverses_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'money_reversal_is_a_mirror';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER money_reversal_is_a_mirror BEFORE INSERT ON foundations_moneymovement
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION foundations_mirror();

-- Rows that change with every movement: room on their page lets PostgreSQL leave the indexes be.
ALTER TABLE foundations_moneyaccount SET (fillfactor = 60);
ALTER TABLE foundations_fundbalance SET (fillfactor = 60);
"""

BALANCES_REVERSE = """
ALTER TABLE foundations_fundbalance RESET (fillfactor);
ALTER TABLE foundations_moneyaccount RESET (fillfactor);
DROP TRIGGER money_reversal_is_a_mirror ON foundations_moneymovement;
DROP FUNCTION foundations_mirror();
DROP TRIGGER money_carries_balances ON foundations_moneymovement;
DROP FUNCTION foundations_carry_balances();
"""

MONTHS = """
-- Whoever books holds the foundation's row with others; whoever closes a month holds it alone. So
-- the closing sees all that was on its way, and whoever waited for it sees the closed month.
CREATE FUNCTION foundations_month_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM foundations_foundation WHERE id = NEW.foundation_id FOR KEY SHARE;
    PERFORM 1 FROM foundations_period
    WHERE foundation_id = NEW.foundation_id
      AND NEW.happened_on < (month + interval '1 month')::date;
    IF FOUND THEN
        RAISE EXCEPTION 'The month of % is closed.', NEW.happened_on
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_month_is_open';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER money_month_is_open BEFORE INSERT ON foundations_moneymovement
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER expense_month_is_open BEFORE INSERT ON foundations_expense
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER grant_month_is_open BEFORE INSERT ON foundations_grant
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER fundtransfer_month_is_open BEFORE INSERT ON foundations_fundtransfer
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();

CREATE FUNCTION foundations_months_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest date;
    ends date := (NEW.month + interval '1 month')::date;
BEGIN
    PERFORM 1 FROM foundations_foundation WHERE id = NEW.foundation_id FOR UPDATE;
    SELECT max(month) INTO newest FROM foundations_period
    WHERE foundation_id = NEW.foundation_id;
    IF newest IS NOT NULL AND NEW.month <> (newest + interval '1 month')::date
       OR newest IS NULL AND EXISTS (
           SELECT FROM foundations_moneymovement
           WHERE foundation_id = NEW.foundation_id AND happened_on < NEW.month)
    THEN
        RAISE EXCEPTION 'Months are closed one after the other: % is not the next.', NEW.month
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_months_in_order';
    END IF;
    IF EXISTS (SELECT FROM foundations_expense WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
       OR EXISTS (SELECT FROM foundations_grant WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
       OR EXISTS (SELECT FROM foundations_fundtransfer WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
    THEN
        RAISE EXCEPTION 'Something in % waits to be approved.', NEW.month
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_month_has_nothing_waiting';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER money_months_in_order BEFORE INSERT ON foundations_period
    FOR EACH ROW EXECUTE FUNCTION foundations_months_in_order();
"""

MONTHS_REVERSE = """
DROP TRIGGER money_months_in_order ON foundations_period;
DROP FUNCTION foundations_months_in_order();
DROP TRIGGER fundtransfer_month_is_open ON foundations_fundtransfer;
DROP TRIGGER grant_month_is_open ON foundations_grant;
DROP TRIGGER expense_month_is_open ON foundations_expense;
DROP TRIGGER money_month_is_open ON foundations_moneymovement;
DROP FUNCTION foundations_month_is_open();
"""

ENTRIES = """
-- What was entered stays as it was entered; only what became of it is added.
CREATE FUNCTION foundations_keep_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fate text[] := ARRAY['state', 'approved_by_id', 'approved_at', 'movement_id',
                         'ended_by_id', 'ended_at', 'end_reason'];
    approval text[] := ARRAY['state', 'ended_by_id', 'ended_at', 'end_reason'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'entered' THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF OLD.state = 'entered' AND NEW.state IN ('approved', 'rejected')
           AND to_jsonb(NEW) - fate = to_jsonb(OLD) - fate
           OR OLD.state = 'approved' AND NEW.state = 'reversed'
           AND to_jsonb(NEW) - approval = to_jsonb(OLD) - approval
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% of % is refused: what was entered stays.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_entry_stays';
END
$$;
CREATE TRIGGER expense_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_expense
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER grant_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_grant
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER fundtransfer_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_fundtransfer
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER expense_no_truncate BEFORE TRUNCATE ON foundations_expense
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER grant_no_truncate BEFORE TRUNCATE ON foundations_grant
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER fundtransfer_no_truncate BEFORE TRUNCATE ON foundations_fundtransfer
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();
"""

ENTRIES_REVERSE = """
DROP TRIGGER fundtransfer_no_truncate ON foundations_fundtransfer;
DROP TRIGGER grant_no_truncate ON foundations_grant;
DROP TRIGGER expense_no_truncate ON foundations_expense;
DROP TRIGGER fundtransfer_stays ON foundations_fundtransfer;
DROP TRIGGER grant_stays ON foundations_grant;
DROP TRIGGER expense_stays ON foundations_expense;
DROP FUNCTION foundations_keep_entry();
"""


class Migration(migrations.Migration):
    """What the database itself holds of money's ledger, whoever writes to it."""

    dependencies = [("foundations", "0001_initial")]

    operations = [
        migrations.RunSQL(sql=TOGETHER, reverse_sql=TOGETHER_REVERSE),
        migrations.RunSQL(sql=APPEND_ONLY, reverse_sql=APPEND_ONLY_REVERSE),
        migrations.RunSQL(sql=BALANCES, reverse_sql=BALANCES_REVERSE),
        migrations.RunSQL(sql=MONTHS, reverse_sql=MONTHS_REVERSE),
        migrations.RunSQL(sql=ENTRIES, reverse_sql=ENTRIES_REVERSE),
    ]
