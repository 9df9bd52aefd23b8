"""The guide to the API is true: every call in it is made, in its order, and does what is said."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from bots.models import Bot
from bots.outbox.loop import outbox_loop
from payments.services import ensure_sandbox_account
from telegram_gateway import client
from tests.factories.assets import make_asset
from tests.factories.bots import make_organization
from tests.factories.flows import Person, drain
from tests.factories.payments import Shop, charge
from tests.support.fake_telegram import FakeTelegram
from tests.support.partner import Partner, answer, make_partner

pytestmark = pytest.mark.django_db

GUIDE = (Path(django_settings.BASE_DIR) / "docs/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
TOKEN = "7000001:AAH-only-for-tests-only-for-tests-only-1"


@pytest.fixture
def telegram(settings: Any) -> Iterator[FakeTelegram]:
    with FakeTelegram() as fake:
        settings.TELEGRAM_API_BASE_URL = fake.url
        yield fake
        outbox_loop.run(client.close())


def commands() -> list[str]:
    """Each `trilho …` of the guide as it is written, over as many lines as it takes."""
    found: list[str] = []
    for block in BLOCK.findall(GUIDE):
        for line in block.splitlines(keepends=True):
            if line.startswith("trilho "):
                found.append(line)
            elif found and line.startswith(" "):
                found[-1] += line
    return found


def made(command: str, names: dict[str, str], partner: Partner, draft: Any) -> Any:
    """The call of a command; its JSON."""
    for name, value in names.items():
        command = command.replace(f"${name}", value)
    words = shlex.split(command, comments=True)[1:]
    method, url, body, headers = "", "", "", {}
    while words:
        match words.pop(0):
            case "-X":
                method = words.pop(0)
            case "-d":
                body = words.pop(0)
            case "-H":
                name, _colon, value = words.pop(0).partition(": ")
                headers[name.replace("-", "_")] = value
            case "-i":
                pass
            case address:
                url = address
    body = json.dumps(draft) if body == "@draft.json" else body.replace("123456789:AA…", TOKEN)
    response = partner.call(method or ("POST" if body else "GET"), url, raw=body or None, **headers)
    assert response.status_code in (200, 201, 202), (command, response.content)
    return response.json()


def test_every_call_of_the_guide_works(telegram: FakeTelegram) -> None:
    organization = make_organization()
    account = ensure_sandbox_account(organization)
    partner = make_partner(organization)
    names = {"API": "/api/v1", "ASSET": str(make_asset(organization).pk), "ACCOUNT": str(account.pk)}
    draft: Any = None
    for command in commands():
        told = made(command, names, partner, draft)
        if "/bots/ -d" in command:
            names["BOT"] = told["id"]
        elif "/flows/ -d" in command and "template" not in command:
            names["FLOW"] = told["id"]
            assert [one for one in told["problems"] if one["severity"] == "error"] == []
        elif "-i $API" in command:
            draft = told | {"allow_loops": True}
        elif "/grants/ -d" in command:
            names["GRANT"] = told["id"]
        elif "flow_enabled" in command:
            bot = Bot.unscoped.get(pk=names["BOT"])
            buyer = Person(bot)
            buyer.start()
            drain()
            sale = charge(Shop(organization, bot, buyer.contact, account), run_id=buyer.top.pk)
            names |= {"CONTACT": str(buyer.contact.pk), "RUN": str(buyer.top.pk), "PAYMENT": str(sale.payment.pk)}
    assert set(names) == {"API", "ASSET", "ACCOUNT", "BOT", "FLOW", "CONTACT", "RUN", "PAYMENT", "GRANT"}
    assert len(commands()) >= 17


def test_the_first_flow_of_the_guide_is_bought_through(telegram: FakeTelegram) -> None:
    definition = json.loads(re.search(r'"definition": (\{.*?\})\}\'\n', GUIDE, re.DOTALL)[1])  # type: ignore[index]
    organization = make_organization()
    ensure_sandbox_account(organization)
    partner = make_partner(organization)
    bot_id = answer(partner.post("bots/", {"token": TOKEN}), 201)["id"]
    flow = answer(partner.post("flows/", {"bot": bot_id, "name": "Venda", "definition": definition}), 201)
    answer(partner.post(f"flows/{flow['id']}/publish/", {}), 201)
    answer(partner.patch(f"bots/{bot_id}/", {"active_flow": flow["id"], "flow_enabled": True}))
    buyer = Person(Bot.unscoped.get(pk=bot_id))
    buyer.start()
    drain()
    assert buyer.texts == ["Olá, Ana!"]
    buyer.press(buyer.button("Quero entrar"))
    drain()
    assert buyer.top.step_id == "pay"
