"""No statement of another hand makes a version: the database takes what was checked in the same transaction."""

from django.db import migrations

# The ORM vouches for a definition once it is validated. A `welcome` version is built from the bot's own texts, by the
# drain, and is exempt.
ONLY_WHAT_WAS_CHECKED = """
CREATE FUNCTION flows_refuse_unchecked_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'welcome' AND position(
        md5(NEW.definition::text) IN coalesce(current_setting('trilho.checked_versions', true), '')
    ) = 0 THEN
        RAISE EXCEPTION 'A version is made by publishing a draft.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flows_version_is_checked BEFORE INSERT ON flows_flowversion
    FOR EACH ROW EXECUTE FUNCTION flows_refuse_unchecked_version();
"""
WHATEVER_COMES = """
DROP TRIGGER flows_version_is_checked ON flows_flowversion;
DROP FUNCTION flows_refuse_unchecked_version();
"""


class Migration(migrations.Migration):
    dependencies = [("flows", "0006_parked_runs_index")]

    operations = [migrations.RunSQL(ONLY_WHAT_WAS_CHECKED, WHATEVER_COMES)]
