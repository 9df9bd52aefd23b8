"""A flow in the terminal: read from a file without a database, or from a flow's row."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bots.tenancy import organization_scope
from flows.models import Flow
from tests.factories.flows import make_bot, publish
from tests.support.flows import a_flow, a_question, an_access, sales_flow
from tests.support.subflows import a_subflow


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(named: object, *lines: str, **options: Any) -> list[str]:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        call_command("play_flow", str(named), stdout=out, stderr=out, **options)
        return out.getvalue().splitlines()

    return run


@pytest.fixture
def sale(tmp_path: Path) -> Path:
    path = tmp_path / "sale.json"
    path.write_text(json.dumps(sales_flow()), encoding="utf-8")
    return path


def test_plays_a_file_from_hello_to_the_access_without_a_database(play: Any, sale: Path) -> None:
    assert play(sale, "1", "ana@example.com", ":pay", ":quit", "never read") == [
        "  Olá Ana! O que você quer?",
        "  [1] Quero entrar",
        "  [2] Só olhando",
        "  Qual é o seu e-mail?",
        "  <QR PIX-1>",
        "  VIP 30 dias: R$ 29,90",
        "  Pague com PIX pelo QR Code ou pelo código abaixo.",
        "  Vale até 05/01/2026 09:30.",
        "  Copie o código e cole no aplicativo do seu banco:",
        "  PIX-1",
        "  [-] Copiar código → PIX-1",
        "  [3] Já paguei",
        "  Pagamento confirmado. Seu acesso: https://example.com/vip",
        "  Bem-vindo ao VIP, Ana!",
        "  https://example.com/vip",
        "* ended",
    ]


def test_time_old_buttons_variables_and_what_becomes_of_a_charge(play: Any, sale: Path) -> None:
    shown = play(sale, "1", "1", "ana@example.com", ":skip 15m", ":skip 1h", ":late", ":vars", name="Bia")
    assert shown[4] == "! Já recebemos a sua escolha."
    assert "  Seu PIX ainda está aberto." in shown
    assert "  Bem-vindo ao VIP, Bia!" in shown
    assert '  email = "ana@example.com"' in shown
    assert '  payment.status = "paid"' in shown


def test_begins_at_a_step_and_says_where_it_stands(play: Any, sale: Path) -> None:
    assert play(sale, ":where", at="ask_email") == ["  Qual é o seu e-mail?", "* at ask_email"]
    with pytest.raises(CommandError, match=r"There is no step 'nowhere'. Steps: menu, ask_email"):
        play(sale, at="nowhere")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (":dance", "? :dance is no command; :help lists them"),
        (":skip soon", "? 'soon' is no length of time: 1h 30m, 45s, 2d"),
        (":skip 0s", "? no time at all is no wait"),
        (":pay", "? that needs a charge; there is nothing"),
        (":skip", "? that needs something that time brings; there is nothing"),
        (":http x", '? say the status: :http 200 {"left": 3}'),
        (":http 200 {", "? the answer is no JSON"),
        (":http 200", "? that needs a call to an address; there is nothing"),
        (":http 999", '? say the status: :http 200 {"left": 3}'),
    ],
)
def test_what_cannot_be_done_is_said(play: Any, sale: Path, line: str, said: str) -> None:
    assert play(sale, line)[3:] == [said]


def test_what_is_wrong_with_the_file_is_said(play: Any, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        play(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match="is no JSON"):
        play(path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(CommandError, match="one JSON object is expected"):
        play(path)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(CommandError, match="nothing to play"):
        play(path)
    path.write_text(json.dumps(a_flow([a_question("ask", "Oi?", next="ask2"), {"id": "x"}])), encoding="utf-8")
    assert play(path)[-2:] == ["left out: x.type: The field “type” is required.", "  Oi?"]


@pytest.mark.django_db
def test_plays_the_draft_of_a_flow_by_its_id(play: Any) -> None:
    bot = make_bot()
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="F", draft=sales_flow())
    assert play(flow.pk)[0] == "  Olá Ana! O que você quer?"
    with pytest.raises(CommandError, match="There is no flow"):
        play(bot.pk)


@pytest.mark.django_db
def test_plays_the_subflows_that_the_draft_would_be_published_with(play: Any) -> None:
    bot = make_bot()
    inner = publish(bot, a_flow([a_question("why", "Por quê?", next="bye"), an_access("bye")]), active=False)
    draft = a_flow([a_subflow("sub", str(inner.flow_id), next="end"), an_access("end", "Até!")])
    with organization_scope(bot.organization_id):
        flow = Flow.objects.create(organization_id=bot.organization_id, bot=bot, name="F", draft=draft)
    said = [line for line in play(flow.pk, "porque sim") if line.startswith("  ")]
    assert said == ["  Por quê?", "  Bem-vindo!", "  Até!"]
