"""Functions the narrow database roles may call: lookups before a tenant is known, and the upkeep of partitions."""

from django.db import migrations

# They run as the owner and answer ids only. `SET search_path FROM CURRENT` keeps a caller from slipping in tables of
# their own.
LOOKUPS = """
CREATE FUNCTION trilho_bot_by_public_id(wanted text, OUT bot_id uuid, OUT organization_id uuid) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, organization_id FROM bots_bot WHERE public_id = wanted
$$;

CREATE FUNCTION trilho_bot_by_token_hash(wanted text, OUT bot_id uuid, OUT organization_id uuid) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, organization_id FROM bots_bot WHERE token_hash = wanted
$$;

CREATE FUNCTION trilho_api_key_by_hash(wanted text, OUT key_id uuid, OUT organization_id uuid) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, organization_id FROM bots_apikey WHERE key_hash = wanted
$$;

CREATE FUNCTION trilho_memberships_of(wanted uuid, OUT membership_id uuid, OUT organization_id uuid)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, organization_id FROM bots_membership WHERE user_id = wanted ORDER BY id
$$;

CREATE FUNCTION trilho_invitation_by_hash(wanted text, OUT invitation_id uuid, OUT organization_id uuid)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT id, organization_id FROM bots_invitation WHERE token_hash = wanted
$$;
"""

DROP_LOOKUPS = """
DROP FUNCTION trilho_bot_by_public_id(text);
DROP FUNCTION trilho_bot_by_token_hash(text);
DROP FUNCTION trilho_api_key_by_hash(text);
DROP FUNCTION trilho_memberships_of(uuid);
DROP FUNCTION trilho_invitation_by_hash(text);
"""

# A worker may make the coming months although it owns nothing. Attaching locks the parent less than
# CREATE TABLE … PARTITION OF, and lets rows of that month that already lie in the default partition move over first.
# Dropping refuses anything whose youngest row is not at least two weeks old, whoever asks.
PARTITIONS = """
CREATE FUNCTION trilho_create_partition(parent text, partition text, lower uuid, upper uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = parent::regclass AND relkind = 'p') THEN
        RAISE EXCEPTION '% is not partitioned', parent;
    END IF;
    -- Two upkeeps at once: the second waits here and then finds it made.
    PERFORM pg_advisory_xact_lock(hashtext(parent));
    IF to_regclass(quote_ident(partition)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE id >= %L AND id < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_default', lower, upper, partition
    );
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition, lower, upper);
END
$$;

CREATE FUNCTION trilho_drop_partition(parent text, partition text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    youngest uuid;
BEGIN
    IF partition = parent || '_default' OR NOT EXISTS (
        SELECT FROM pg_inherits WHERE inhparent = parent::regclass AND inhrelid = partition::regclass
    ) THEN
        RAISE EXCEPTION '% is no monthly partition of %', partition, parent;
    END IF;
    EXECUTE format('SELECT id FROM %I ORDER BY id DESC LIMIT 1', partition) INTO youngest;
    IF ('x' || lpad(left(replace(youngest::text, '-', ''), 12), 16, '0'))::bit(64)::bigint
        > extract(epoch FROM now() - interval '14 days') * 1000
    THEN
        RAISE EXCEPTION '% still holds young rows', partition;
    END IF;
    EXECUTE format('DROP TABLE %I', partition);
END
$$;
"""

DROP_PARTITIONS = """
DROP FUNCTION trilho_create_partition(text, text, uuid, uuid);
DROP FUNCTION trilho_drop_partition(text, text);
"""


class Migration(migrations.Migration):
    dependencies = [("bots", "0001_initial")]

    operations = [
        migrations.RunSQL(LOOKUPS, DROP_LOOKUPS),
        migrations.RunSQL(PARTITIONS, DROP_PARTITIONS),
    ]
