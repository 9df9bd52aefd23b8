"""`/chats/` and `/places/`: groups and channels, who has a place there, who is outside, who will leave; and acts."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from bots.api.serializers import StrictSerializer
from bots.api.views import ApiView
from bots.errors import Invalid
from bots.models import ConnectedChat, Contact
from bots.permissions import ApiScope
from bots.services import Actor
from bots.services.chats import set_another_link
from payments import selectors
from payments.api.v1.serializers import GrantSerializer
from payments.models import Grant, Place
from payments.services import grant_acts, place_acts

# How far ahead `/places/leaving/` looks unless it is told.
DAYS = 7
MOST_DAYS = 365


class ChatSerializer(serializers.ModelSerializer[ConnectedChat]):
    """A group or channel; `allow_list` are the Telegram ids of people who are never put out."""

    bot = serializers.UUIDField(source="bot_id", read_only=True)

    class Meta:
        model = ConnectedChat
        fields: ClassVar[Any] = [
            "id",
            "bot",
            "telegram_id",
            "kind",
            "title",
            "status",
            "lost_reason",
            "can_invite_users",
            "can_restrict_members",
            "checked_at",
            "another_link_minutes",
            "another_links",
            "allow_list",
        ]


class ChatChangeSerializer(StrictSerializer):
    """When, and how often, who paid and is outside gets another link by itself."""

    another_link_minutes = serializers.IntegerField(required=False)
    another_links = serializers.IntegerField(required=False)


class KeepSerializer(StrictSerializer):
    """Whom, by Telegram id or as one of the contacts, and why; it stays in the audit trail."""

    telegram_user_id = serializers.IntegerField(required=False, min_value=1, max_value=2**53)
    contact = serializers.UUIDField(required=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class PlaceSerializer(serializers.ModelSerializer[Place]):
    """A person's place in a group or channel. `link`: what became of the last one, for who is outside."""

    chat = serializers.UUIDField(source="chat_id", read_only=True)
    contact = serializers.UUIDField(source="contact_id", read_only=True)
    inside = serializers.BooleanField(source="is_inside", read_only=True)
    link = serializers.SerializerMethodField()

    class Meta:
        model = Place
        fields: ClassVar[Any] = [
            "id",
            "chat",
            "telegram_user_id",
            "contact",
            "inside",
            "entered_at",
            "left_at",
            "links_told",
            "link_told_at",
            "link",
            "removed_at",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=[one.value for one in selectors.LinkFate], allow_null=True))
    def get_link(self, place: Place) -> str | None:
        return None if place.is_inside else selectors.link_fate(place, timezone.now()).value


class LinkSerializer(serializers.Serializer[Any]):
    """`sent` is false where one was asked for a moment ago and is on its way."""

    sent = serializers.BooleanField()


class UndoSerializer(StrictSerializer):
    """For how many days (left out: without end), and why."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=grant_acts.MOST_DAYS)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class ExtendSerializer(StrictSerializer):
    """How many days more, and why."""

    days = serializers.IntegerField(min_value=1, max_value=grant_acts.MOST_DAYS)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class MoveSerializer(StrictSerializer):
    """To which contact, and why; `tell` says it in the chat."""

    contact = serializers.UUIDField()
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    tell = serializers.BooleanField(required=False, default=True)


@extend_schema(tags=["places"])
class ChatList(ApiView, ListAPIView[ConnectedChat]):
    """Groups and channels that your bots look after, the lost ones too."""

    read_scope = ApiScope.BOTS_READ
    serializer_class = ChatSerializer
    filters = ("bot", "status")

    def get_queryset(self) -> QuerySet[ConnectedChat]:
        return selectors.chats()


@extend_schema(tags=["places"])
class ChatDetail(ApiView, RetrieveAPIView[ConnectedChat]):
    """One group or channel."""

    read_scope = ApiScope.BOTS_READ
    write_scope = ApiScope.BOTS_WRITE
    serializer_class = ChatSerializer

    def get_queryset(self) -> QuerySet[ConnectedChat]:
        return selectors.chats()

    @extend_schema(request=ChatChangeSerializer, responses={200: ChatSerializer})
    def patch(self, request: Request, pk: UUID) -> Response:
        """When another link is sent (5 to 1440 minutes) and how often (0 to 5 times)."""
        asked = ChatChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        known = selectors.chat(pk)
        chat = set_another_link(
            pk,
            minutes=asked.validated_data.get("another_link_minutes", known.another_link_minutes),
            links=asked.validated_data.get("another_links", known.another_links),
            actor=Actor.of_key(self.api_key),
        )
        return Response(ChatSerializer(chat).data)


@extend_schema(tags=["places"])
class ChatKeep(ApiView):
    """People whom nobody puts out."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=KeepSerializer, responses={200: ChatSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """This person stays whatever becomes of their access; 409 for one who is on the list."""
        asked, person = _person(request, pk)
        chat = place_acts.keep_inside(
            pk,
            person,
            organization_id=self.api_key.organization_id,
            reason=asked["reason"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(ChatSerializer(chat).data)


@extend_schema(tags=["places"])
class ChatKeepEnd(ApiView):
    """People whom nobody puts out, no longer."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=KeepSerializer, responses={200: ChatSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """From here on their access decides; without one they are put out."""
        asked, person = _person(request, pk)
        chat = place_acts.keep_no_longer(
            pk,
            person,
            organization_id=self.api_key.organization_id,
            reason=asked["reason"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(ChatSerializer(chat).data)


@extend_schema(tags=["places"])
class PlaceList(ApiView, ListAPIView[Place]):
    """Everybody who was ever given access to a group or channel, newest first."""

    read_scope = ApiScope.PAYMENTS_READ
    serializer_class = PlaceSerializer
    filters = ("chat", "contact", "telegram_user_id")

    def get_queryset(self) -> QuerySet[Place]:
        return selectors.places()


@extend_schema(tags=["places"])
class PlacesOutside(PlaceList):
    """Who has an open access and is not inside, with what became of the last link."""

    def get_queryset(self) -> QuerySet[Place]:
        return selectors.paid_but_not_inside()


@extend_schema(
    tags=["places"],
    parameters=[OpenApiParameter("days", int, description="How far ahead; 7 unless told.")],
)
class PlacesLeaving(PlaceList):
    """Who will be put out within so many `days` unless they renew; who is on a chat's list is among them and stays."""

    def get_queryset(self) -> QuerySet[Place]:
        asked = self.request.query_params.get("days", str(DAYS))
        if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and int(asked) <= MOST_DAYS):
            raise ValidationError({"days": [_("This field can have no such value.")]}, code="invalid_filter")
        return selectors.to_be_removed(timedelta(days=int(asked)))


