"""What steps say: variables stay in their part of a text or a URL."""

from tests.support.conversation import Talk
from tests.support.flows import a_message, an_access


def test_a_variable_cannot_break_the_url_of_a_button() -> None:
    button = {"text": "Ver", "url": "https://example.com/?n={{first_name}}&c={{chat_id}}"}
    talk = Talk(a_message("m", next="end", config={"url_buttons": [button]}), an_access("end")).begin()

    assert talk.messages[0].buttons[0][0].url == "https://example.com/?n=Ana%20%3C3&c=77"


def test_a_link_in_a_text_is_escaped_for_the_text_too() -> None:
    link = "https://example.com/?a=1&lt=2&n={{first_name}}"
    talk = Talk(an_access("end", "Aqui:", config={"link": link})).begin()

    assert talk.messages[0].text == "Aqui:\nhttps://example.com/?a=1&amp;lt=2&amp;n=Ana%20%3C3"
