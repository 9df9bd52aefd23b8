"""What the built-in texts are called on pages: by when they are said."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _

from bots.errors import Text
from flows.engine.text_rules import Place, Topic
from flows.engine.texts import ENGLISH, PORTUGUESE, BuiltinText

TOPICS: Final[Mapping[Topic, tuple[Text, str]]] = {
    Topic.COMMANDS: (_("Commands"), "list-checks"),
    Topic.PAYMENT: (_("Payment"), "qr-code"),
    Topic.ACCESS: (_("Access"), "gift"),
    Topic.WELCOME: (_("Welcome"), "message-square-text"),
    Topic.BUTTONS: (_("Buttons"), "square-mouse-pointer"),
    Topic.TROUBLE: (_("When something goes wrong"), "triangle-alert"),
}

PLACES: Final[Mapping[Place, Text]] = {
    Place.MESSAGE: _("a message"),
    Place.CAPTION: _("the words under a picture"),
    Place.BUTTON: _("a button"),
    Place.NOTICE: _("a short notice after a press"),
    Place.NAME: _("a part of other texts"),
    Place.MENU: _("a line of Telegram's menu"),
}

LANGUAGE_NAMES: Final[Mapping[str, Text]] = {PORTUGUESE: _("Portuguese"), ENGLISH: _("English")}

NAMES: Final[Mapping[BuiltinText, Text]] = {
    BuiltinText.PRIVACY: _("Answer to /privacy"),
    BuiltinText.TERMS: _("Answer to /terms"),
    BuiltinText.PAYSUPPORT: _("Answer to /paysupport"),
    BuiltinText.SUPPORT_HERE: _("Where support is, if no contact is set"),
    BuiltinText.COMMAND_START: _("What the menu says of /start"),
    BuiltinText.COMMAND_ACCESS: _("What the menu says of /acesso"),
    BuiltinText.COMMAND_PAYSUPPORT: _("What the menu says of /paysupport"),
    BuiltinText.COMMAND_TERMS: _("What the menu says of /terms"),
    BuiltinText.COMMAND_PRIVACY: _("What the menu says of /privacy"),
    BuiltinText.PAY: _("With the QR code"),
    BuiltinText.PAY_BY_PAGE: _("With a payment page instead of a code"),
    BuiltinText.PAY_UNTIL: _("Until when it can be paid"),
    BuiltinText.PAY_CODE: _("Before the code to copy"),
    BuiltinText.PAY_PAGE: _("Before the payment page"),
    BuiltinText.PAY_REMINDER: _("Reminder of an open code"),
    BuiltinText.PAID_BUTTON: _("Button: I have paid"),
    BuiltinText.COPY_BUTTON: _("Button: copy the code"),
    BuiltinText.PAGE_BUTTON: _("Button: open the payment page"),
    BuiltinText.NEW_CODE_BUTTON: _("Button: new code"),
    BuiltinText.CHECKING: _("While the payment is looked up"),
    BuiltinText.RENEWING: _("While a new code is made"),
    BuiltinText.NOT_SEEN: _("The payment was not seen yet"),
    BuiltinText.ALREADY_PAID: _("The payment is confirmed already"),
    BuiltinText.EXPIRED: _("The code is no longer valid"),
    BuiltinText.CHARGE_RETRYING: _("The code takes longer than usual"),
    BuiltinText.CHARGE_FAILED: _("The code could not be made"),
    BuiltinText.PAID_THANKS: _("Thanks for the payment"),
    BuiltinText.COUPON_USED: _("The coupon counts"),
    BuiltinText.COUPON_UNKNOWN: _("There is no such coupon"),
    BuiltinText.COUPON_EXPIRED: _("The coupon is no longer valid"),
    BuiltinText.COUPON_USED_UP: _("The coupon is used up"),
    BuiltinText.COUPON_DOES_NOT_FIT: _("The coupon does not fit the amount"),
    BuiltinText.DEFAULT_DESCRIPTION: _("Name of a product without a description"),
    BuiltinText.ACCESS_LINK: _("Before the link of an access"),
    BuiltinText.ACCESS_CHAT: _("The way into a group or channel"),
    BuiltinText.ACCESS_CHAT_BUTTON: _("Button that opens the group or channel"),
    BuiltinText.ACCESS_LINK_FOLLOWS: _("The link to the group takes longer"),
    BuiltinText.ACCESS_FOUND: _("Answer to /acesso, before what was bought"),
    BuiltinText.ACCESS_NONE: _("Answer to /acesso, where nothing is open"),
    BuiltinText.ACCESS_REFUNDED: _("When access ends because the payment was given back"),
    BuiltinText.ACCESS_DISPUTED: _("When access is suspended because of a dispute"),
    BuiltinText.ACCESS_RETURNED: _("When access is back after a dispute was won"),
    BuiltinText.MONEY_GIVEN_BACK: _("When you have given money back"),
    BuiltinText.MONEY_CREDITED: _("When money is kept as the person's credit"),
    BuiltinText.MONEY_UNUSUAL: _("When a payment is not as expected and the team decides"),
    BuiltinText.ACCESS_ENDS_IN_DAYS: _("Three days before an access to a group ends"),
    BuiltinText.ACCESS_ENDS_TOMORROW: _("A day before an access to a group ends"),
    BuiltinText.ACCESS_ENDED: _("When the time of an access to a group is over"),
    BuiltinText.ACCESS_CLOSED: _("When your team takes an access to a group back"),
    BuiltinText.ACCESS_WAITS: _("When the bot lost its rights in a group, to who waits for a way in"),
    BuiltinText.ACCESS_RENEW_BUTTON: _("Button: renew an access"),
    BuiltinText.DEFAULT_WELCOME: _("Welcome of a bot that has none"),
    BuiltinText.BEGIN: _("Button: begin"),
    BuiltinText.BUMP_YES: _("Yes to an extra offer"),
    BuiltinText.BUMP_NO: _("No to an extra offer"),
    BuiltinText.SHARE_CONTACT: _("Share the phone number"),
    BuiltinText.SHARE_LOCATION: _("Share the location"),
    BuiltinText.STALE_PRESS: _("An old button was pressed"),
    BuiltinText.ALREADY_PRESSED: _("The same button was pressed twice"),
    BuiltinText.FAILURE: _("Something failed"),
    BuiltinText.LOOP: _("The flow turns in a circle"),
    BuiltinText.TOO_LONG: _("The flow is too long"),
}