@extend_schema(tags=["places"])
class PlaceLink(ApiView):
    """A way in for who is outside."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=None, responses={202: LinkSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A fresh link, said in the chat a moment later; asked for twice within a minute it is sent once."""
        sent = place_acts.send_link_now(
            pk, organization_id=self.api_key.organization_id, actor=Actor.of_key(self.api_key)
        )
        return Response({"sent": sent}, status=202)


@extend_schema(tags=["places"])
class PlaceUndo(ApiView):
    """A removal undone."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=UndoSerializer, responses={201: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """No ban, an access, a link and a word in the chat; 409 for who was not put out or is inside again."""
        asked = UndoSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        grant = place_acts.undo_removal(
            pk,
            organization_id=self.api_key.organization_id,
            days=asked.validated_data.get("days"),
            reason=asked.validated_data["reason"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(GrantSerializer(grant).data, status=201)


@extend_schema(tags=["grants"])
class GrantMove(ApiView):
    """An access for another Telegram account of the same person."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=MoveSerializer, responses={200: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """For as long as it was; what was renewed ahead of time goes along. 409 where it is not open."""
        wanted = _about_grant(pk, MoveSerializer(data=request.data))
        grant = grant_acts.move_grant(
            pk,
            wanted["contact"],
            organization_id=self.api_key.organization_id,
            reason=wanted["reason"],
            tell=wanted["tell"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(GrantSerializer(grant).data)


@extend_schema(tags=["grants"])
class GrantExtend(ApiView):
    """So many days more."""

    read_scope = ApiScope.PAYMENTS_READ
    write_scope = ApiScope.PAYMENTS_WRITE

    @extend_schema(request=ExtendSerializer, responses={200: GrantSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """From its end or, where that has passed, from now; 409 for one without end, or taken back."""
        wanted = _about_grant(pk, ExtendSerializer(data=request.data))
        grant: Grant = grant_acts.extend_grant(
            pk,
            organization_id=self.api_key.organization_id,
            days=wanted["days"],
            reason=wanted["reason"],
            actor=Actor.of_key(self.api_key),
        )
        return Response(GrantSerializer(grant).data)


def _about_grant(grant_id: UUID, asked: StrictSerializer) -> dict[str, Any]:
    """What the body says. What is misspelt is told first, then that the access is not there, then what is missing."""
    if not asked.is_valid() and {error.code for errors in asked.errors.values() for error in errors} == {"required"}:
        selectors.grant(grant_id)
    asked.is_valid(raise_exception=True)
    known: dict[str, Any] = asked.validated_data
    return known


def _person(request: Request, chat_id: UUID) -> tuple[dict[str, Any], int]:
    """Whom the body means. Raises NotFound for the chat, Invalid for nobody."""
    asked = KeepSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    selectors.chat(chat_id)
    wanted = asked.validated_data
    if "telegram_user_id" in wanted:
        return wanted, wanted["telegram_user_id"]
    contact = Contact.objects.filter(pk=wanted["contact"]).first() if "contact" in wanted else None
    if contact is None:
        raise Invalid("person_required", _("Say whom: a Telegram id, or one of your contacts."), field="contact")
    return wanted, contact.telegram_user_id
