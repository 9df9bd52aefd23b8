"""Built-in texts sent to a chat: each in Portuguese and English, each open to the bot's own wording."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

PORTUGUESE: Final = "pt-br"
ENGLISH: Final = "en"


class BuiltinText(StrEnum):
    """The code under which a bot keeps its own wording (`Bot.texts`)."""

    TOO_LONG = "too_long"
    LOOP = "loop"
    FAILURE = "failure"
    DEFAULT_WELCOME = "default_welcome"
    DEFAULT_DESCRIPTION = "default_description"
    BEGIN = "begin"
    STALE_PRESS = "stale_press"
    ALREADY_PRESSED = "already_pressed"
    PAY = "pay"
    PAY_CODE = "pay_code"
    PAY_PAGE = "pay_page"
    PAY_REMINDER = "pay_reminder"
    PAID_BUTTON = "paid_button"
    COPY_BUTTON = "copy_button"
    PAGE_BUTTON = "page_button"
    NEW_CODE_BUTTON = "new_code_button"
    CHECKING = "checking"
    RENEWING = "renewing"
    NOT_SEEN = "not_seen"
    ALREADY_PAID = "already_paid"
    EXPIRED = "expired"
    CHARGE_RETRYING = "charge_retrying"
    CHARGE_FAILED = "charge_failed"
    PAID_THANKS = "paid_thanks"
    ACCESS_LINK = "access_link"
    BUMP_YES = "bump_yes"
    BUMP_NO = "bump_no"


_TEXTS: Final[Mapping[BuiltinText, tuple[str, str]]] = {
    BuiltinText.TOO_LONG: (
        "⚠️ Fluxo muito longo detectado. Entre em contato com o suporte.",
        "⚠️ This flow is too long. Please contact support.",
    ),
    BuiltinText.LOOP: (
        "⚠️ Erro no fluxo detectado. Entre em contato com o suporte.",
        "⚠️ There is an error in this flow. Please contact support.",
    ),
    BuiltinText.FAILURE: (
        "⚠️ Erro ao processar fluxo. Tente novamente ou entre em contato com o suporte.",
        "⚠️ Something went wrong. Please try again or contact support.",
    ),
    BuiltinText.DEFAULT_WELCOME: ("Olá! Bem-vindo!", "Hello! Welcome!"),
    BuiltinText.DEFAULT_DESCRIPTION: ("Produto", "Product"),
    BuiltinText.BEGIN: ("Começar", "Begin"),
    BuiltinText.STALE_PRESS: (
        "Este botão não vale mais. Continue pela última mensagem.",
        "This button is no longer valid. Please go on from the last message.",
    ),
    BuiltinText.ALREADY_PRESSED: ("Já recebemos a sua escolha.", "We already have your choice."),
    BuiltinText.PAY: (
        "Valor: {{payment.price}}\nPague com PIX pelo QR Code ou pelo código abaixo.",
        "Amount: {{payment.price}}\nPay by PIX with the QR code or the code below.",
    ),
    BuiltinText.PAY_CODE: (
        "Copie o código e cole no aplicativo do seu banco:",
        "Copy the code and paste it into your bank's app:",
    ),
    BuiltinText.PAY_PAGE: ("Abra a página para pagar:", "Open the page to pay:"),
    BuiltinText.PAY_REMINDER: (
        "O seu código de pagamento continua aberto:",
        "Your payment code is still open:",
    ),
    BuiltinText.PAID_BUTTON: ("Já paguei", "I have paid"),
    BuiltinText.COPY_BUTTON: ("Copiar código", "Copy code"),
    BuiltinText.PAGE_BUTTON: ("Pagar", "Pay"),
    BuiltinText.NEW_CODE_BUTTON: ("Novo código", "New code"),
    BuiltinText.CHECKING: ("Verificando o pagamento…", "Checking the payment…"),
    BuiltinText.RENEWING: ("Preparando um novo código…", "Preparing a new code…"),
    BuiltinText.NOT_SEEN: (
        "Ainda não vimos o seu pagamento. Assim que ele for confirmado, avisamos aqui.",
        "We have not seen your payment yet. We will tell you here as soon as it is confirmed.",
    ),
    BuiltinText.ALREADY_PAID: ("O seu pagamento já foi confirmado.", "Your payment is already confirmed."),
    BuiltinText.EXPIRED: (
        "Este código de pagamento não vale mais. Peça um novo código para pagar.",
        "This payment code is no longer valid. Ask for a new code to pay.",
    ),
    BuiltinText.CHARGE_RETRYING: (
        "O pagamento está demorando mais que o normal. O código chega aqui assim que estiver pronto.",
        "The payment is taking longer than usual. The code will arrive here as soon as it is ready.",
    ),
    BuiltinText.CHARGE_FAILED: (
        "Não conseguimos preparar o pagamento. Tente novamente ou entre em contato com o suporte.",
        "We could not prepare the payment. Please try again or contact support.",
    ),
    BuiltinText.PAID_THANKS: ("Pagamento confirmado. Obrigado!", "Payment confirmed. Thank you!"),
    BuiltinText.ACCESS_LINK: ("Aqui está o seu acesso:", "Here is your access:"),
    BuiltinText.BUMP_YES: ("Sim, quero", "Yes, please"),
    BuiltinText.BUMP_NO: ("Não, obrigado", "No, thank you"),
}


def builtin_text(code: BuiltinText, *, locale: str = PORTUGUESE, edits: Mapping[str, str] | None = None) -> str:
    """The bot's own wording if it has one that is not blank, else ours; English for locales that begin with `en`."""
    edited = edits.get(code) if edits else None
    if edited and edited.strip():
        return edited
    portuguese, english = _TEXTS[code]
    return english if locale.lower().startswith(ENGLISH) else portuguese
