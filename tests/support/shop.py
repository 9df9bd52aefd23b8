"""A seller set up as a seller does it: an organization, a connected bot, a published flow; and buyers."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from bots.models import Organization, User
from bots.permissions import ApiScope
from bots.services import Actor, create_api_key, create_organization
from bots.tenancy import organization_scope
from payments.models import Payment
from payments.services import ensure_sandbox_account
from tests.support.fake_telegram import Chat, Deliver, FakeTelegram, to_webhook
from tests.support.flows import sales_flow

TOKEN = "7000001:AAH-only-for-tests-only-for-tests-only-1"


@dataclass
class Shop:
    """A seller's side of a running product: everything by the REST API."""

    url: str
    api_key: str
    telegram: FakeTelegram
    organization: Organization
    token: str = TOKEN
    bot_id: str = ""
    flow_id: str = ""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A REST call; its JSON. Fails on any refusal."""
        answer = httpx.request(
            method,
            f"{self.url}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.api_key}", **headers},
            timeout=30,
        )
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def open(self, definition: dict[str, Any]) -> None:
        """Connect the bot, publish the flow, make it the one the bot runs."""
        self.bot_id = self.call("POST", "bots/", {"token": self.token})["id"]
        flow = self.call("POST", "flows/", {"bot": self.bot_id, "name": "Venda", "definition": definition})
        self.flow_id = flow["id"]
        self.call("POST", f"flows/{self.flow_id}/publish/", {})
        self.call("PATCH", f"bots/{self.bot_id}/", {"active_flow": self.flow_id, "flow_enabled": True})

    def buyer(self, user_id: int, *, times: int = 1, deliver: Deliver | None = None) -> Chat:
        """A person who writes to the bot; each update is delivered so many times at once."""
        return Chat(self.telegram, self.token, user_id, deliver or to_webhook(self.telegram, self.token, times=times))

    def charge_of(self, chat: Chat) -> Payment:
        """The newest charge made for a buyer."""
        return Payment.unscoped.select_related("order").filter(contact__telegram_user_id=chat.user_id).latest("id")

    def pay(self, chat: Chat, act: str = "pay", *, silent: bool = False) -> None:
        """Open the sandbox's page of the buyer's charge and press a button; `silent`: the gateway's notice is lost."""
        page = self.charge_of(chat).page_url
        with httpx.Client(follow_redirects=True, timeout=30) as browser:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page).text)
            assert token is not None
            form = {"csrfmiddlewaretoken": token[1], "act": act, **({"silent": "1"} if silent else {})}
            answer = browser.post(page, data=form, headers={"Referer": page})
            assert answer.status_code == httpx.codes.OK, answer.text[:500]


def open_shop(
    url: str, telegram: FakeTelegram, *, definition: dict[str, Any] | None = None, name: str = "Loja"
) -> Shop:
    """A shop that sells by the sales flow of the tests."""
    user = User.objects.create_user(f"{name.lower()}@example.com", "only-for-tests")
    organization = create_organization(name=name, owner=user)
    ensure_sandbox_account(organization)
    with organization_scope(organization.pk):
        made = create_api_key(organization=organization, name="tests", scopes=list(ApiScope), actor=Actor.of_user(user))
    shop = Shop(url=url, api_key=made.secret, telegram=telegram, organization=organization)
    shop.open(definition or sales_flow())
    return shop


def texts_to(chat: Chat) -> list[str]:
    """What a buyer has got, in order."""
    return [call.text for call in chat.telegram.sent_to(chat.user_id, token=chat.token)]


def rows_of(organization_id: UUID, model: Any) -> Any:
    """An organization's rows of a table, whoever asks."""
    return model.unscoped.filter(organization_id=organization_id)
