"""Organizations come to be, and people choose their language."""

import secrets
from datetime import time
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from bots.errors import Invalid
from bots.models import Locale, Membership, Organization, Role, User
from bots.services.audit import record_audit
from bots.storable import clean_text
from bots.tenancy import organization_scope

NAME_LENGTH = 100
SLUG_LENGTH = 48


def create_organization(*, name: str, owner: User, locale: Locale | None = None) -> Organization:
    """Make an organization with its first owner. Raises Invalid for a name that is empty or too long."""
    name = _checked_name(name)
    with transaction.atomic():
        organization = Organization.objects.create(
            name=name, slug=_new_slug(name), locale=locale or Locale(owner.locale)
        )
        with organization_scope(organization.pk):
            membership = Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
            record_audit(membership, "organization.created", actor=owner, data={"name": name})
    return organization


def change_organization(
    membership: Membership, *, name: str, time_zone: str, quiet_from: time | None, quiet_until: time | None
) -> None:
    """The organization of this member, changed by them: its name, its clock, and when it leaves people alone.

    Raises Invalid: a name that is empty or too long, a time zone that does not exist, quiet hours half said.
    """
    organization = membership.organization
    values = {
        "name": _checked_name(name),
        "time_zone": time_zone,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
    }
    if time_zone not in available_timezones():
        raise Invalid("unknown_time_zone", _("Choose a time zone of the list."), field="time_zone")
    if (quiet_from is None) is not (quiet_until is None) or (quiet_from is not None and quiet_from == quiet_until):
        message = _("Say when the quiet hours begin and when they end, at two different times.")
        raise Invalid("quiet_hours_half_said", message, field="quiet_until")
    changed = {field: value for field, value in values.items() if getattr(organization, field) != value}
    if not changed:
        return
    with transaction.atomic():
        Organization.objects.filter(pk=organization.pk).update(**changed)
        told = {field: None if value is None else str(value) for field, value in changed.items()}
        record_audit(membership, "organization.changed", actor=membership.user, data=told)
    for field, value in changed.items():
        setattr(organization, field, value)


def change_locale(*, user: User, locale: Locale) -> None:
    """The language a person reads the pages in."""
    User.objects.filter(pk=user.pk).update(locale=locale)
    user.locale = locale


def _checked_name(name: str) -> str:
    name = clean_text(name).strip()
    if not name:
        raise Invalid("name_required", _("Give the organization a name."), field="name")
    if len(name) > NAME_LENGTH:
        raise Invalid("name_too_long", _("The name is longer than 100 characters."), field="name")
    return name


def _new_slug(name: str) -> str:
    """Readable, and unique without asking: two of one name at once must not collide."""
    return f"{slugify(name)[:SLUG_LENGTH].strip('-') or 'org'}-{secrets.token_hex(4)}"
