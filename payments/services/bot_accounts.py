"""Which gateway accounts a bot tries, in which order: a list of its own, or the organization's."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from bots.errors import Invalid, NotFound
from bots.models import Bot, Organization
from bots.selectors import bot_of
from bots.services import AnyActor, record_audit
from payments import selectors
from payments.models import GatewayAccount
from payments.services.accounts import set_bot_accounts
from payments.services.transactions import work_for


class OrderAct(StrEnum):
    """What a press on the page does with one account, or with the whole list (`own`, `shared`)."""

    UP = "up"
    DOWN = "down"
    ADD = "add"
    REMOVE = "remove"
    OWN = "own"
    SHARED = "shared"


def set_bot_order(
    bot_id: UUID, *, organization_id: UUID, account_ids: Sequence[UUID], actor: AnyActor
) -> Sequence[GatewayAccount]:
    """The bot's own list, first to last; empty: it follows the organization's order. Answers what is tried from now on.
    Safe to repeat. `NotFound` for a bot or account that is not there, `Invalid` for one named twice and for Stars,
    which are tried by themselves. Locks the organization."""
    with work_for(organization_id):
        bot = bot_of(bot_id)
        if len(set(account_ids)) != len(account_ids):
            raise Invalid("account_twice", _("An account stands in the list once."), field="accounts")
        _set(bot, account_ids, actor)
        return list(selectors.accounts_tried_by(bot_id))


def change_bot_order(
    bot_id: UUID, *, organization_id: UUID, act: OrderAct, account_id: UUID | None, actor: AnyActor
) -> None:
    """One press. A list of its own begins as what was tried so far; its last account stays. `NotFound`. Locks the
    organization; safe to press twice, but for up and down, which move again."""
    with work_for(organization_id):
        Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
        bot = bot_of(bot_id)
        before = [account.pk for account in selectors.accounts_tried_by(bot_id)]
        if act is OrderAct.SHARED:
            _set(bot, [], actor)
            return
        after = _after(before, act, account_id)
        if after != before or act is OrderAct.OWN:
            _set(bot, after, actor)


def _after(before: Sequence[UUID], act: OrderAct, account_id: UUID | None) -> list[UUID]:
    after = list(before)
    if act is OrderAct.OWN or account_id is None:
        return after
    if act is OrderAct.ADD:
        return after if account_id in after else [*after, account_id]
    if account_id not in after:
        raise NotFound("gateway_account_not_found", _("There is no such gateway account."))
    place = after.index(account_id)
    if act is OrderAct.REMOVE:
        return [one for one in after if one != account_id] if len(after) > 1 else after
    other = place - 1 if act is OrderAct.UP else place + 1
    if 0 <= other < len(after):
        after[place], after[other] = after[other], after[place]
    return after


def _set(bot: Bot, account_ids: Sequence[UUID], actor: AnyActor) -> None:
    if GatewayAccount.objects.filter(pk__in=account_ids, stars_of__isnull=False).exists():
        raise Invalid("stars_in_list", _("A bot's Stars are no part of its list."), field="accounts")
    set_bot_accounts(organization_id=bot.organization_id, bot_id=bot.pk, account_ids=account_ids)
    record_audit(bot, "bot.gateway_accounts", actor=actor, data={"accounts": [str(one) for one in account_ids]})
