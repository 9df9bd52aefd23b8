"""The kernel in the staff admin: people, organizations, contacts, keys, the audit trail."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from bots.models import (
    ApiKey,
    AuditEntry,
    ConnectedChat,
    Contact,
    IdempotencyRecord,
    Invitation,
    Membership,
    NoticeChoice,
    NoticeLink,
    Organization,
    User,
)
from bots.services import Actor, revoke_api_key
from bots.staff import ReadOnlyAdmin, StaffAdmin, staff_of
from bots.tenancy import organization_scope

for foreign in (Group, EmailAddress, Authenticator):
    admin.site.unregister(foreign)


class MembershipInline(TabularInline):
    """Members of an organization, on its page."""

    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


class NewUserForm(UserCreationForm):
    """A user is known by the e-mail."""

    class Meta:
        model = User
        fields = ["email"]


@admin.register(User)
class UserAdmin(BaseUserAdmin[User], StaffAdmin):
    """People."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_staff", "is_active", "locale"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "created_at"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "locale"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "created_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "password1", "password2"]})]
    filter_horizontal = ["user_permissions"]


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Addresses of people, and whether they were confirmed."""

    list_display = ["email", "user", "verified", "primary"]
    list_filter = ["verified", "primary"]
    list_select_related = ["user"]
    search_fields = ["email", "user__name"]


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors, without their secrets. One that was lost may be deleted."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user__name"]
    exclude = ["data"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(super(ReadOnlyAdmin, self).has_delete_permission(request, obj))


@admin.register(Organization)
class OrganizationAdmin(StaffAdmin):
    """Customers."""

    list_display = ["name", "slug", "locale", "time_zone", "created_at"]
    ordering = ["name"]
    list_filter = ["locale"]
    search_fields = ["name", "slug", "id"]
    readonly_fields = ["id", "created_at"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """An organization has books; it is never deleted by a click."""
        return False


@admin.register(Membership)
class MembershipAdmin(StaffAdmin):
    """Who works where, as what."""

    list_display = ["user", "organization", "role"]
    list_filter = ["role"]
    list_select_related = ["user", "organization"]
    search_fields = ["user__email", "organization__name"]
    autocomplete_fields = ["user", "organization"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """Open and accepted invitations."""

    list_display = ["email", "organization", "role", "expires_at", "accepted_at"]
    list_filter = ["role"]
    list_select_related = ["organization"]
    search_fields = ["email", "organization__name"]


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    """The people that bots talk to."""

    list_display = ["__str__", "username", "telegram_user_id", "bot", "organization", "channel", "blocked_at"]
    list_filter = ["channel", "language_code"]
    list_select_related = ["bot", "organization"]
    search_fields = ["first_name", "last_name", "username", "telegram_user_id", "id"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys of partners; the secret is kept nowhere."""

    list_display = ["name", "prefix", "organization", "scopes", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["organization"]
    search_fields = ["name", "prefix", "organization__name"]
    exclude = ["key_hash"]
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only the list with its action; a key has nothing to edit."""
        return obj is None and super(ReadOnlyAdmin, self).has_change_permission(request, obj)

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for key in queryset.filter(revoked_at=None):
            with organization_scope(key.organization_id):
                revoke_api_key(key.pk, actor=Actor.of_staff(staff_of(request)))


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Answers kept for repeated requests."""

    list_display = ["route", "key", "organization", "status_code", "created_at"]
    list_select_related = ["organization"]
    search_fields = ["key", "route"]
    # What an organization was answered is theirs.
    exclude = ["response"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, and why."""

    list_display = ["created_at", "action", "actor_kind", "actor_user", "object_type", "object_id", "organization"]
    list_filter = ["actor_kind", "action"]
    list_select_related = ["actor_user", "organization"]
    search_fields = ["action", "object_type", "object_id", "actor_user__email", "organization__name"]
    date_hierarchy = "created_at"


@admin.register(NoticeChoice)
class NoticeChoiceAdmin(ReadOnlyAdmin):
    """What members want to be told of."""

    list_display = ["membership", "kind", "by_email", "by_telegram", "organization"]
    list_filter = ["kind", "by_email", "by_telegram"]
    list_select_related = ["membership__user", "organization"]
    search_fields = ["membership__user__email", "organization__name"]


@admin.register(NoticeLink)
class NoticeLinkAdmin(ReadOnlyAdmin):
    """Where members are told on Telegram."""

    list_display = ["membership", "bot", "telegram_user_id", "linked_at", "organization"]
    list_select_related = ["membership__user", "bot", "organization"]
    search_fields = ["membership__user__email", "telegram_user_id", "organization__name"]


@admin.register(ConnectedChat)
class ConnectedChatAdmin(ReadOnlyAdmin):
    """Groups and channels that bots look after."""

    list_display = ["title", "kind", "bot", "status", "can_invite_users", "can_restrict_members", "checked_at"]
    list_filter = ["status", "kind"]
    list_select_related = ["bot"]
    search_fields = ["id", "title", "telegram_id", "bot__name"]
