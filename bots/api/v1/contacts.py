"""`/contacts/`: the people the organization's bots talk to."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView

from bots.api.views import ApiView
from bots.models import Channel, Contact
from bots.permissions import ApiScope


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A contact as one bot sees them."""

    bot = serializers.UUIDField(source="bot_id")

    class Meta:
        model = Contact
        fields: ClassVar[Any] = [
            "id",
            "bot",
            "telegram_user_id",
            "first_name",
            "last_name",
            "username",
            "language_code",
            "variables",
            "tags",
            "blocked_at",
            "created_at",
        ]


def _contacts() -> QuerySet[Contact]:
    # Test chats appear in no list and no number.
    return Contact.objects.filter(channel=Channel.TELEGRAM)


@extend_schema(tags=["contacts"])
class ContactList(ApiView, ListAPIView[Contact]):
    """Contacts, newest first; `bot`, `username` and `telegram_user_id` filter."""

    read_scope = ApiScope.CONTACTS_READ
    serializer_class = ContactSerializer
    filters = ("bot", "username", "telegram_user_id")

    def get_queryset(self) -> QuerySet[Contact]:
        return _contacts()


@extend_schema(tags=["contacts"])
class ContactDetail(ApiView, RetrieveAPIView[Contact]):
    """One contact."""

    read_scope = ApiScope.CONTACTS_READ
    serializer_class = ContactSerializer

    def get_queryset(self) -> QuerySet[Contact]:
        return _contacts()
