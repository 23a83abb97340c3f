import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


# As in 0002 and 0004: what the database itself holds of the entry, whoever writes it.
ENTRY = """
ALTER TABLE foundations_potpayment
    ADD CONSTRAINT potpayment_of_its_pot FOREIGN KEY (pot_id, foundation_id, currency)
        REFERENCES foundations_matchingpot (id, foundation_id, currency);
CREATE TRIGGER potpayment_month_is_open BEFORE INSERT ON foundations_potpayment
    FOR EACH ROW EXECUTE FUNCTION foundations_month_is_open();
CREATE TRIGGER potpayment_stays BEFORE INSERT OR UPDATE OR DELETE ON foundations_potpayment
    FOR EACH ROW EXECUTE FUNCTION foundations_keep_entry();
CREATE TRIGGER potpayment_no_truncate BEFORE TRUNCATE ON foundations_potpayment
    FOR EACH STATEMENT EXECUTE FUNCTION foundations_refuse_change();

CREATE OR REPLACE FUNCTION foundations_no_gift_waits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ends date := (NEW.month + interval '1 month')::date;
BEGIN
    PERFORM 1 FROM foundations_foundation WHERE id = NEW.foundation_id FOR UPDATE;
    IF EXISTS (SELECT FROM foundations_offlinegift WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
       OR EXISTS (SELECT FROM foundations_pledgepayment WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
       OR EXISTS (SELECT FROM foundations_potpayment WHERE foundation_id = NEW.foundation_id
                  AND state = 'entered' AND happened_on < ends)
    THEN
        RAISE EXCEPTION 'A gift in % waits to be approved.', NEW.month
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'money_month_has_nothing_waiting';
    END IF;
    RETURN NEW;
END
$$;
"""

ENTRY_REVERSE = """
CREATE OR REPLACE FUNCTION foundations_no_gift_waits() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER potpayment_no_truncate ON foundations_potpayment;
DROP TRIGGER potpayment_stays ON foundations_potpayment;
DROP TRIGGER potpayment_month_is_open ON foundations_potpayment;
ALTER TABLE foundations_potpayment DROP CONSTRAINT potpayment_of_its_pot;
"""

CEILING = """
-- A sponsor never pays more than was promised. Whoever enters or approves holds the pledge, so that
-- two at once do not each see room for themselves.
CREATE FUNCTION foundations_within_ceiling() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ceiling bigint;
    others bigint;
BEGIN
    SELECT ceiling_minor INTO ceiling FROM foundations_pointspledge
    WHERE id = NEW.pledge_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount_minor), 0) INTO others FROM foundations_pledgepayment
    WHERE pledge_id = NEW.pledge_id AND state IN ('entered', 'approved') AND id <> NEW.id;
    IF others + NEW.amount_minor > ceiling THEN
        RAISE EXCEPTION 'The pledge % goes to % and no further.', NEW.pledge_id, ceiling
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pledge_ceiling_holds';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER pledge_ceiling_holds BEFORE INSERT OR UPDATE ON foundations_pledgepayment
    FOR EACH ROW WHEN (NEW.state IN ('entered', 'approved'))
    EXECUTE FUNCTION foundations_within_ceiling();
"""

CEILING_REVERSE = """
DROP TRIGGER pledge_ceiling_holds ON foundations_pledgepayment;
DROP FUNCTION foundations_within_ceiling();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('foundations', '0006_letters_in_hand'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PotPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('happened_on', models.DateField(verbose_name='day')),
                ('state', models.CharField(choices=[('entered', 'To be approved'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('reversed', 'Reversed')], default='entered', editable=False, max_length=10, verbose_name='state')),
                ('nonce', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('entered_at', models.DateTimeField(auto_now_add=True, verbose_name='entered at')),
                ('approved_at', models.DateTimeField(editable=False, null=True, verbose_name='approved at')),
                ('ended_at', models.DateTimeField(editable=False, null=True)),
                ('end_reason', models.CharField(blank=True, editable=False, max_length=400, verbose_name='reason')),
                ('direction', models.CharField(choices=[('paid_in', 'Paid in'), ('returned', 'Returned to the sponsor')], max_length=8, verbose_name='direction')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('approved_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('ended_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='entered by')),
                ('foundation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='foundations.foundation')),
                ('movement', models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)s', to='foundations.moneymovement')),
                ('pot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='foundations.matchingpot', verbose_name='pot')),
            ],
            options={
                'verbose_name': 'payment of a pot',
                'verbose_name_plural': 'payments of pots',
                'ordering': ['-id'],
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='potpayment_positive'), models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('entered_by')), _negated=True), _connector='OR'), name='potpayment_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('movement__isnull', False), ('state__in', ['approved', 'reversed'])), models.Q(('approved_at', None), ('approved_by', None), ('movement', None), ('state__in', ['entered', 'rejected'])), _connector='OR'), name='potpayment_approved_has_moved'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('state__in', ['rejected', 'reversed']), models.Q(('end_reason', ''), _negated=True)), models.Q(('end_reason', ''), ('ended_at', None), ('ended_by', None), ('state__in', ['entered', 'approved'])), _connector='OR'), name='potpayment_ended_with_a_reason')],
            },
        ),
        migrations.RunSQL(sql=ENTRY, reverse_sql=ENTRY_REVERSE),
        migrations.RunSQL(sql=CEILING, reverse_sql=CEILING_REVERSE),
    ]
