from django.db import migrations

# As in 0002: foundation and currency travel with the row, so that keys hold them together.
TOGETHER = """
ALTER TABLE foundations_gift
    ADD CONSTRAINT gift_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency),
    ADD CONSTRAINT gift_with_currency UNIQUE (id, foundation_id, currency);
ALTER TABLE foundations_monthlygift
    ADD CONSTRAINT monthlygift_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_refund
    ADD CONSTRAINT refund_of_its_gift FOREIGN KEY (gift_id, foundation_id, currency)
        REFERENCES foundations_gift (id, foundation_id, currency);
ALTER TABLE foundations_dispute
    ADD CONSTRAINT dispute_of_its_gift FOREIGN KEY (gift_id, foundation_id, currency)
        REFERENCES foundations_gift (id, foundation_id, currency);
ALTER TABLE foundations_offlinegift
    ADD CONSTRAINT offlinegift_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_pointspledge
    ADD CONSTRAINT points_pledge_with_fund UNIQUE (id, fund_id),
    ADD CONSTRAINT points_pledge_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency);
ALTER TABLE foundations_pledgepayment
    ADD CONSTRAINT pledgepayment_of_its_fund FOREIGN KEY (fund_id, foundation_id, currency)
        REFERENCES foundations_fund (id, foundation_id, currency),
    ADD CONSTRAINT pledgepayment_of_its_pledge FOREIGN KEY (pledge_id, fund_id)
        REFERENCES foundations_pointspledge (id, fund_id);
ALTER TABLE foundations_budgetline
    ADD CONSTRAINT budget_line_with_fund UNIQUE (id, fund_id);
ALTER TABLE foundations_expense
    ADD CONSTRAINT expense_of_its_budget_line FOREIGN KEY (budget_line_id, fund_id)
        REFERENCES foundations_budgetline (id, fund_id);
ALTER TABLE foundations_grant
    ADD CONSTRAINT grant_of_its_budget_line FOREIGN KEY (budget_line_id, fund_id)
        REFERENCES foundations_budgetline (id, fund_id);
ALTER TABLE foundations_proposal
    ADD CONSTRAINT proposal_with_round UNIQUE (id, round_id);
ALTER TABLE foundations_vote
    ADD CONSTRAINT vote_in_its_round FOREIGN KEY (proposal_id, round_id)
        REFERENCES foundations_proposal (id, round_id);
"""

TOGETHER_REVERSE = """
ALTER TABLE foundations_vote DROP CONSTRAINT vote_in_its_round;
ALTER TABLE foundations_proposal DROP CONSTRAINT proposal_with_round;
ALTER TABLE foundations_grant DROP CONSTRAINT grant_of_its_budget_line;
ALTER TABLE foundations_expense DROP CONSTRAINT expense_of_its_budget_line;
ALTER TABLE foundations_budgetline DROP CONSTRAINT budget_line_with_fund;
ALTER TABLE foundations_pledgepayment
    DROP CONSTRAINT pledgepayment_of_its_pledge, DROP CONSTRAINT pledgepayment_of_its_fund;
ALTER TABLE foundations_pointspledge
    DROP CONSTRAINT points_pledge_of_its_fund, DROP CONSTRAINT points_pledge_with_fund;
ALTER TABLE foundations_offlinegift DROP CONSTRAINT offlinegift_of_its_fund;
ALTER TABLE foundations_dispute DROP CONSTRAINT dispute_of_its_gift;
ALTER TABLE foundations_refund DROP CONSTRAINT refund_of_its_gift;
ALTER TABLE foundations_monthlygift DROP CONSTRAINT monthlygift_of_its_fund;
ALTER TABLE foundations_gift
    DROP CONSTRAINT gift_with_currency, DROP CONSTRAINT gift_of_its_fund;
"""

ENTRIES = """
CREATE TRIGGER offlinegift_month_is_open BEFORE INSERT ON foundations_offlinegift
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER pledgepayment_month_is_open BEFORE INSERT ON foundations_pledgepayment
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER offlinegift_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_offlinegift
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER pledgepayment_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_pledgepayment
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER offlinegift_no_truncate BEFORE TRUNCATE ON foundations_offlinegift
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();
CREATE TRIGGER pledgepayment_no_truncate BEFORE TRUNCATE ON foundations_pledgepayment
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();

-- The months' own guard stays as it is; this one asks the same of the entries that came later.
CREATE FUNCTION foundations_no_gift_waits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends date := (NEW.month + interval '1 month')::date;
BEGIN
    PERFORM 1 FROM foundations_foundation WHERE id = NEW.foundation_id FOR UPDATE;
    IF EXISTS (SELECT FROM foundations_offlinegift WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
       OR EXISTS (SELECT FROM foundations_pledgepayment WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
    THEN
        RAISE EXCEPTION 'A gift in % waits to be approved.', NEW.month
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_month_has_nothing_waiting';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER money_month_no_gift_waits BEFORE INSERT ON foundations_period
    FOR EACH ROW EXECUTE FUNCTION foundations_no_gift_waits();
"""

ENTRIES_REVERSE = """
DROP TRIGGER money_month_no_gift_waits ON foundations_period;
DROP FUNCTION foundations_no_gift_waits();
DROP TRIGGER pledgepayment_no_truncate ON foundations_pledgepayment;
DROP TRIGGER offlinegift_no_truncate ON foundations_offlinegift;
DROP TRIGGER pledgepayment_stays ON foundations_pledgepayment;
DROP TRIGGER offlinegift_stays ON foundations_offlinegift;
DROP TRIGGER pledgepayment_month_is_open ON foundations_pledgepayment;
DROP TRIGGER offlinegift_month_is_open ON foundations_offlinegift;
"""

PAPERS = """
-- What was published stays as people read it; what a donor holds in hand keeps its number.
CREATE FUNCTION foundations_keep_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'foundations_disclosure' THEN
        IF OLD.published_at IS NULL THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
    ELSIF TG_OP = 'UPDATE'
        AND (NEW.gift_id, NEW.foundation_id, NEW.year, NEW.running, NEW.number, NEW.issued_at)
          = (OLD.gift_id, OLD.foundation_id, OLD.year, OLD.running, OLD.number, OLD.issued_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % is refused: people hold it in their hands.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'paper_stays';
END
$$;
CREATE TRIGGER disclosure_stays BEFORE UPDATE OR DELETE ON foundations_disclosure
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_paper();
CREATE TRIGGER confirmation_stays BEFORE UPDATE OR DELETE ON foundations_confirmation
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_paper();
"""

PAPERS_REVERSE = """
DROP TRIGGER confirmation_stays ON foundations_confirmation;
DROP TRIGGER disclosure_stays ON foundations_disclosure;
DROP FUNCTION foundations_keep_paper();
"""

# Foundations whose books were opened before goods had an account.
GOODS = """
INSERT INTO foundations_moneyaccount (foundation_id, kind, currency, balance_minor)
SELECT foundation_id, 'goods', currency, 0 FROM foundations_moneyaccount WHERE kind = 'bank'
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    """What the database itself holds of gifts, whoever writes to it."""

    dependencies = [("foundations", "0003_giving")]

    operations = [
        migrations.RunSQL(sql=TOGETHER, reverse_sql=TOGETHER_REVERSE),
        migrations.RunSQL(sql=ENTRIES, reverse_sql=ENTRIES_REVERSE),
        migrations.RunSQL(sql=PAPERS, reverse_sql=PAPERS_REVERSE),
        migrations.RunSQL(sql=GOODS, reverse_sql=migrations.RunSQL.noop),
    ]
