"""What follows a sale in the running product and passes places that a sale alone does not: the team is told, money goes
back, a place in a group is taken and looked after."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from bots.models import ChatStatus, ConnectedChat, Membership, NoticeChoice, NoticeKind
from bots.permissions import Role
from payments.models import Grant, Place
from tests.chaos.sales import Sale, plainly, to_the_last_word
from tests.processes.buying import PATIENCE, ask_for_the_code, expect_access, hear
from tests.support.fake_telegram.groups import Group
from tests.support.flows import sales_flow

GROUP = -1001


def with_the_owner_told_by_mail(sale: Sale) -> None:
    """The owner wants an e-mail for each sale."""
    owner = Membership.unscoped.get(organization=sale.shop.organization, role=Role.OWNER)
    NoticeChoice.unscoped.get_or_create(
        organization=sale.shop.organization,
        membership=owner,
        kind=NoticeKind.SALE_PAID,
        defaults={"by_email": True, "by_telegram": False},
    )
    plainly(sale)


def given_back(sale: Sale) -> None:
    """The team gives the money back; the buyer hears of it."""
    to_the_last_word(sale)
    payment = sale.charges.get(status="paid")
    sale.shop.call("POST", f"payments/{payment.pk}/refund/", {"reason": "Pediu de volta"})
    hear(sale.chat, "Devolvemos R$ 29,90")


def taken_back_after_the_grace(sale: Sale) -> None:
    """The money went back, and the time of grace is over: the access goes too."""
    given_back(sale)
    mine = Grant.unscoped.filter(telegram_user_id=sale.user_id, revoked_at__isnull=True)
    _wait(mine.exclude(take_back_at=None).exists, what="the access being due")
    mine.exclude(take_back_at=None).update(take_back_at=timezone.now() - timedelta(seconds=1))
    _wait(lambda: not mine.exclude(take_back_at=None).exists(), what="the access being taken back")


def into_the_group(sale: Sale) -> None:
    """Buys a place in a group, asks to come in, is let in, and looked after once more."""
    group = _sells_places(sale)
    ask_for_the_code(sale.shop, sale.chat)
    sale.pay()
    expect_access(sale.chat)
    hear(sale.chat, "O seu lugar está pronto")
    group.asking.add(sale.user_id)
    request = {"chat": group.chat, "from": sale.chat.person, "user_chat_id": sale.user_id, "date": int(time.time())}
    _tell(sale, chat_join_request=request)
    _wait(lambda: group.members.get(sale.user_id) == "member", what="being let in")
    _tell(sale, chat_member=_change(group, sale.chat.person, "left", {"status": "member"}))
    place = Place.unscoped.filter(telegram_user_id=sale.user_id)
    _wait(place.exclude(entered_at=None).exists, what="being seen inside")
    place.update(due_at=timezone.now() - timedelta(seconds=1))
    _wait(lambda: not place.filter(due_at__lte=timezone.now()).exists(), what="being looked after")


def _sells_places(sale: Sale) -> Group:
    """The group the shop sells places in; connected, and part of the flow, from the first buyer on."""
    shop = sale.shop
    known = shop.telegram.groups.known.get(GROUP)
    if known is not None:
        return known
    group = shop.telegram.groups.open(GROUP)
    bot = {"id": int(shop.token.partition(":")[0]), "is_bot": True, "first_name": "Bot"}
    _tell(sale, my_chat_member=_change(group, bot, "left", {"status": "administrator", **group.rights}))
    connected = ConnectedChat.unscoped.filter(telegram_id=GROUP, status=ChatStatus.CONNECTED)
    _wait(connected.exists, what="the group")
    flow = sales_flow()
    vip = next(step for step in flow["flow_steps"] if step["id"] == "vip")
    vip["config"]["chat"] = str(connected.get().pk)
    shop.call("PUT", f"flows/{shop.flow_id}/draft/", flow, **{"If-Match": "*"})
    shop.call("POST", f"flows/{shop.flow_id}/publish/", {})
    return group


def _change(group: Group, person: dict[str, Any], before: str, after: dict[str, Any]) -> dict[str, Any]:
    return {
        "chat": group.chat,
        "from": person,
        "date": int(time.time()),
        "old_chat_member": {"user": person, "status": before},
        "new_chat_member": {"user": person, **after},
    }


def _tell(sale: Sale, **update: Any) -> None:
    sale.chat.deliver({"update_id": sale.shop.telegram.next_update_id(), **update})


def _wait(condition: Callable[[], bool], *, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
