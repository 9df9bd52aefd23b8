"""What becomes of money or access is said in the chat, beside whatever run there is."""

import pytest

from flows.engine.events import MoneyTold, MoneyWord
from tests.factories.flows import Person, drain, make_flow_bot

pytestmark = pytest.mark.django_db

SAID = {
    MoneyWord.ACCESS_REFUNDED: "O seu acesso terminou porque o pagamento foi devolvido. Dúvidas: /paysupport.",
    MoneyWord.ACCESS_DISPUTED: (
        "O seu acesso está suspenso porque o pagamento foi contestado no banco. Se foi engano, escreva /paysupport."
    ),
    MoneyWord.ACCESS_RETURNED: (
        "A contestação do pagamento terminou e o seu acesso voltou. Receba de novo com /acesso."
    ),
    MoneyWord.ACCESS_ENDS_IN_DAYS: ("⏳ O seu acesso ao grupo termina em 3 dias. Renove agora e não perca nenhum dia:"),
    MoneyWord.ACCESS_ENDS_TOMORROW: (
        "⏳ O seu acesso ao grupo termina em menos de um dia. Renove agora e não perca nenhum dia:"
    ),
    MoneyWord.ACCESS_ENDED: ("O prazo do seu acesso ao grupo terminou, por isso você saiu dele. Para voltar, renove:"),
    MoneyWord.ACCESS_CLOSED: (
        "O seu acesso ao grupo foi encerrado por nossa equipe, por isso você saiu dele. Dúvidas: /paysupport."
    ),
    MoneyWord.ACCESS_WAITS: (
        "O grupo está com um problema técnico e a entrada espera um pouco. O seu acesso está guardado: assim que der, "
        "o link chega aqui sozinho."
    ),
    MoneyWord.GIVEN_BACK: ("Devolvemos R$ 29,90 a você. O dinheiro costuma voltar pelo mesmo meio em que você pagou."),
    MoneyWord.CREDITED: (
        "O que você pagou a mais, repetido ou fora do prazo ficou como crédito seu. Nossa equipe já sabe: peça para "
        "usá-lo quando quiser, em /paysupport."
    ),
    MoneyWord.UNUSUAL: (
        "Recebemos um pagamento seu fora do prazo ou de outro valor. O dinheiro está guardado: nossa equipe já foi "
        "avisada e vai resolver com você. Dúvidas: /paysupport."
    ),
    MoneyWord.SERVED: None,
}
THE_TEAM_LOOKS = {MoneyWord.ACCESS_DISPUTED, MoneyWord.CREDITED, MoneyWord.UNUSUAL, MoneyWord.SERVED}


@pytest.mark.parametrize("word", SAID)
def test_each_word_is_said_once_moves_no_run_and_calls_the_team_where_it_has_a_part(word: MoneyWord) -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    before, told = (ana.top.step_id, ana.top.revision, ana.top.state), len(ana.texts)
    ana.happen(MoneyTold(word, 2990, "BRL"))
    drain()
    said = SAID[word]
    assert ana.texts[told:] == ([said] if said else [])
    assert (ana.top.step_id, ana.top.revision, ana.top.state) == before
    assert bool(ana.conversation.attention) is (word in THE_TEAM_LOOKS)


def test_no_word_is_forgotten() -> None:
    assert set(SAID) == set(MoneyWord)


def test_it_is_said_where_no_run_is() -> None:
    ana = Person(make_flow_bot())
    ana.happen(MoneyTold(MoneyWord.GIVEN_BACK, 2990, "BRL"))
    drain()
    assert (ana.texts, ana.runs) == ([SAID[MoneyWord.GIVEN_BACK]], [])
