import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

import bots.ids
import bots.models.base


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0002_database_functions"),
        ("flows", "0002_assets_and_kept_answers"),
        ("telegram_gateway", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TelegramFile",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("telegram_bot_id", models.BigIntegerField(verbose_name="Telegram id of the bot")),
                ("kind", models.CharField(max_length=9, verbose_name="kind")),
                ("sent_as", models.CharField(max_length=9, verbose_name="sent as")),
                ("file_id", models.TextField(verbose_name="file id")),
                ("file_unique_id", models.CharField(max_length=64, verbose_name="unique file id")),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="updated at"
                    ),
                ),
                (
                    "asset",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="flows.asset",
                        verbose_name="media file",
                    ),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bots.organization",
                        verbose_name="organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "file known to Telegram",
                "verbose_name_plural": "files known to Telegram",
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "id"), name="telegram_gateway_telegramfile_tenant"),
                    bots.models.base.TenantForeignKey("bot", name="telegram_gateway_telegramfile_bot_tenant"),
                    bots.models.base.TenantForeignKey("asset", name="telegram_gateway_telegramfile_asset_tenant"),
                    models.UniqueConstraint(
                        fields=("bot", "telegram_bot_id", "asset", "kind"), name="telegram_file_once"
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
    ]
