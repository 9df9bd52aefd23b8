"""The test chat's page and its endpoints, drained by hand."""

from django.test import Client
from django.urls import reverse

from bots.models import Contact
from flows.models import Flow, Message, Run
from flows.services import store_simulated_calls
from tests.factories.flows import drain
from tests.support.flows import a_flow, a_message
from tests.support.pages import World, signed_in


def address(name: str, world: World) -> str:
    return reverse(name, args=[world.flow.pk])


def feed(browser: Client, world: World) -> str:
    return browser.get(address("test_chat_feed", world)).content.decode()


def lines(world: World) -> list[Message]:
    return list(Message.unscoped.filter(conversation_id=world.test_chat.pk).order_by("id"))


def test_what_the_member_writes_goes_through_the_inbox(browser: Client, world: World) -> None:
    assert browser.post(address("test_chat_say", world), {"text": "  oi\n"}).json() == {}
    assert "typing" in feed(browser, world)
    drain()
    assert lines(world)[-2].text == "oi"
    assert "oi" in feed(browser, world)


def test_nothing_written_is_nothing_said(browser: Client, world: World) -> None:
    before = len(lines(world))
    assert browser.post(address("test_chat_say", world), {"text": "   "}).status_code == 400
    drain()
    assert len(lines(world)) == before


def test_stored_calls_are_shown_with_their_buttons(browser: Client, world: World) -> None:
    said = lines(world)[-1]
    call = {
        "method": "sendMessage",
        "params": {
            "text": "<b>Oi</b> <script>x</script>",
            "parse_mode": "HTML",
            "reply_markup": {"inline_keyboard": [[{"text": "Quero", "callback_data": "abc"}]]},
        },
    }
    store_simulated_calls(said.pk, [call])
    page = feed(browser, world)
    assert "<strong>Oi</strong> x" in page
    assert "<script" not in page
    assert 'data-press="abc"' in page


def test_an_unchanged_chat_is_not_sent_again(browser: Client, world: World) -> None:
    url = address("test_chat_feed", world)
    etag = browser.get(url)["ETag"]
    assert browser.get(url, headers={"if-none-match": etag}).status_code == 304
    browser.post(address("test_chat_say", world), {"text": "oi"})
    drain()
    assert browser.get(url, headers={"if-none-match": etag}).status_code == 200


def test_a_member_has_a_chat_of_their_own(browser: Client, world: World) -> None:
    other = signed_in(world.viewer)
    other.get(address("test_chat", world))
    browser.post(address("test_chat_say", world), {"text": "só meu"})
    drain()
    assert "só meu" in feed(browser, world)
    assert "só meu" not in feed(other, world)


def test_a_draft_with_errors_shows_its_problems(browser: Client, world: World) -> None:
    Flow.unscoped.filter(pk=world.flow.pk).update(draft=a_flow([a_message("hello", next="nowhere")]))
    page = browser.get(address("test_chat", world)).content.decode()
    assert "Este rascunho ainda não pode rodar" in page
    assert "nowhere" in page
    assert 'id="phone"' not in page
    assert "teste da versão 1" in browser.get(address("test_chat", world), {"versao": "1"}).content.decode()
    assert browser.get(address("test_chat", world), {"versao": "7"}).status_code == 404


def test_a_contact_is_shared_by_the_page_and_nonsense_is_not(browser: Client, world: World) -> None:
    assert browser.post(address("test_chat_share", world), {"kind": "contact"}).json() == {}
    drain()
    assert "5511987654321" in [line.text for line in lines(world)]
    before = len(lines(world))
    assert browser.post(address("test_chat_share", world), {"kind": "passport"}).status_code == 400
    drain()
    assert len(lines(world)) == before


def test_an_offer_to_share_is_a_key_of_the_page(browser: Client, world: World) -> None:
    keyboard = {"keyboard": [[{"text": "Enviar meu telefone", "request_contact": True}]]}
    store_simulated_calls(
        lines(world)[-1].pk, [{"method": "sendMessage", "params": {"text": "Fone?", "reply_markup": keyboard}}]
    )
    page = feed(browser, world)
    assert 'name="kind" value="contact">Enviar meu telefone</button>' in page


def test_what_is_kept_of_the_contact_stands_beside_the_chat(browser: Client, world: World) -> None:
    Contact.unscoped.filter(pk=world.test_chat.contact_id).update(variables={"cidade": "Natal"}, tags=["vip", "novo"])
    page = feed(browser, world)
    assert '<dt class="code text-muted">contact.cidade</dt><dd class="truncate">Natal</dd>' in page
    assert '<dt class="code text-muted">tags</dt><dd class="truncate">vip, novo</dd>' in page


def test_a_step_is_begun_at_from_the_page(browser: Client, world: World) -> None:
    page = browser.get(address("test_chat", world)).content.decode()
    assert [f'<option value="{step}">' in page for step in ("menu", "pay", "nowhere")] == [True, True, False]
    assert browser.post(address("test_chat_begin", world), {"step": "ask_email", "how": "anew"}).json() == {}
    drain()
    assert f'href="{address("flow_editor", world)}#passo=ask_email"' in feed(browser, world)
    refused = browser.post(address("test_chat_begin", world), {"step": "nowhere"})
    assert (refused.status_code, refused.json()["code"]) == (422, "no_such_step")


def test_a_variable_is_changed_from_the_page_with_the_kind_that_was_chosen(browser: Client, world: World) -> None:
    url = address("test_chat_variables", world)
    for name, value, kind in [
        ("a", "29,90", "number"),
        ("b", "29,90", "text"),
        ("c", "sim", "flag"),
        ("d", "7", "number"),
    ]:
        assert browser.post(url, {"name": name, "value": value, "kind": kind}).json() == {}
    drain()
    run = Run.unscoped.filter(conversation=world.test_chat).latest("id")
    assert run.state["variables"] == {"a": 29.9, "b": "29,90", "c": True, "d": 7}
    assert browser.post(url, {"name": "a", "clear": "on"}).json() == {}
    drain()
    run.refresh_from_db()
    assert sorted(run.state["variables"]) == ["b", "c", "d"]
    for wrong in ("", "abc", "nan", "1e999"):
        assert browser.post(url, {"name": "a", "value": wrong, "kind": "number"}).status_code == 400
    assert browser.post(url, {"name": "first_name", "value": "x"}).status_code == 422


def test_the_bot_is_blocked_and_unblocked_from_the_page(browser: Client, world: World) -> None:
    url = address("test_chat_block", world)
    assert browser.post(url, {"blocked": "on"}).json() == {}
    assert "Desbloquear o bot" in feed(browser, world)
    browser.post(address("test_chat_begin", world), {"step": "ask_email"})
    drain()
    store_simulated_calls(lines(world)[-1].pk, [{"method": "sendMessage", "params": {"text": "Qual?"}}])
    assert "Não chegou, o bot está bloqueado" in feed(browser, world)
    assert browser.post(url, {"blocked": "off"}).json() == {}
    assert "Desbloquear o bot" not in feed(browser, world)
