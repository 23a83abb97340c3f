import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import points.models.rewards
import uuid
import volunteers.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('points', '0002_append_only_ledger'),
        ('volunteers', '0004_absences_and_holidays'),
        ('wagtailimages', '0027_image_description'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Anomaly',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('two_places', 'In two places at one time'), ('hurried', 'Many hours entered within minutes'), ('outlier', 'Far more hours by hand than other organisers')], max_length=12, verbose_name='kind')),
                ('key', models.CharField(max_length=100, unique=True)),
                ('record_numbers', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('minutes', models.PositiveIntegerField(default=0, verbose_name='minutes')),
                ('detail', models.JSONField(default=dict)),
                ('happened_on', models.DateField(verbose_name='day')),
                ('found_at', models.DateTimeField(auto_now_add=True, verbose_name='found at')),
                ('state', models.CharField(choices=[('open', 'To be looked at'), ('cleared', 'All in order'), ('acted', 'Something was done')], default='open', max_length=10, verbose_name='state')),
                ('note', models.CharField(blank=True, max_length=400, verbose_name='what was found out')),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'anomaly',
                'verbose_name_plural': 'anomalies',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Badge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='word in addresses')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('name_en', models.CharField(blank=True, max_length=80, verbose_name='name in English')),
                ('about', models.CharField(max_length=200, verbose_name='about')),
                ('about_en', models.CharField(blank=True, max_length=300, verbose_name='about, in English')),
                ('icon', models.CharField(default='trophy', max_length=40, verbose_name='picture')),
                ('criterion', models.CharField(choices=[('times', 'Times served'), ('hours', 'Hours served'), ('reliable_days', 'Days of service without a no-show')], max_length=16, verbose_name='what counts')),
                ('threshold', models.PositiveIntegerField(verbose_name='how many')),
                ('campaign_number', models.BigIntegerField(blank=True, null=True, verbose_name='only this campaign')),
                ('begins_from', models.TimeField(blank=True, help_text='For night patrols: service that began between these two times of day.', null=True, verbose_name='begun from')),
                ('begins_until', models.TimeField(blank=True, null=True, verbose_name='begun until')),
                ('is_offered', models.BooleanField(default=True, verbose_name='can be earned')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='place in lists')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'badge',
                'verbose_name_plural': 'badges',
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='BadgeCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status_index', models.PositiveIntegerField()),
                ('document', models.JSONField()),
                ('issued_at', models.DateTimeField(auto_now_add=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'badge credential',
                'verbose_name_plural': 'badge credentials',
            },
        ),
        migrations.CreateModel(
            name='BadgeKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_key', models.CharField(max_length=60, unique=True)),
                ('private_key', volunteers.fields.EncryptedTextField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'badge key',
                'verbose_name_plural': 'badge keys',
            },
        ),
        migrations.CreateModel(
            name='BonusBudget',
            fields=[
                ('rule', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='budget', serialize=False, to='points.awardrule')),
                ('budget_points', models.PositiveBigIntegerField()),
                ('granted_points', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'budget of a bonus',
                'verbose_name_plural': 'budgets of bonuses',
            },
        ),
        migrations.CreateModel(
            name='BonusGrant',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='volunteers.servicerecord')),
                ('points', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'granted bonus',
                'verbose_name_plural': 'granted bonuses',
            },
        ),
        migrations.CreateModel(
            name='Bucket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lapses_on', models.DateField(null=True)),
                ('remaining_points', models.BigIntegerField(default=0)),
                ('lapsed_points', models.BigIntegerField(default=0)),
                ('lapsed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'bucket',
                'verbose_name_plural': 'buckets',
            },
        ),
        migrations.CreateModel(
            name='BucketDraw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('points', models.PositiveBigIntegerField()),
            ],
            options={
                'verbose_name': 'draw from a bucket',
                'verbose_name_plural': 'draws from buckets',
            },
        ),
        migrations.CreateModel(
            name='CapWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('earned_points', models.BigIntegerField(default=0)),
                ('over_points', models.BigIntegerField(default=0)),
                ('moves', models.PositiveIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'days of a limit',
                'verbose_name_plural': 'days of limits',
            },
        ),
        migrations.CreateModel(
            name='Family',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='name of the family')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'family',
                'verbose_name_plural': 'families',
            },
        ),
        migrations.CreateModel(
            name='FamilyMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('invited_at', models.DateTimeField(auto_now_add=True)),
                ('joined_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'member of a family',
                'verbose_name_plural': 'members of families',
            },
        ),
        migrations.CreateModel(
            name='LapseNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField()),
                ('points', models.PositiveBigIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'notice of lapsing',
                'verbose_name_plural': 'notices of lapsing',
            },
        ),
        migrations.CreateModel(
            name='LedgerCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_whole', models.BooleanField()),
                ('first_movement', models.BigIntegerField()),
                ('last_movement', models.BigIntegerField()),
                ('movements', models.BigIntegerField()),
                ('findings', models.JSONField(default=dict)),
                ('checked_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'check of the ledger',
                'verbose_name_plural': 'checks of the ledger',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='LedgerDigest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField(unique=True)),
                ('movements', models.BigIntegerField()),
                ('previous', models.CharField(max_length=64)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('closed_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'digest of a month',
                'verbose_name_plural': 'digests of months',
                'ordering': ['-month'],
            },
        ),
        migrations.CreateModel(
            name='LedgerMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('kind', models.CharField(choices=[('award', 'Service'), ('correction', 'Correction'), ('cap', 'Over the limit'), ('first', 'First service'), ('redemption', 'Redeemed'), ('refund', 'Refunded'), ('lapse', 'Lapsed'), ('gift', 'Given to a project'), ('spent', 'Used by a project'), ('family', 'Within the family'), ('merge', 'Accounts merged')], max_length=12)),
                ('movements', models.BigIntegerField(default=0)),
                ('gained_points', models.BigIntegerField(default=0)),
                ('taken_points', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'month of the ledger',
                'verbose_name_plural': 'months of the ledger',
            },
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(blank=True, max_length=120, verbose_name='name in English')),
                ('contact', models.CharField(blank=True, max_length=60, verbose_name='contact')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('token', models.CharField(default=points.models.rewards.new_partner_token, editable=False, max_length=40, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'partner',
                'verbose_name_plural': 'partners',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PickUpPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='place')),
                ('name_en', models.CharField(blank=True, max_length=160, verbose_name='place, in English')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('hours', models.CharField(blank=True, max_length=160, verbose_name='opening hours')),
                ('hours_en', models.CharField(blank=True, max_length=200, verbose_name='opening hours, in English')),
            ],
            options={
                'verbose_name': 'pick-up place',
                'verbose_name_plural': 'pick-up places',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PointsProject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_en', models.CharField(blank=True, max_length=120, verbose_name='name in English')),
                ('about', models.CharField(max_length=300, verbose_name='about')),
                ('about_en', models.CharField(blank=True, max_length=400, verbose_name='about, in English')),
                ('target_points', models.PositiveIntegerField(blank=True, null=True, verbose_name='target in points')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'verbose_name': 'project for points',
                'verbose_name_plural': 'projects for points',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='RankingEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('territory', 'Area'), ('university', 'University'), ('organisation', 'Organisation')], max_length=12)),
                ('scope_number', models.BigIntegerField()),
                ('month', models.DateField()),
                ('minutes', models.PositiveIntegerField()),
                ('records', models.PositiveIntegerField()),
            ],
            options={
                'verbose_name': 'ranking entry',
                'verbose_name_plural': 'ranking entries',
            },
        ),
        migrations.CreateModel(
            name='SetAsideRecord',
            fields=[
                ('record', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='set_aside', serialize=False, to='volunteers.servicerecord')),
                ('revision', models.PositiveIntegerField()),
                ('reason', models.CharField(choices=[('no_rule', 'No award rule held on that day'), ('failed', 'The settlement failed')], max_length=10, verbose_name='reason')),
                ('detail', models.CharField(blank=True, max_length=400, verbose_name='detail')),
                ('set_aside_at', models.DateTimeField(auto_now_add=True, verbose_name='since')),
            ],
            options={
                'verbose_name': 'record set aside',
                'verbose_name_plural': 'records set aside',
            },
        ),
        migrations.CreateModel(
            name='StarObjection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('raised_at', models.DateTimeField(auto_now_add=True, verbose_name='raised at')),
                ('state', models.CharField(choices=[('open', 'Waiting for an answer'), ('upheld', 'Upheld: the star is not given'), ('dismissed', 'Dismissed: the star is given')], default='open', max_length=10, verbose_name='state')),
                ('answer', models.CharField(blank=True, max_length=400, verbose_name='answer')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'objection to a star',
                'verbose_name_plural': 'objections to stars',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='SystemSum',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='points.account')),
                ('points', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'sum of a system account',
                'verbose_name_plural': 'sums of system accounts',
            },
        ),
        migrations.CreateModel(
            name='YearlyHonour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('title', models.CharField(max_length=60, verbose_name='title')),
                ('citation', models.CharField(max_length=300, verbose_name='what for')),
                ('state', models.CharField(choices=[('nominated', 'Nominated'), ('approved', 'Approved'), ('declined', 'Declined')], default='nominated', max_length=10, verbose_name='state')),
                ('nominated_at', models.DateTimeField(auto_now_add=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, max_length=300, verbose_name='answer')),
                ('name_shown_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'yearly honour',
                'verbose_name_plural': 'yearly honours',
                'ordering': ['-year', 'id'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='awardrule',
            name='award_rule_one_a_day',
        ),
        migrations.RemoveConstraint(
            model_name='awardrule',
            name='award_rule_points_in_range',
        ),
        migrations.RemoveConstraint(
            model_name='awardrule',
            name='award_rule_concerns_what_its_kind_says',
        ),
        migrations.RemoveConstraint(
            model_name='recognition',
            name='recognition_in_force_once',
        ),
        migrations.AddField(
            model_name='awardrule',
            name='condition',
            field=models.CharField(blank=True, choices=[('night', 'At night'), ('holiday', 'On public holidays'), ('emergency', 'In an emergency')], max_length=10, verbose_name='when'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='lapse_months',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Whole months after the month in which the hours were confirmed. Empty: never.', null=True, verbose_name='lapse after months'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='min_minutes',
            field=models.PositiveSmallIntegerField(blank=True, default=0, help_text='Shorter service earns no points; its hours count all the same.', verbose_name='from this many minutes on'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='night_from',
            field=models.TimeField(blank=True, null=True, verbose_name='night begins'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='night_until',
            field=models.TimeField(blank=True, null=True, verbose_name='night ends'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='percent',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='per cent'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='role',
            field=models.CharField(blank=True, help_text='As the activity calls it. Empty: every role without a rule of its own.', max_length=80, verbose_name='role'),
        ),
        migrations.AddField(
            model_name='awardrule',
            name='rounding',
            field=models.CharField(choices=[('down', 'Down to whole points'), ('nearest', 'To the nearest point'), ('up', 'Up to whole points')], default='down', max_length=10, verbose_name='rounding'),
        ),
        migrations.AddField(
            model_name='recognition',
            name='public_id',
            field=models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False),
        ),
        migrations.AddField(
            model_name='recognition',
            name='refused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='recognition',
            name='withdraw_reason',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='redemption',
            name='collected_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='redemption',
            name='collected_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='redemption',
            name='expires_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='redemption',
            name='refund',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refund_of', to='points.movement'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='refund_reason',
            field=models.CharField(blank=True, choices=[('expired', 'Not picked up in time'), ('cancelled', 'Returned by yourself'), ('withdrawn', 'No longer available')], max_length=10),
        ),
        migrations.AddField(
            model_name='redemption',
            name='refunded_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='redemption',
            name='state',
            field=models.CharField(choices=[('waiting', 'To be picked up'), ('collected', 'Picked up'), ('refunded', 'Returned, points refunded')], default='waiting', max_length=10),
        ),
        migrations.AddField(
            model_name='reward',
            name='kind',
            field=models.CharField(choices=[('goods', 'Goods'), ('service', 'Service'), ('honour', 'Honour'), ('event_place', 'Place at an event')], default='goods', max_length=12, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='reward',
            name='limit_per_month',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Empty: no limit.', null=True, verbose_name='at most a person and month'),
        ),
        migrations.AddField(
            model_name='reward',
            name='limit_per_person',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Empty: no limit.', null=True, verbose_name='at most a person'),
        ),
        migrations.AddField(
            model_name='reward',
            name='min_star_level',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='from star level'),
        ),
        migrations.AddField(
            model_name='reward',
            name='offered_from',
            field=models.DateField(blank=True, null=True, verbose_name='on offer from'),
        ),
        migrations.AddField(
            model_name='reward',
            name='offered_until',
            field=models.DateField(blank=True, null=True, verbose_name='on offer until'),
        ),
        migrations.AddField(
            model_name='reward',
            name='pick_up_days',
            field=models.PositiveSmallIntegerField(default=30, help_text='Whatever is not picked up by then goes back, and the points return.', verbose_name='days to pick it up'),
        ),
        migrations.AddField(
            model_name='reward',
            name='picture',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='wagtailimages.image', verbose_name='picture'),
        ),
        migrations.AddField(
            model_name='reward',
            name='students_only',
            field=models.BooleanField(default=False, verbose_name='only for students'),
        ),
        migrations.AddField(
            model_name='reward',
            name='territory',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.territory', verbose_name='only for this area'),
        ),
        migrations.AddField(
            model_name='standing',
            name='first_points',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='standing',
            name='touched_from',
            field=models.DateField(null=True),
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.CharField(choices=[('volunteer', 'Volunteer'), ('issue', 'Issued for service'), ('redeemed', 'Redeemed for rewards'), ('lapsed', 'Lapsed'), ('project', 'Given to a project'), ('spent', 'Used by projects')], max_length=10),
        ),
        migrations.AlterField(
            model_name='awardrule',
            name='kind',
            field=models.CharField(choices=[('per_hour', 'Points an hour'), ('factor', 'Factor'), ('campaign_bonus', 'Campaign bonus'), ('first_service', 'For the first service'), ('daily_cap', 'At most a day'), ('weekly_cap', 'At most a week'), ('yearly_cap', 'At most a year'), ('term_cap', 'At most a term, for students')], max_length=20, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='awardrule',
            name='points',
            field=models.PositiveIntegerField(blank=True, default=0, verbose_name='points'),
        ),
        migrations.AlterField(
            model_name='movement',
            name='kind',
            field=models.CharField(choices=[('award', 'Service'), ('correction', 'Correction'), ('cap', 'Over the limit'), ('first', 'First service'), ('redemption', 'Redeemed'), ('refund', 'Refunded'), ('lapse', 'Lapsed'), ('gift', 'Given to a project'), ('spent', 'Used by a project'), ('family', 'Within the family'), ('merge', 'Accounts merged')], max_length=12),
        ),
        migrations.AlterField(
            model_name='recognition',
            name='kind',
            field=models.CharField(choices=[('first_service', 'First service'), ('star', 'Star volunteer'), ('badge', 'Badge')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('kind', '='), (django.db.models.functions.comparison.Coalesce('category', 0), '='), ('role', '='), (django.db.models.functions.comparison.Coalesce('campaign_number', 0), '='), ('condition', '='), ('holds', '&&')], name='award_rule_one_a_day'),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'factor'), ('percent__gte', 101), ('percent__lte', 500), ('points', 0)), models.Q(models.Q(('kind', 'factor'), _negated=True), ('percent', None), ('points__gte', 1), ('points__lte', 10000)), _connector='OR'), name='award_rule_amount_in_range'),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('campaign_number', None), ('kind', 'per_hour')), models.Q(('kind', 'factor'), ('role', '')), models.Q(('campaign_number__isnull', False), ('category', None), ('kind', 'campaign_bonus'), ('role', '')), models.Q(models.Q(('kind__in', ['per_hour', 'factor', 'campaign_bonus']), _negated=True), ('campaign_number', None), ('category', None), ('role', '')), _connector='OR'), name='award_rule_concerns_what_its_kind_says'),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'factor'), models.Q(('condition', ''), _negated=True)), models.Q(models.Q(('kind', 'factor'), _negated=True), ('condition', '')), _connector='OR'), name='award_rule_factor_has_condition'),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('condition', 'night'), ('night_from__isnull', False), ('night_until__isnull', False)), models.Q(models.Q(('condition', 'night'), _negated=True), ('night_from', None), ('night_until', None)), _connector='OR'), name='award_rule_night_has_hours'),
        ),
        migrations.AddConstraint(
            model_name='awardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'term_cap'), _negated=True), models.Q(('holds__endswith__isnull', False), ('holds__startswith__isnull', False)), _connector='OR'), name='award_rule_term_has_an_end'),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='account',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='account'),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='organisation',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.organisation', verbose_name='organisation'),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='volunteer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer', verbose_name='volunteer'),
        ),
        migrations.AddField(
            model_name='badge',
            name='category',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.category', verbose_name='only this category'),
        ),
        migrations.AddField(
            model_name='badge',
            name='issuer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='badges', to='volunteers.organisation', verbose_name='issued by'),
        ),
        migrations.AddField(
            model_name='badge',
            name='organisation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.organisation', verbose_name='only service with'),
        ),
        migrations.AddField(
            model_name='recognition',
            name='badge',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recognitions', to='points.badge'),
        ),
        migrations.AddConstraint(
            model_name='recognition',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('volunteer', 'kind', 'level', 'badge'), name='recognition_in_force_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='recognition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('badge__isnull', False), ('kind', 'badge')), models.Q(models.Q(('kind', 'badge'), _negated=True), ('badge', None)), _connector='OR'), name='recognition_badge_is_named'),
        ),
        migrations.AddConstraint(
            model_name='recognition',
            constraint=models.UniqueConstraint(fields=('public_id',), name='recognition_public_id_once'),
        ),
        migrations.AddField(
            model_name='badgecredential',
            name='recognition',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='credential', to='points.recognition'),
        ),
        migrations.AddField(
            model_name='badgekey',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='badge_keys', to='volunteers.organisation'),
        ),
        migrations.AddField(
            model_name='badgecredential',
            name='key',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credentials', to='points.badgekey'),
        ),
        migrations.AddConstraint(
            model_name='bonusbudget',
            constraint=models.CheckConstraint(condition=models.Q(('granted_points__lte', models.F('budget_points'))), name='bonus_budget_not_overspent'),
        ),
        migrations.AddField(
            model_name='bonusgrant',
            name='budget',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='points.bonusbudget'),
        ),
        migrations.AddField(
            model_name='bucket',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='buckets', to='points.account'),
        ),
        migrations.AddField(
            model_name='bucketdraw',
            name='bucket',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.bucket'),
        ),
        migrations.AddField(
            model_name='bucketdraw',
            name='movement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='points.movement'),
        ),
        migrations.AddField(
            model_name='capwindow',
            name='rule',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.awardrule'),
        ),
        migrations.AddField(
            model_name='capwindow',
            name='volunteer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer'),
        ),
        migrations.AddField(
            model_name='family',
            name='founded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='families_founded', to='volunteers.volunteer'),
        ),
        migrations.AddField(
            model_name='familymember',
            name='family',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='points.family'),
        ),
        migrations.AddField(
            model_name='familymember',
            name='invited_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='familymember',
            name='volunteer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='family_memberships', to='volunteers.volunteer'),
        ),
        migrations.AddField(
            model_name='lapsenotice',
            name='bucket',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='points.bucket'),
        ),
        migrations.AddConstraint(
            model_name='ledgermonth',
            constraint=models.UniqueConstraint(fields=('month', 'kind'), name='ledger_month_kind_once'),
        ),
        migrations.AddField(
            model_name='partner',
            name='organisation',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='volunteers.organisation', verbose_name='belongs to'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='collected_with',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='points.partner'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['expires_at'], name='redemption_waiting'),
        ),
        migrations.AddIndex(
            model_name='redemption',
            index=models.Index(fields=['volunteer', 'reward'], name='redemption_of_volunteer'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'collected'), _negated=True), ('collected_at', None)), models.Q(('collected_at__isnull', False), ('state', 'collected')), _connector='OR'), name='redemption_collected_at_a_moment'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'refunded'), _negated=True), ('refund', None), ('refunded_at', None)), models.Q(('refund__isnull', False), ('refunded_at__isnull', False), ('state', 'refunded')), _connector='OR'), name='redemption_refunded_by_a_movement'),
        ),
        migrations.AddField(
            model_name='pickupplace',
            name='partner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='points.partner', verbose_name='partner'),
        ),
        migrations.AddField(
            model_name='reward',
            name='places',
            field=models.ManyToManyField(blank=True, related_name='rewards', to='points.pickupplace', verbose_name='pick-up places'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('pick_up_days__gte', 1), ('pick_up_days__lte', 365)), name='reward_pick_up_within_a_year'),
        ),
        migrations.AddConstraint(
            model_name='reward',
            constraint=models.CheckConstraint(condition=models.Q(('min_star_level__lte', 5)), name='reward_star_level_to_five'),
        ),
        migrations.AddField(
            model_name='pointsproject',
            name='account',
            field=models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='project', to='points.account'),
        ),
        migrations.AddField(
            model_name='pointsproject',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='points_projects', to='volunteers.organisation', verbose_name='organisation'),
        ),
        migrations.AddField(
            model_name='rankingentry',
            name='volunteer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='volunteers.volunteer'),
        ),
        migrations.AddField(
            model_name='setasiderecord',
            name='worth_nothing_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='starobjection',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='starobjection',
            name='raised_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='raised by'),
        ),
        migrations.AddField(
            model_name='starobjection',
            name='recognition',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objections', to='points.recognition', verbose_name='star'),
        ),
        migrations.AddField(
            model_name='yearlyhonour',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='yearlyhonour',
            name='nominated_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='yearlyhonour',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='honours', to='volunteers.organisation', verbose_name='nominated by'),
        ),
        migrations.AddField(
            model_name='yearlyhonour',
            name='volunteer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='honours', to='volunteers.volunteer', verbose_name='volunteer'),
        ),
        migrations.AddIndex(
            model_name='anomaly',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['-id'], name='anomaly_open'),
        ),
        migrations.AddConstraint(
            model_name='anomaly',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='anomaly_decided_with_a_note'),
        ),
        migrations.AddConstraint(
            model_name='badge',
            constraint=models.CheckConstraint(condition=models.Q(('threshold__gte', 1)), name='badge_asks_something'),
        ),
        migrations.AddConstraint(
            model_name='badge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('begins_from', None), ('begins_until', None)), models.Q(('begins_from__isnull', False), ('begins_until__isnull', False)), _connector='OR'), name='badge_time_of_day_has_both_ends'),
        ),
        migrations.AddConstraint(
            model_name='badgekey',
            constraint=models.UniqueConstraint(condition=models.Q(('retired_at', None)), fields=('organisation',), name='badge_key_one_in_use'),
        ),
        migrations.AddConstraint(
            model_name='badgecredential',
            constraint=models.UniqueConstraint(fields=('key', 'status_index'), name='badge_credential_index_once'),
        ),
        migrations.AddIndex(
            model_name='bucket',
            index=models.Index(condition=models.Q(('lapsed_at', None), ('lapses_on__isnull', False)), fields=['lapses_on', 'account'], name='bucket_to_lapse'),
        ),
        migrations.AddConstraint(
            model_name='bucket',
            constraint=models.UniqueConstraint(fields=('account', 'lapses_on'), name='bucket_once_a_day', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='bucket',
            constraint=models.CheckConstraint(condition=models.Q(('lapsed_points__gte', 0), ('remaining_points__gte', 0)), name='bucket_not_below_zero'),
        ),
        migrations.AddConstraint(
            model_name='bucket',
            constraint=models.CheckConstraint(condition=models.Q(('lapsed_at', None), ('remaining_points', 0), _connector='OR'), name='bucket_lapsed_is_empty'),
        ),
        migrations.AddConstraint(
            model_name='bucketdraw',
            constraint=models.CheckConstraint(condition=models.Q(('points__gte', 1)), name='bucket_draw_takes_something'),
        ),
        migrations.AddConstraint(
            model_name='capwindow',
            constraint=models.UniqueConstraint(fields=('volunteer', 'rule', 'starts_on'), name='cap_window_once'),
        ),
        migrations.AddConstraint(
            model_name='capwindow',
            constraint=models.CheckConstraint(condition=models.Q(('earned_points__gte', 0), ('over_points__gte', 0)), name='cap_window_not_below_zero'),
        ),
        migrations.AddConstraint(
            model_name='familymember',
            constraint=models.UniqueConstraint(fields=('family', 'volunteer'), name='family_member_once'),
        ),
        migrations.AddConstraint(
            model_name='familymember',
            constraint=models.UniqueConstraint(condition=models.Q(('joined_at__isnull', False)), fields=('volunteer',), name='family_member_of_one'),
        ),
        migrations.AddIndex(
            model_name='lapsenotice',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['id'], name='lapse_notice_unsent'),
        ),
        migrations.AddConstraint(
            model_name='lapsenotice',
            constraint=models.UniqueConstraint(fields=('bucket', 'days'), name='lapse_notice_once'),
        ),
        migrations.AddIndex(
            model_name='rankingentry',
            index=models.Index(fields=['scope', 'scope_number', 'month', '-minutes', 'volunteer'], name='ranking_top'),
        ),
        migrations.AddConstraint(
            model_name='rankingentry',
            constraint=models.UniqueConstraint(fields=('volunteer', 'month', 'scope', 'scope_number'), name='ranking_entry_once'),
        ),
        migrations.AddConstraint(
            model_name='starobjection',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('recognition', 'raised_by'), name='star_objection_open_once'),
        ),
        migrations.AddConstraint(
            model_name='yearlyhonour',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'declined'), _negated=True), fields=('year', 'volunteer'), name='yearly_honour_once_a_year'),
        ),
    ]
