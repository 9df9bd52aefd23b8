"""Organizations come to be, and people choose their language."""

import secrets

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
    name = clean_text(name).strip()
    if not name:
        raise Invalid("name_required", _("Give the organization a name."), field="name")
    if len(name) > NAME_LENGTH:
        raise Invalid("name_too_long", _("The name is longer than 100 characters."), field="name")
    with transaction.atomic():
        organization = Organization.objects.create(
            name=name, slug=_new_slug(name), locale=locale or Locale(owner.locale)
        )
        with organization_scope(organization.pk):
            membership = Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
            record_audit(membership, "organization.created", actor=owner, data={"name": name})
    return organization


def change_locale(*, user: User, locale: Locale) -> None:
    """The language a person reads the pages in."""
    User.objects.filter(pk=user.pk).update(locale=locale)
    user.locale = locale


def _new_slug(name: str) -> str:
    """Readable, and unique without asking: two of one name at once must not collide."""
    return f"{slugify(name)[:SLUG_LENGTH].strip('-') or 'org'}-{secrets.token_hex(4)}"
