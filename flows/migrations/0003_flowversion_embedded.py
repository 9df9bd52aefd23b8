from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("flows", "0002_assets_and_kept_answers")]

    operations = [
        migrations.AddField(
            model_name="flowversion",
            name="embedded",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                verbose_name="subflows",
            ),
        ),
    ]
