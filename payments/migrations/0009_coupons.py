"""Which coupon a sale used, and how many sales hold each coupon that has a limit."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

import bots.ids


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0010_gateway_scopes"),
        ("payments", "0008_webhook_registered"),
    ]

    operations = [
        migrations.CreateModel(
            name="CouponUse",
            fields=[
                ("id", models.UUIDField(default=bots.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created at"
                    ),
                ),
                ("flow_id", models.UUIDField(verbose_name="flow")),
                ("step_id", models.CharField(max_length=64, verbose_name="step")),
                ("code", models.CharField(max_length=200, verbose_name="code")),
                ("used", models.PositiveIntegerField(default=0, verbose_name="sales that hold it")),
            ],
            options={
                "verbose_name": "use of a coupon",
                "verbose_name_plural": "uses of coupons",
                "abstract": False,
                "base_manager_name": "unscoped",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="order",
            name="coupon",
            field=models.CharField(blank=True, db_default="", default="", max_length=64, verbose_name="coupon"),
        ),
        migrations.AddField(
            model_name="order",
            name="coupon_limit",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="limit of the coupon"),
        ),
        migrations.AddField(
            model_name="order",
            name="discount_minor",
            field=models.BigIntegerField(db_default=0, default=0, verbose_name="discount in minor units"),
        ),
        migrations.AddField(
            model_name="order",
            name="holds_coupon",
            field=models.BooleanField(db_default=False, default=False, verbose_name="holds a place of the coupon"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("discount_minor__gte", 0)), name="order_discount_not_negative"
            ),
        ),
        migrations.AddField(
            model_name="couponuse",
            name="organization",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="bots.organization",
                verbose_name="organization",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponuse",
            constraint=models.UniqueConstraint(fields=("organization", "id"), name="payments_couponuse_tenant"),
        ),
        migrations.AddConstraint(
            model_name="couponuse",
            constraint=models.UniqueConstraint(
                fields=("organization", "flow_id", "step_id", "code"), name="coupon_use_once"
            ),
        ),
    ]
