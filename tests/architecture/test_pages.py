"""Every page of the members: works, for whom, and for whom it is not there. A page without a row here fails."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from bots.web import urls as bots_urls
from flows.web import urls as flows_urls
from payments.web import urls as payments_urls
from tests.support.pages import World, make_world, nobodys_ids, signed_in

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Page:
    """How a page is asked, what an owner gets, and what a viewer gets."""

    method: str
    status: int
    viewer: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    # Who has no organization yet needs these.
    for_strangers: bool = False

    @property
    def status_for_viewer(self) -> int:
        return self.status if self.viewer is None else self.viewer


PAGES: dict[str, Page] = {
    "theme": Page("post", 302, data={"theme": "trilho-dark"}, for_strangers=True),
    "language": Page("post", 302, data={"language": "en"}, for_strangers=True),
    "organization_new": Page("get", 200),
    "organization_switch": Page("post", 404, data={"organization": "nothing"}),
    "bot_list": Page("get", 200),
    "bot_connect": Page("get", 200, viewer=403),
    "settings": Page("get", 302),
    "organization_settings": Page("get", 200, viewer=403),
    "member_list": Page("get", 200),
    "notice_settings": Page("get", 200),
    "chat_list": Page("get", 200),
    "chat_detail": Page("get", 200),
    "chat_links": Page("post", 302, viewer=403, data={"another_link_minutes": "45", "another_links": "1"}),
    "chat_keep": Page("post", 302, viewer=403, data={"person": "700100900", "reason": "Modera"}),
    "chat_keep_end": Page("post", 302, viewer=403, data={"telegram_user_id": "700100900", "reason": "Saiu"}),
    "chat_check": Page("post", 302, viewer=403),
    "notice_test": Page("post", 302),
    "notice_link": Page("post", 302),
    "notice_unlink": Page("post", 302),
    "api_key_list": Page("get", 200, viewer=403),
    "api_key_revoke": Page("post", 302, viewer=403),
    "bot_settings": Page("get", 200),
    "bot_texts": Page("get", 200),
    "bot_text": Page("post", 302, viewer=403),
    "bot_pause": Page("post", 302, viewer=403),
    "bot_resume": Page("post", 302, viewer=403),
    "flow_list": Page("get", 200),
    "media_list": Page("get", 200),
    "media_file": Page("get", 200),
    # After the page that shows it, since then it is hidden.
    "media_delete": Page("post", 302, viewer=403),
    "flow_new": Page("get", 200, viewer=403),
    "flow_import": Page("get", 200, viewer=403),
    "flow_export": Page("get", 200),
    "flow_editor": Page("get", 200),
    "flow_check": Page("post", 400),
    "flow_save": Page("post", 400, viewer=403),
    "flow_publish": Page("get", 200),
    "flow_close": Page("post", 302, viewer=403),
    "flow_difference": Page("get", 200),
    "flow_versions": Page("get", 200),
    "flow_restore": Page("post", 302, viewer=403),
    "test_chat": Page("get", 200),
    "test_chat_feed": Page("get", 200),
    "test_chat_say": Page("post", 200, data={"text": "oi"}),
    "test_chat_press": Page("post", 200, data={"data": "start"}),
    "test_chat_share": Page("post", 200, data={"kind": "contact"}),
    "test_chat_skip": Page("post", 200, viewer=409),
    "test_chat_begin": Page("post", 200, data={"step": "menu"}),
    # Nobody has begun in the viewer's chat: its events wait for a worker.
    "test_chat_variables": Page("post", 200, viewer=409, data={"name": "cidade", "value": "Natal"}),
    "test_chat_block": Page("post", 200, data={"blocked": "on"}),
    "test_chat_record": Page("post", 302, viewer=403),
    "saved_test_list": Page("get", 200),
    "saved_test_new": Page("post", 302, viewer=403),
    "saved_test_play_all": Page("post", 302),
    "saved_test": Page("get", 200),
    "saved_test_check": Page("post", 400),
    "saved_test_save": Page("post", 400, viewer=403),
    "saved_test_play": Page("post", 302),
    "saved_test_delete": Page("post", 302, viewer=403),
    "conversation_list": Page("get", 200),
    "conversation_detail": Page("get", 200),
    "standing_list": Page("get", 200),
    "standing_retry": Page("post", 302, viewer=403),
    "standing_dismiss": Page("post", 302, viewer=403),
    "run_resume": Page("post", 302, viewer=403),
    "run_move": Page("post", 302, viewer=403, data={"step": "menu"}),
    "run_close": Page("post", 302, viewer=403, data={"reason": "asked"}),
    "conversation_answer": Page("post", 302, viewer=403, data={"text": "oi"}),
    "conversation_read": Page("post", 302, viewer=403),
    "today": Page("get", 200),
    "sale_list": Page("get", 200),
    "sale_detail": Page("get", 200),
    "sale_export": Page("get", 200, viewer=403),
    "grant_list": Page("get", 200),
    "grant_give": Page("get", 200, viewer=403),
    "grant_move": Page("post", 302, viewer=403),
    "grant_extend": Page("post", 302, viewer=403, data={"days": "7", "reason": "férias"}),
    "outside_list": Page("get", 200),
    "leaving_list": Page("get", 200),
    "place_link": Page("post", 302, viewer=403),
    "place_keep": Page("post", 302, viewer=403, data={"reason": "parceira"}),
    "place_undo": Page("post", 302, viewer=403, data={"days": "30", "reason": "engano"}),
    "grant_take_back": Page("post", 302, viewer=403),
    "account_list": Page("get", 200),
    "account_sandbox": Page("post", 302, viewer=403),
    "account_add": Page("get", 200, viewer=403),
    "bot_order": Page("get", 200),
    "bot_order_change": Page("post", 302, viewer=403, data={"act": "own"}),
    "account_change": Page("get", 200, viewer=403),
    "account_test": Page("post", 302, viewer=403),
    "account_move": Page("post", 302, viewer=403, data={"to": "up"}),
    "account_switch": Page("post", 302, viewer=403, data={"active": "on"}),
    "test_payments": Page("get", 200),
    # A test chat is its member's own, and so is its charge.
    "test_payment_act": Page("post", 200, viewer=404, data={"action": "late"}),
    "payment_refund": Page("get", 200, viewer=403),
    "refund_by_hand": Page("post", 302, viewer=403, data={"act": "cancel"}),
    "decision_list": Page("get", 200),
    "decision_take": Page("post", 302, viewer=403, data={"choice": "deliver"}),
    "credit_use": Page("post", 302, viewer=403, data={"person": "1", "amount": "1", "currency": "BRL"}),
    "money_rules": Page("get", 200, viewer=403),
}
PATTERNS: dict[str, URLPattern] = {
    str(pattern.name): pattern for module in (bots_urls, flows_urls, payments_urls) for pattern in module.urlpatterns
}
WITH_IDS = [name for name, pattern in PATTERNS.items() if pattern.pattern.converters]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def address(name: str, ids: Any) -> str:
    return reverse(name, kwargs={key: ids[key] for key in PATTERNS[name].pattern.converters})


def ask(client: Client, name: str, ids: Any) -> int:
    page = PAGES[name]
    status: int = getattr(client, page.method)(address(name, ids), page.data).status_code
    return status


def test_every_page_has_its_row() -> None:
    assert set(PAGES) == set(PATTERNS)


def test_each_page_answers_its_owner_and_its_viewer(world: World) -> None:
    owner, viewer = signed_in(world.owner), signed_in(world.viewer)
    for_viewer = {name: ask(viewer, name, world.ids()) for name in PAGES}
    assert for_viewer == {name: page.status_for_viewer for name, page in PAGES.items()}
    for_owner = {name: ask(owner, name, world.ids()) for name in PAGES}
    assert for_owner == {name: page.status for name, page in PAGES.items()}


def test_a_stranger_is_sent_to_the_sign_in_page(world: World) -> None:
    for name, page in PAGES.items():
        response = getattr(Client(), page.method)(address(name, world.ids()), page.data)
        assert response.status_code == 302, name
        assert response["Location"].startswith(reverse("account_login")) is not page.for_strangers, name


def test_ids_of_another_organization_and_of_nobody_are_not_there(world: World) -> None:
    other = make_world("Outra")
    client = signed_in(other.owner)
    found = {name: ask(client, name, world.ids()) for name in WITH_IDS}
    assert found == dict.fromkeys(WITH_IDS, 404)
    found = {name: ask(client, name, nobodys_ids(world.ids())) for name in WITH_IDS}
    assert found == dict.fromkeys(WITH_IDS, 404)


def test_what_is_no_id_is_not_there() -> None:
    client = Client()
    for name in WITH_IDS:
        text = "/" + str(PATTERNS[name].pattern).replace("<uuid:", "<").replace("<int:", "<").replace("<", "x").replace(
            ">", ""
        )
        assert client.get(text).status_code == 404, text


def test_other_methods_are_refused(world: World) -> None:
    client = signed_in(world.owner)
    for name, page in PAGES.items():
        other = client.put if page.method == "get" else client.get
        assert other(address(name, world.ids())).status_code == 405, name
