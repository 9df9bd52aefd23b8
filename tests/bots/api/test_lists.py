"""Lists: pages by cursor that skip and repeat nothing, filters that refuse what cannot be compared."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest

from bots.models import Channel, Contact
from tests.factories.bots import make_bot, make_contact
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def partner(tenant: Tenant) -> Partner:
    return make_partner(tenant.organization)


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["results"]]


def newest_first() -> list[str]:
    return [str(pk) for pk in Contact.unscoped.order_by("-id").values_list("pk", flat=True)]


def test_walks_forward_and_back_without_a_gap(tenant: Tenant, partner: Partner) -> None:
    for _ in range(6):
        make_contact(bot=tenant.bot)
    pages = [answer(partner.get("contacts/?page_size=3"))]
    while pages[-1]["next"]:
        pages.append(answer(partner.get(pages[-1]["next"])))
    assert [ids(page) for page in pages] == [newest_first()[0:3], newest_first()[3:6], newest_first()[6:7]]
    assert pages[0]["previous"] is None
    back = answer(partner.get(pages[2]["previous"]))
    assert ids(back) == ids(pages[1])
    assert set(back) == {"results", "next", "previous"}


def test_a_row_made_meanwhile_moves_no_page(tenant: Tenant, partner: Partner) -> None:
    for _ in range(3):
        make_contact(bot=tenant.bot)
    expected = newest_first()
    first = answer(partner.get("contacts/?page_size=2"))
    make_contact(bot=tenant.bot)
    second = answer(partner.get(first["next"]))
    assert ids(first) + ids(second) == expected


@pytest.mark.parametrize(("asked", "got"), [("2", 2), ("0", 50), ("-1", 50), ("many", 50), ("1000", 60)])
def test_a_page_has_a_sane_size(tenant: Tenant, partner: Partner, asked: str, got: int) -> None:
    Contact.unscoped.bulk_create(
        Contact(organization=tenant.organization, bot=tenant.bot, telegram_user_id=number) for number in range(59)
    )
    assert len(answer(partner.get(f"contacts/?page_size={asked}"))["results"]) == got


def cursor(**tokens: str) -> str:
    return base64.b64encode(urlencode(tokens).encode()).decode()


@pytest.mark.parametrize(
    "made",
    [
        "",
        "%",
        "é",
        "\0",
        cursor(p="x"),
        cursor(p="\0"),
        cursor(p="1"),
        cursor(p="'; SELECT 1"),
        cursor(o="-1"),
        cursor(o="x"),
        cursor(r="x"),
        "A" * 10_000,
        cursor(o="9" * 5000),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(partner: Partner, made: str) -> None:
    told = refusal(partner.get(f"contacts/?{urlencode({'cursor': made})}"))
    assert (told["status"], told["errors"][0]["field"]) == (400, "cursor")


def test_filters_by_what_the_list_names(tenant: Tenant, partner: Partner) -> None:
    other_bot = make_bot(organization=tenant.organization)
    ana = make_contact(bot=other_bot, username="ana", telegram_user_id=77)
    for wanted in (f"bot={other_bot.pk}", "username=ana", "telegram_user_id=77", f"username=ana&bot={other_bot.pk}"):
        assert ids(answer(partner.get(f"contacts/?{wanted}"))) == [str(ana.pk)]
    assert ids(answer(partner.get(f"contacts/?username=ana&bot={tenant.bot.pk}"))) == []


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("contacts/?bot=x", "bot"),
        ("contacts/?bot=%00", "bot"),
        ("contacts/?bot=", "bot"),
        ("contacts/?username=a%00b", "username"),
        ("contacts/?telegram_user_id=ana", "telegram_user_id"),
        (f"contacts/?telegram_user_id={'9' * 30}", "telegram_user_id"),
        (f"contacts/?telegram_user_id={'9' * 5000}", "telegram_user_id"),
        ("runs/?status=sleeping", "status"),
        ("runs/?flow=1", "flow"),
        ("payments/?status=payed", "status"),
        ("payments/?txid=%00", "txid"),
        ("grants/?order=none", "order"),
        ("flows/?bot=%ED%A0%80", "bot"),
    ],
)
def test_refuses_to_compare_what_cannot_be_compared(partner: Partner, address: str, field: str) -> None:
    told = refusal(partner.get(address))
    assert told["status"] == 400
    assert [error["field"] for error in told["errors"]] == [field]


def test_every_list_shows_one_organization_alone(tenant: Tenant, partner: Partner) -> None:
    make_tenant()
    assert ids(answer(partner.get("contacts/"))) == [str(tenant.contact.pk)]
    assert ids(answer(partner.get("bots/"))) == [str(tenant.bot.pk)]


def test_test_chats_are_in_no_list(tenant: Tenant, partner: Partner) -> None:
    tester = make_contact(bot=tenant.bot, channel=Channel.SIMULATOR, telegram_user_id=-5)
    assert ids(answer(partner.get("contacts/"))) == [str(tenant.contact.pk)]
    assert partner.get(f"contacts/{tester.pk}/").status_code == 404
