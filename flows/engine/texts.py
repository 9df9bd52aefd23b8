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
    PAY_UNTIL = "pay_until"
    PAY_CODE = "pay_code"
    PAY_BY_PAGE = "pay_by_page"
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
    COUPON_USED = "coupon_used"
    COUPON_UNKNOWN = "coupon_unknown"
    COUPON_EXPIRED = "coupon_expired"
    COUPON_USED_UP = "coupon_used_up"
    COUPON_DOES_NOT_FIT = "coupon_does_not_fit"
    ACCESS_LINK = "access_link"
    ACCESS_CHAT = "access_chat"
    ACCESS_CHAT_BUTTON = "access_chat_button"
    ACCESS_LINK_FOLLOWS = "access_link_follows"
    BUMP_YES = "bump_yes"
    BUMP_NO = "bump_no"
    SHARE_CONTACT = "share_contact"
    SHARE_LOCATION = "share_location"
    PRIVACY = "privacy"
    TERMS = "terms"
    PAYSUPPORT = "paysupport"
    SUPPORT_HERE = "support_here"
    ACCESS_FOUND = "access_found"
    ACCESS_NONE = "access_none"
    ACCESS_ENDS_IN_DAYS = "access_ends_in_days"
    ACCESS_ENDS_TOMORROW = "access_ends_tomorrow"
    ACCESS_ENDED = "access_ended"
    ACCESS_CLOSED = "access_closed"
    ACCESS_WAITS = "access_waits"
    ACCESS_RENEW_BUTTON = "access_renew_button"
    ACCESS_REFUNDED = "access_refunded"
    ACCESS_DISPUTED = "access_disputed"
    ACCESS_RETURNED = "access_returned"
    MONEY_GIVEN_BACK = "money_given_back"
    MONEY_CREDITED = "money_credited"
    MONEY_UNUSUAL = "money_unusual"
    COMMAND_START = "command_start"
    COMMAND_ACCESS = "command_access"
    COMMAND_PAYSUPPORT = "command_paysupport"
    COMMAND_TERMS = "command_terms"
    COMMAND_PRIVACY = "command_privacy"


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
        "{{payment.description}}: {{payment.price}}\nPague com PIX pelo QR Code ou pelo código abaixo.",
        "{{payment.description}}: {{payment.price}}\nPay by PIX with the QR code or the code below.",
    ),
    BuiltinText.PAY_CODE: (
        "Copie o código e cole no aplicativo do seu banco:",
        "Copy the code and paste it into your bank's app:",
    ),
    BuiltinText.PAY_BY_PAGE: (
        "{{payment.description}}: {{payment.price}}\nToque em “Pagar” na mensagem abaixo.",
        "{{payment.description}}: {{payment.price}}\nTap “Pay” in the message below.",
    ),
    BuiltinText.PAY_UNTIL: ("Vale até {{payment.deadline}}.", "Valid until {{payment.deadline}}."),
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
    BuiltinText.COUPON_USED: (
        "🎟️ Cupom {{payment.coupon}} aplicado: {{payment.discount}} de desconto.",
        "🎟️ Coupon {{payment.coupon}} applied: {{payment.discount}} off.",
    ),
    BuiltinText.COUPON_UNKNOWN: (
        "Não encontramos este cupom. O preço continua o mesmo.",
        "We could not find this coupon. The price stays the same.",
    ),
    BuiltinText.COUPON_EXPIRED: (
        "Este cupom já passou da validade. O preço é o normal.",
        "This coupon is no longer valid. The usual price applies.",
    ),
    BuiltinText.COUPON_USED_UP: (
        "Este cupom já se esgotou. O preço é o normal.",
        "This coupon has been used up. The usual price applies.",
    ),
    BuiltinText.COUPON_DOES_NOT_FIT: (
        "Este cupom não vale para este valor. O preço continua o mesmo.",
        "This coupon cannot be used for this amount. The price stays the same.",
    ),
    BuiltinText.ACCESS_LINK: ("Aqui está o seu acesso:", "Here is your access:"),
    BuiltinText.ACCESS_CHAT: (
        "🔑 O seu lugar está pronto. Toque no botão para entrar:",
        "🔑 Your place is ready. Tap the button to enter:",
    ),
    BuiltinText.ACCESS_CHAT_BUTTON: ("Entrar", "Enter"),
    BuiltinText.ACCESS_LINK_FOLLOWS: (
        "O link do grupo chega aqui sozinho, assim que estiver pronto.",
        "The link to the group will arrive here by itself as soon as it is ready.",
    ),
    BuiltinText.BUMP_YES: ("Sim, quero", "Yes, please"),
    BuiltinText.BUMP_NO: ("Não, obrigado", "No, thank you"),
    BuiltinText.SHARE_CONTACT: ("📱 Enviar meu telefone", "📱 Share my phone number"),
    BuiltinText.SHARE_LOCATION: ("📍 Enviar minha localização", "📍 Share my location"),
    BuiltinText.PRIVACY: (
        "🔒 <b>Privacidade</b>\n\n{{organization_name}} guarda o seu nome e identificador no Telegram, o que você "
        "escreve aqui e as suas compras. Usamos esses dados só para atender você, cobrar e entregar o que comprou, e "
        "não os vendemos a ninguém. Pagamentos são processados por instituições de pagamento.\n\nPela LGPD, você pode "
        "pedir a qualquer momento para ver, corrigir ou apagar os seus dados: escreva /paysupport.",
        "🔒 <b>Privacy</b>\n\n{{organization_name}} keeps your name and id on Telegram, what you write here and your "
        "purchases. We use them only to serve you, to charge and to deliver what you bought, and sell them to nobody. "
        "Payments are processed by payment institutions.\n\nYou may ask to see, correct or delete your data at any "
        "time: write /paysupport.",
    ),
    BuiltinText.TERMS: (
        "📄 <b>Termos</b>\n\nQuem vende aqui é {{organization_name}}; o Telegram não participa da venda. O acesso é "
        "entregue nesta conversa assim que o pagamento é confirmado, e /acesso o entrega de novo. Em compras feitas "
        "pela internet, você pode desistir em até 7 dias. Dúvidas e reembolsos: /paysupport.",
        "📄 <b>Terms</b>\n\nThe seller here is {{organization_name}}; Telegram takes no part in the sale. Access is "
        "delivered in this chat as soon as the payment is confirmed, and /access delivers it again. You may withdraw "
        "from a purchase within 7 days. Questions and refunds: /paysupport.",
    ),
    BuiltinText.PAYSUPPORT: (
        "🛟 <b>Ajuda com pagamentos</b>\n\nFale com a gente: {{support_contact}}\n\nNossa equipe já foi avisada. Diga "
        "o que aconteceu e, se puder, mande o comprovante.",
        "🛟 <b>Help with payments</b>\n\nTalk to us: {{support_contact}}\n\nOur team has been told already. Say what "
        "happened and, if you can, send the receipt.",
    ),
    BuiltinText.SUPPORT_HERE: ("escreva aqui mesmo, nesta conversa.", "write right here, in this chat."),
    BuiltinText.ACCESS_FOUND: ("Aqui está o que é seu:", "Here is what is yours:"),
    BuiltinText.ACCESS_NONE: (
        "Não encontramos nenhum acesso seu em aberto. Se você pagou e não recebeu, escreva /paysupport.",
        "We found no open access of yours. If you paid and received nothing, write /paysupport.",
    ),
    BuiltinText.ACCESS_ENDS_IN_DAYS: (
        "⏳ O seu acesso ao grupo termina em 3 dias. Renove agora e não perca nenhum dia:",
        "⏳ Your access to the group ends in 3 days. Renew now and lose no day:",
    ),
    BuiltinText.ACCESS_ENDS_TOMORROW: (
        "⏳ O seu acesso ao grupo termina em menos de um dia. Renove agora e não perca nenhum dia:",
        "⏳ Your access to the group ends in less than a day. Renew now and lose no day:",
    ),
    BuiltinText.ACCESS_ENDED: (
        "O prazo do seu acesso ao grupo terminou, por isso você saiu dele. Para voltar, renove:",
        "Your access to the group has ended, so you are no longer in it. Renew to come back:",
    ),
    BuiltinText.ACCESS_CLOSED: (
        "O seu acesso ao grupo foi encerrado por nossa equipe, por isso você saiu dele. Dúvidas: /paysupport.",
        "Our team has closed your access to the group, so you are no longer in it. Questions: /paysupport.",
    ),
    BuiltinText.ACCESS_WAITS: (
        "O grupo está com um problema técnico e a entrada espera um pouco. O seu acesso está guardado: assim que der, "
        "o link chega aqui sozinho.",
        "The group has a technical problem and the way in has to wait. Your access is kept: the link will arrive here "
        "by itself as soon as it works.",
    ),
    BuiltinText.ACCESS_RENEW_BUTTON: ("🔁 Renovar", "🔁 Renew"),
    BuiltinText.ACCESS_REFUNDED: (
        "O seu acesso terminou porque o pagamento foi devolvido. Dúvidas: /paysupport.",
        "Your access has ended because the payment was given back. Questions: /paysupport.",
    ),
    BuiltinText.ACCESS_DISPUTED: (
        "O seu acesso está suspenso porque o pagamento foi contestado no banco. Se foi engano, escreva /paysupport.",
        "Your access is suspended because the payment is disputed at the bank. If that is a mistake, write "
        "/paysupport.",
    ),
    BuiltinText.ACCESS_RETURNED: (
        "A contestação do pagamento terminou e o seu acesso voltou. Receba de novo com /acesso.",
        "The dispute about the payment is over and your access is back. Get it again with /access.",
    ),
    BuiltinText.MONEY_GIVEN_BACK: (
        "Devolvemos {{payment.price}} a você. O dinheiro costuma voltar pelo mesmo meio em que você pagou.",
        "We have given {{payment.price}} back to you. The money usually returns the way you paid.",
    ),
    BuiltinText.MONEY_CREDITED: (
        "O que você pagou a mais, repetido ou fora do prazo ficou como crédito seu. Nossa equipe já sabe: peça para "
        "usá-lo quando quiser, em /paysupport.",
        "What you paid too much, twice or too late is now your credit. Our team knows: ask to use it whenever you "
        "like, with /paysupport.",
    ),
    BuiltinText.MONEY_UNUSUAL: (
        "Recebemos um pagamento seu fora do prazo ou de outro valor. O dinheiro está guardado: nossa equipe já foi "
        "avisada e vai resolver com você. Dúvidas: /paysupport.",
        "We received a payment of yours too late or of another amount. The money is safe: our team has been told and "
        "will sort it out with you. Questions: /paysupport.",
    ),
    BuiltinText.COMMAND_START: ("Começar", "Begin"),
    BuiltinText.COMMAND_ACCESS: ("Receber de novo o que comprei", "Get what I bought again"),
    BuiltinText.COMMAND_PAYSUPPORT: ("Ajuda com pagamentos", "Help with payments"),
    BuiltinText.COMMAND_TERMS: ("Termos de uso", "Terms of use"),
    BuiltinText.COMMAND_PRIVACY: ("Privacidade", "Privacy"),
}


LANGUAGES: Final = (PORTUGUESE, ENGLISH)


def language_of(language_code: str, default: str) -> str:
    """The language a person is spoken to in: theirs if we have it, else the bot's."""
    tag = language_code.lower().replace("_", "-").partition("-")[0]
    return {"pt": PORTUGUESE, "en": ENGLISH}.get(tag, default)


def edits_in(texts: Mapping[str, object], locale: str) -> Mapping[str, str]:
    """A bot's own wordings in one language, by code. One that is a plain text counts in every language."""
    language = ENGLISH if locale.lower().startswith(ENGLISH) else PORTUGUESE
    edits: dict[str, str] = {}
    for code, wordings in texts.items():
        wording = wordings.get(language) if isinstance(wordings, Mapping) else wordings
        if isinstance(wording, str):
            edits[code] = wording
    return edits


def builtin_text(code: BuiltinText, *, locale: str = PORTUGUESE, edits: Mapping[str, str] | None = None) -> str:
    """The bot's own wording if it has one that is not blank, else ours; English for locales that begin with `en`."""
    edited = edits.get(code) if edits else None
    if edited and edited.strip():
        return edited
    portuguese, english = _TEXTS[code]
    return english if locale.lower().startswith(ENGLISH) else portuguese
