"""Model fields of ours: text and JSON encrypted at rest."""

import json
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import IsNull
from django.db.models.query_utils import DeferredAttribute

from bots.encryption import DecryptionFailed, decrypt, encrypt

if TYPE_CHECKING:
    _TextField = models.TextField[Any, Any]
else:
    _TextField = models.TextField

__all__ = ["Ciphertext", "DecryptionFailed", "EncryptedJSONField", "EncryptedTextField"]


class Ciphertext(str):
    """What the database holds. `values()` gives this, never the text."""

    __slots__ = ()


class EncryptedAttribute(DeferredAttribute):
    """Decrypts when it is looked at, since only then the row's organization is at hand."""

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Ciphertext):
            return value
        field: Any = self.field
        return field.decrypted(value, organization_id=getattr(instance, "organization_id", None))

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(_TextField):
    """Text encrypted under FIELD_ENCRYPTION_KEYS, bound to its table, its column and the row's organization: a
    ciphertext copied elsewhere raises DecryptionFailed. It cannot be searched, and `update()` cannot write it."""

    descriptor_class = EncryptedAttribute

    def place(self, organization_id: Any) -> str:
        """What a value of this field is bound to."""
        return f"{self.model._meta.db_table}.{self.column}:{organization_id or ''}"

    def decrypted(self, value: Ciphertext, *, organization_id: Any) -> Any:
        """The plain value of what `values()` gave; raises DecryptionFailed."""
        return self.loads(decrypt(value, place=self.place(organization_id)))

    def dumps(self, value: Any) -> str:
        return str(value)

    def loads(self, text: str) -> Any:
        return text

    def from_db_value(self, value: str | None, *_args: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        if self.attname not in model_instance.__dict__:
            return super().pre_save(model_instance, add)
        value = model_instance.__dict__[self.attname]
        if value is None or isinstance(value, Ciphertext):
            return value
        place = self.place(getattr(model_instance, "organization_id", None))
        return Ciphertext(encrypt(self.dumps(value), place=place))

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Ciphertext):
            return value
        raise FieldError(f"{self.name} is encrypted: it is written by save() or bulk_create(), not by update().")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched by {lookup_name}.")
        return IsNull


class EncryptedJSONField(EncryptedTextField):
    """The same for a JSON value."""

    def dumps(self, value: Any) -> str:
        return json.dumps(value)

    def loads(self, text: str) -> Any:
        return json.loads(text)
