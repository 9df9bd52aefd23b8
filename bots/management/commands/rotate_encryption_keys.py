"""`manage.py rotate_encryption_keys`: writes every stored secret anew under the first of FIELD_ENCRYPTION_KEYS."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, models

from bots.encryption import DecryptionFailed, rotate
from bots.fields import EncryptedTextField

BATCH = 500


class Command(BaseCommand):
    help = "Re-encrypts every secret under the newest key; afterwards the older keys may be taken away. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if isinstance(field, EncryptedTextField):
                    done, bad = rotate_field(model, field)
                    failed += bad
                    self.stdout.write(f"{model._meta.label}.{field.name}: {done} rotated, {bad} unreadable")
        if failed:
            self.stderr.write(f"{failed} secrets cannot be read by any key: keep the old keys and look at them.")
            raise SystemExit(1)


def rotate_field(model: type[models.Model], field: EncryptedTextField) -> tuple[int, int]:
    """Rotate one column; how many were written, and how many no key opens.

    A row that changes meanwhile keeps what it was given: each is written only if it is still what was read.
    """
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(field.column or field.name)
    update = f"UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s"  # noqa: S608 - names of our models
    done = bad = 0
    rows = model._base_manager.filter(**{f"{field.name}__isnull": False}).values_list("pk", field.name)
    for key, ciphertext in rows.iterator(chunk_size=BATCH):
        try:
            fresh = rotate(str(ciphertext))
        except DecryptionFailed:
            bad += 1
            continue
        with connection.cursor() as cursor:
            cursor.execute(update, [fresh, key, str(ciphertext)])
            done += cursor.rowcount
    return done, bad
