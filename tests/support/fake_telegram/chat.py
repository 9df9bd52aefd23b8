"""A person in a private chat with a bot: writes, presses, and reads what comes."""

import time
from typing import Any

from tests.support.fake_telegram.calls import Call
from tests.support.fake_telegram.delivery import Deliver
from tests.support.fake_telegram.server import DEFAULT_TIMEOUT, FakeTelegram


class Chat:
    """One person and one bot. Each message of the bot is read once, in order, by `next_reply` or `expect`."""

    def __init__(
        self, telegram: FakeTelegram, token: str, user_id: int, deliver: Deliver, *, first_name: str = "Ana"
    ) -> None:
        self.telegram = telegram
        self.token = token
        self.user_id = user_id
        self.deliver = deliver
        self.first_name = first_name
        self._read = 0
        self.last_reply: Call | None = None

    # --- writing ---

    def start(self, payload: str = "") -> int:
        """Press Telegram's own START button, or open a deep link."""
        return self.say(f"/start {payload}".strip())

    def say(self, text: str) -> int:
        """Write a message; returns its update id once the bot has taken it."""
        entities = (
            [{"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}] if text[:1] == "/" else []
        )
        return self.send(self.message(text=text) | ({"entities": entities} if entities else {}))

    def share_contact(self, phone_number: str) -> int:
        """Share the person's own number."""
        contact = {"phone_number": phone_number, "first_name": self.first_name, "user_id": self.user_id}
        return self.send(self.message(contact=contact))

    def send_photo(self, file_id: str = "AgAC", caption: str = "") -> int:
        """Send a photo."""
        sizes = [{"file_id": f"{file_id}-{n}", "file_unique_id": str(n), "width": n, "height": n} for n in (90, 800)]
        return self.send(self.message(photo=sizes) | ({"caption": caption} if caption else {}))

    def press(self, text: str, on: Call | None = None) -> int:
        """Press the button with this text, on the given message or the last one read."""
        message = on or self.last_reply
        assert message is not None, "no message was read yet"
        return self.press_data(message.button(text)["callback_data"], message.message_id or 1)

    def press_data(self, data: str, message_id: int = 1) -> int:
        """Send a callback with any data."""
        update_id = self.telegram.next_update_id()
        query = {
            "id": f"cb-{update_id}",
            "from": self.person,
            "message": {"message_id": message_id, "date": int(time.time()), "chat": self.chat, "text": "…"},
            "chat_instance": str(self.user_id),
            "data": data,
        }
        self.deliver({"update_id": update_id, "callback_query": query})
        return update_id

    def ask_to_pay(self, link: str, *, stars: int | None = None) -> int:
        """Press *Pay* on an invoice: Telegram asks the bot first. Answers the update id; see `may_pay`."""
        invoice = self.telegram.stars.invoices[self.token][link]
        update_id = self.telegram.next_update_id()
        query = {
            "id": f"pcq-{update_id}",
            "from": self.person,
            "currency": "XTR",
            "total_amount": stars or invoice.stars,
            "invoice_payload": invoice.payload,
        }
        self.deliver({"update_id": update_id, "pre_checkout_query": query})
        return update_id

    def may_pay(self, update_id: int, *, timeout: float = DEFAULT_TIMEOUT) -> str | None:
        """The bot's answer to that question: None if the buyer may pay, else why not."""

        def look() -> Call | None:
            answers = self.telegram.accepted("answerPreCheckoutQuery", token=self.token)
            return next((a for a in answers if a.parameters["pre_checkout_query_id"] == f"pcq-{update_id}"), None)

        answer = self.telegram.wait_for(look, timeout=timeout, what=f"the answer to checkout {update_id}")
        return None if answer.parameters["ok"] else str(answer.parameters["error_message"])

    def pay_stars(self, link: str) -> str:
        """The Stars move, and Telegram says so; answers the payment's id at Telegram."""
        invoice = self.telegram.stars.invoices[self.token][link]
        charge_id = self.telegram.stars.pay(self.token, invoice.payload, user_id=self.user_id, stars=invoice.stars)
        self.tell_payment(link, charge_id)
        return charge_id

    def tell_payment(self, link: str, charge_id: str, *, kind: str = "successful_payment") -> int:
        """The service message about a payment, or (`refunded_payment`) about one that went back."""
        invoice = self.telegram.stars.invoices[self.token][link]
        paid = {
            "currency": "XTR",
            "total_amount": invoice.stars,
            "invoice_payload": invoice.payload,
            "telegram_payment_charge_id": charge_id,
            "provider_payment_charge_id": "",
        }
        return self.send(self.message(**{kind: paid}))

    def block(self) -> int:
        """Block the bot."""
        return self._membership("member", "kicked")

    def unblock(self) -> int:
        """Let the bot write again."""
        return self._membership("kicked", "member")

    def send(self, message: dict[str, Any]) -> int:
        """Deliver any message of this person."""
        update_id = self.telegram.next_update_id()
        self.deliver({"update_id": update_id, "message": message})
        return update_id

    def message(self, **content: Any) -> dict[str, Any]:
        """A message of this person, not yet sent."""
        message_id = self.telegram.next_message_id(self.token, self.user_id)
        return {
            "message_id": message_id, "from": self.person, "chat": self.chat, "date": int(time.time()), **content
        }  # fmt: skip

    @property
    def person(self) -> dict[str, Any]:
        """The person as updates name them."""
        names = {"first_name": self.first_name, "username": f"user{self.user_id}", "language_code": "pt-br"}
        return {"id": self.user_id, "is_bot": False, **names}

    @property
    def chat(self) -> dict[str, Any]:
        """The private chat as updates name it."""
        return {"id": self.user_id, "type": "private", "first_name": self.first_name}

    def _membership(self, before: str, after: str) -> int:
        update_id = self.telegram.next_update_id()
        bot = {"id": int(self.token.partition(":")[0]), "is_bot": True, "first_name": "Bot"}
        change = {
            "chat": self.chat,
            "from": self.person,
            "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": before},
            "new_chat_member": {"user": bot, "status": after},
        }
        self.deliver({"update_id": update_id, "my_chat_member": change})
        return update_id

    # --- reading ---

    def next_reply(self, *, timeout: float = DEFAULT_TIMEOUT) -> Call:
        """The next message of the bot in this chat; waits for it."""

        def look() -> Call | None:
            sent = self.telegram.sent_to(self.user_id, token=self.token)
            return sent[self._read] if len(sent) > self._read else None

        reply = self.telegram.wait_for(look, timeout=timeout, what=f"message {self._read + 1} to {self.user_id}")
        self._read += 1
        self.last_reply = reply
        return reply

    def expect(self, text: str, *, timeout: float = DEFAULT_TIMEOUT) -> Call:
        """The next message, which must contain this text."""
        reply = self.next_reply(timeout=timeout)
        assert text in reply.text, f"expected {text!r}, got {reply.text!r}"
        return reply

    def notice(self, update_id: int, *, timeout: float = DEFAULT_TIMEOUT) -> str:
        """The answer to a press, by its update id; an empty text if it only stopped the spinner."""

        def look() -> Call | None:
            answers = self.telegram.accepted("answerCallbackQuery", token=self.token)
            return next((a for a in answers if a.parameters.get("callback_query_id") == f"cb-{update_id}"), None)

        return self.telegram.wait_for(look, timeout=timeout, what=f"the answer to press {update_id}").text

    @property
    def read(self) -> int:
        """How many messages were read so far."""
        return self._read

    @property
    def unread(self) -> int:
        """How many messages have come that were not read yet."""
        return len(self.telegram.sent_to(self.user_id, token=self.token)) - self._read
