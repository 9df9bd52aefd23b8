"""Runs: the list, its filters, one run's timeline and transcript."""

from django.test import Client
from django.urls import reverse

from flows.models import Direction, Message, Run, RunStatus, TimelineEntry
from flows.web.timeline_notes import note_of
from tests.factories.flows import Person, drain
from tests.support.flows import sales_flow
from tests.support.pages import World

LIST = "conversation_list"


def links(browser: Client, **filters: str) -> set[str]:
    page = browser.get(reverse(LIST), filters).content.decode()
    return {str(run.pk) for run in Run.unscoped.all() if reverse("conversation_detail", args=[run.pk]) in page}


def test_lists_people_and_never_test_chats(browser: Client, world: World) -> None:
    assert links(browser) == {str(world.run.pk)}


def test_filters_stay_in_the_address(browser: Client, world: World) -> None:
    other = Person(world.shop.bot, first_name="Zuleica")
    other.start()
    drain()
    Run.unscoped.filter(pk=world.run.pk).update(status=RunStatus.FAILED, failure="loop")
    assert links(browser, busca="zule") == {str(other.top.pk)}
    assert links(browser, busca=str(other.telegram_user_id)) == {str(other.top.pk)}
    assert links(browser, estado="failed") == {str(world.run.pk)}
    assert links(browser, estado="rubbish") == links(browser)
    assert links(browser, bot="rubbish", pagina="0") == links(browser)
    page = browser.get(reverse(LIST), {"busca": "zule"}).content.decode()
    assert 'value="zule"' in page


def test_a_run_shows_what_happened_and_what_was_said(browser: Client, world: World) -> None:
    page = browser.get(reverse("conversation_detail", args=[world.run.pk])).content.decode()
    assert "Entrou no passo" in page
    assert "menu" in page
    assert "/start" in page
    assert "O que você quer?" in page


def test_only_what_the_bot_said_may_hold_markup(browser: Client, world: World) -> None:
    lines = Message.unscoped.filter(conversation_id=world.run.conversation_id).order_by("id")
    lines.filter(direction=Direction.IN).update(text="<b>eu</b>")
    lines.filter(direction=Direction.OUT).update(
        text="<b>bot</b> <script>", payload={"message": {"parse_mode": "html"}}
    )
    page = browser.get(reverse("conversation_detail", args=[world.run.pk])).content.decode()
    assert "&lt;b&gt;eu&lt;/b&gt;" in page
    assert "<strong>bot</strong> <" in page


def test_a_run_that_stands_still_says_what_to_do(browser: Client, world: World) -> None:
    Run.unscoped.filter(pk=world.run.pk).update(status=RunStatus.FAILED, failure="loop")
    page = browser.get(reverse("conversation_detail", args=[world.run.pk])).content.decode()
    assert "Esta conversa está parada." in page
    assert "está guardado" in page


def test_notes_name_the_button_and_the_amount() -> None:
    def note(kind: str, step_id: str | None, **data: object) -> str:
        return note_of(TimelineEntry(kind=kind, step_id=step_id, data=data), sales_flow())

    assert note("pressed", "menu", index=0) == "“Quero entrar”"
    assert note("pressed", "menu", index=9) == ""
    assert note("pressed", "pay", index=1000) == "“Já paguei”"
    assert note("paid", "pay", amount_minor=123450) == "R$ 1.234,50"
    assert note("failed", None, code="loop", path=["a", "b"]) == "loop · a → b"
    assert note("entered", "gone") == ""
