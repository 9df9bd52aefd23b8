"""`manage.py seed_demo`: a demo organization with people, a bot for test chats, three flows and an API key."""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from bots.models import ApiKey, Bot, Delivery, Membership, Organization, Role, User
from bots.permissions import ApiScope
from bots.services import SYSTEM, create_api_key, create_simulator_bot, revoke_api_key
from bots.tenancy import organization_scope
from flows.selectors import flows_of, versions_of
from flows.services.bot_settings import activate_flow
from flows.services.publishing import publish_version
from flows.services.starters import StarterCode, create_from_starter
from payments.services import ensure_sandbox_account, set_bot_accounts

ORGANIZATION: Final = ("Loja Demo", "demo")
OWNER_EMAIL: Final = "demo@example.com"
STAFF_EMAIL: Final = "staff@example.com"
BOT_NAME: Final = "Bot de demonstração"
KEY_NAME: Final = "Demo"
# Name and what it begins as; the first becomes the bot's active flow.
FLOWS: Final = (
    ("VIP por PIX", StarterCode.VIP_GROUP),
    ("E-book", StarterCode.EBOOK),
    ("Lead qualificado", StarterCode.QUALIFIED_LEAD),
)


class Command(BaseCommand):
    help = "Makes the demo data, or completes it; a fresh API key each time. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        passwords = Passwords(settings.RUN_DIR / "demo.json")
        with transaction.atomic():
            seeded = seed(passwords)
        passwords.keep()
        self.stdout.write(json.dumps(seeded, ensure_ascii=False) if options["json"] else in_words(seeded))


class Passwords:
    """The demo users' passwords: made once, kept in a file only its owner may read, so that they can be shown again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, str] = self._read()

    def of(self, user: User) -> str:
        """The password of a user, set where it is not the one that is kept."""
        password = self.known.setdefault(user.email, secrets.token_urlsafe(12))
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        return password

    def keep(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.known, file)

    def _read(self) -> dict[str, str]:
        try:
            return {str(email): str(password) for email, password in json.loads(self.path.read_text()).items()}
        except (OSError, ValueError, AttributeError):
            return {}


def seed(passwords: Passwords) -> dict[str, Any]:
    """Everything that is not there yet, and a new key instead of the last one."""
    name, slug = ORGANIZATION
    organization, _made = Organization.objects.get_or_create(slug=slug, defaults={"name": name})
    owner, staff = _user(OWNER_EMAIL, "Demo"), _user(STAFF_EMAIL, "Staff", is_staff=True, is_superuser=True)
    with organization_scope(organization.pk):
        Membership.objects.get_or_create(organization=organization, user=owner, defaults={"role": Role.OWNER})
        bot = _bot(organization)
        account = ensure_sandbox_account(organization)
        set_bot_accounts(organization_id=organization.pk, bot_id=bot.pk, account_ids=[account.pk])
        flows = [_flow(bot, flow_name, starter) for flow_name, starter in FLOWS]
        if not any(flow["active"] for flow in flows):
            activate_flow(flows_of(bot_id=bot.pk).get(pk=flows[0]["id"]))
            flows[0]["active"] = True
        for last in ApiKey.objects.filter(name=KEY_NAME, revoked_at=None):
            revoke_api_key(last.pk, actor=SYSTEM)
        key = create_api_key(organization=organization, name=KEY_NAME, scopes=list(ApiScope), actor=SYSTEM)
    return {
        "organization": {"id": str(organization.pk), "name": organization.name, "slug": organization.slug},
        "users": [
            {"email": owner.email, "password": passwords.of(owner), "role": "owner"},
            {"email": staff.email, "password": passwords.of(staff), "role": "staff"},
        ],
        "api_key": key.secret,
        "bot": {"id": str(bot.pk), "name": bot.name},
        "flows": flows,
    }


def in_words(seeded: dict[str, Any]) -> str:
    """For a person at a terminal."""
    users = "\n".join(f"  {user['role']}: {user['email']} / {user['password']}" for user in seeded["users"])
    flows = "\n".join(f"  {flow['name']}: {flow['id']}" for flow in seeded["flows"])
    return f"{seeded['organization']['name']}\n{users}\n  API key: {seeded['api_key']}\n{flows}"


def _user(email: str, name: str, **fields: Any) -> User:
    known = User.objects.filter(email=email).first()
    return known or User.objects.create_user(email, name=name, **fields)


def _bot(organization: Organization) -> Bot:
    known = Bot.objects.filter(delivery=Delivery.SIMULATOR, name=BOT_NAME).first()
    return known or create_simulator_bot(organization=organization, name=BOT_NAME, actor=SYSTEM)


def _flow(bot: Bot, name: str, starter: StarterCode) -> dict[str, Any]:
    flow = flows_of(bot_id=bot.pk).filter(name=name).first()
    if flow is None:
        flow = create_from_starter(starter, bot_id=bot.pk, name=name, locale=bot.locale).flow
    version = versions_of(flow.pk).first() or publish_version(flow.pk)
    return {"id": str(flow.pk), "name": flow.name, "version": version.number, "active": flow.active}
