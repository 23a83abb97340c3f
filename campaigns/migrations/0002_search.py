from django.db import migrations

# Every pair of neighbouring characters, lower-case. IMMUTABLE, because an index stands on it.
CREATE = """
CREATE FUNCTION linli_bigrams(text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(lower($1), place, 2)), '{}'::text[])
    FROM generate_series(1, length($1) - 1) AS place
$$;
CREATE INDEX campaign_search_pairs ON campaigns_campaignpage
    USING gin (linli_bigrams(search_text));
"""
DROP = """
DROP INDEX campaign_search_pairs;
DROP FUNCTION linli_bigrams(text);
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
