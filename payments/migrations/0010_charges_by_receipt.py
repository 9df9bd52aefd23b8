"""Charges are found by what stands on a receipt without a walk through all of them."""

from typing import ClassVar

import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies: ClassVar = [("payments", "0009_coupons")]

    operations: ClassVar = [
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(django.db.models.functions.text.Upper("txid"), name="payment_by_txid"),
        ),
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(django.db.models.functions.text.Upper("end_to_end_id"), name="payment_by_end_to_end_id"),
        ),
        AddIndexConcurrently(
            model_name="payment", index=models.Index(fields=["provider_id"], name="payment_by_provider_id")
        ),
    ]
