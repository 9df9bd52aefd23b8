"""The pages of saved tests: written with live problems, played, recorded from the test chat, asked at publication."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from bots.tenancy import organization_scope
from flows.engine.codec import load_effect
from flows.engine.effects import Say
from flows.engine.testing.document import ConversationTest as TestDocument
from flows.models import Conversation, ConversationTest, Direction, Flow, FlowVersion, Message
from flows.services.conversation_tests import create_test, run_tests
from flows.services.definitions import create_flow
from flows.services.test_chats import open_test_chat, simulator_press, simulator_say, skip_wait
from flows.web.test_results import LABELS
from telegram_gateway.protocol.callback_data import encode
from tests.factories.flows import drain
from tests.support.conversation_tests import PAYS, WRONG_THREE_TIMES
from tests.support.flows import sales_flow
from tests.support.pages import World
from tests.support.partner import make_partner

pytestmark = pytest.mark.django_db


def page(world: World, name: str, *ids: Any) -> str:
    return reverse(name, args=[world.flow.pk, *ids])


def delivers_unpaid() -> dict[str, Any]:
    document = sales_flow()
    pay = next(step for step in document["flow_steps"] if step["id"] == "pay")
    pay["connections"] = {"next": "remind", "pending": "vip"}
    return document


def save(browser: Client, world: World, document: object) -> Any:
    address = page(world, "saved_test_save", world.saved_test.pk)
    text = document if isinstance(document, str) else json.dumps(document)
    return browser.post(address, json.dumps({"definition": text, "revision": 0}), "application/json")


def test_every_kind_of_item_has_its_words() -> None:
    schema = TestDocument.model_json_schema()
    types = set(schema["properties"]["steps"]["items"]["discriminator"]["mapping"])
    assert set(LABELS) == types | {"document"}


def test_lists_each_test_with_what_it_showed_last(world: World, browser: Client) -> None:
    shown = browser.get(page(world, "saved_test_list")).content.decode()
    assert PAYS["name"] in shown
    assert "Não foi rodado" in shown
    browser.post(page(world, "saved_test_play_all"))
    assert "Passa" in browser.get(page(world, "saved_test_list")).content.decode()


def test_a_red_test_shows_what_was_expected_and_what_came(world: World, browser: Client) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=delivers_unpaid())
    answer = browser.post(page(world, "saved_test_play", world.saved_test.pk), follow=True)
    shown = answer.content.decode()
    assert "Não passa" in shown
    assert "Seu PIX ainda está aberto." in shown
    told = browser.post(page(world, "saved_test_play_all"), follow=True).content.decode()
    assert "1 teste não passa mais." in told


def test_publishing_on_the_page_is_refused_and_names_the_test(world: World, browser: Client) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=delivers_unpaid())
    before = FlowVersion.unscoped.filter(flow=world.flow).count()
    answer = browser.post(reverse("flow_publish", args=[world.flow.pk]))
    assert answer.status_code == 422
    assert PAYS["name"] in answer.content.decode()
    assert FlowVersion.unscoped.filter(flow=world.flow).count() == before


def test_publishing_by_the_api_is_refused_with_the_problem(world: World) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=delivers_unpaid())
    partner = make_partner(world.organization)
    told = partner.post(f"flows/{world.flow.pk}/publish/", {})
    assert told.status_code == 422
    assert "conversation_test_failed" in [one["code"] for one in told.json()["errors"]]
    checked = partner.post(f"flows/{world.flow.pk}/validate/", {}).json()
    assert checked["valid"] is False


def test_writing_tells_its_problems_while_nothing_is_saved(world: World, browser: Client) -> None:
    address = page(world, "saved_test_check", world.saved_test.pk)
    wrong = {"name": "x", "steps": [{"type": "dance"}]}
    answer = browser.post(address, json.dumps({"definition": json.dumps(wrong)}), "application/json")
    assert [problem["field"] for problem in answer.json()["problems"]] == ["steps.0.type"]
    assert browser.post(address, json.dumps({"definition": "{"}), "application/json").status_code == 400
    assert ConversationTest.unscoped.get(pk=world.saved_test.pk).document == PAYS


def test_saving_keeps_what_can_be_read_and_refuses_the_rest(world: World, browser: Client) -> None:
    assert save(browser, world, WRONG_THREE_TIMES).json()["problems"] == []
    refused = save(browser, world, {"name": "x", "steps": [{"type": "dance"}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "conversation_test_invalid")
    assert ConversationTest.unscoped.get(pk=world.saved_test.pk).document == WRONG_THREE_TIMES


def test_a_name_that_is_taken_is_refused_in_words(world: World, browser: Client) -> None:
    with organization_scope(world.organization.pk):
        create_test(world.flow.pk, document=WRONG_THREE_TIMES)
    refused = save(browser, world, {**PAYS, "name": WRONG_THREE_TIMES["name"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "test_name_taken")


def test_a_new_test_can_be_written_and_deleted(world: World, browser: Client) -> None:
    made = browser.post(page(world, "saved_test_new"), follow=True)
    assert made.status_code == 200
    test = ConversationTest.unscoped.latest("created_at")
    assert test.name == "Teste 2"
    browser.post(page(world, "saved_test_delete", test.pk))
    assert not ConversationTest.unscoped.filter(pk=test.pk).exists()


def press(chat: Conversation, text: str) -> None:
    """Presses the newest button of that text, as the page does: with what its message carries."""
    for message in Message.unscoped.filter(conversation_id=chat.pk, direction=Direction.OUT).order_by("-id"):
        effect = load_effect(message.payload) if message.payload.get("type") == "say" else None
        shown = effect.message.buttons if isinstance(effect, Say) else ()
        ref = next((button.ref for row in shown for button in row if button.text == text), None)
        if ref is not None:
            simulator_press(chat, data=encode(ref))
            drain()
            return
    raise AssertionError(f"no message has a button {text!r}")


def test_a_recorded_conversation_passes_and_fails_after_a_change(world: World, browser: Client) -> None:
    with organization_scope(world.organization.pk):
        chat = open_test_chat(world.flow.pk, user=world.owner).conversation
        drain()
        press(chat, "Quero entrar")
        simulator_say(chat, text="nada disso")
        drain()
        simulator_say(chat, text="ana@example.com")
        drain()
        skip_wait(chat)
    answer = browser.post(page(world, "test_chat_record"), follow=True)
    assert answer.status_code == 200
    test = ConversationTest.unscoped.latest("created_at")
    steps = test.document["steps"]
    assert [step["type"] for step in steps if not step["type"].startswith("expect")] == [
        "command",
        "press",
        "text",
        "text",
    ]
    said = [
        reply.get("text") or reply["amount"]
        for step in steps
        if step["type"] == "expect_replies"
        for reply in step["replies"]
    ]
    assert said[1:3] == ["Qual é o seu e-mail?", "Esse e-mail não parece certo. Pode conferir?"]
    assert steps[-1] == {"type": "expect_step", "step": "pay"}
    with organization_scope(world.organization.pk):
        assert [one.report.ok for one in run_tests(world.flow.pk, only=[test.pk])] == [True]
        changed = sales_flow()
        changed["flow_steps"][1]["config"]["retry_text"] = "Hein?"
        Flow.objects.filter(pk=world.flow.pk).update(draft=changed)
        [played] = run_tests(world.flow.pk, only=[test.pk])
        assert played.report.first_difference is not None
        assert "Hein?" in played.report.first_difference.came


def test_without_a_conversation_there_is_nothing_to_record(world: World, browser: Client) -> None:
    with organization_scope(world.organization.pk):
        other = create_flow(bot_id=world.shop.bot.pk, name="Outro", definition=sales_flow()).flow
        open_test_chat(other.pk, user=world.owner)
    answer = browser.post(reverse("test_chat_record", args=[other.pk]), follow=True)
    assert "Ainda não há o que salvar" in answer.content.decode()
    assert ConversationTest.unscoped.filter(flow=other).count() == 0
