"""For each check, definitions that fail it, with exactly what it finds, and definitions that pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flows.engine.catalogue import EMPTY_CATALOGUE, CatalogueFacts, GatewayAccountFacts
from flows.engine.problem_codes import Code
from tests.support.flows import (
    Document,
    a_condition,
    a_delay,
    a_deliver,
    a_flow,
    a_message,
    a_payment,
    a_question,
    a_step,
    an_access,
    buttons,
    sales_flow,
)

Found = tuple[Code, str | None, str]


@dataclass(frozen=True)
class Failing:
    document: Any
    finds: tuple[Found, ...]
    catalogue: CatalogueFacts = EMPTY_CATALOGUE


@dataclass(frozen=True)
class Passing:
    document: Any
    catalogue: CatalogueFacts = EMPTY_CATALOGUE


@dataclass(frozen=True)
class Cases:
    failing: tuple[Failing, ...]
    passing: tuple[Passing, ...]


SANDBOX = GatewayAccountFacts("sandbox", frozenset({"BRL"}))
STRICT = GatewayAccountFacts("strict", frozenset({"BRL"}), frozenset({"email", "document"}))
WITH_SANDBOX = CatalogueFacts(
    gateway_accounts={"sandbox": SANDBOX, "strict": STRICT},
    default_account="sandbox",
    chats=frozenset({"-100"}),
    media=frozenset({"cover"}),
)
END = an_access("end", "Fim")


def fails(document: Document, *finds: Found, catalogue: CatalogueFacts = EMPTY_CATALOGUE) -> Failing:
    return Failing(document, finds, catalogue)


def cases(failing: Iterable[Failing], passing: Iterable[Document | Passing]) -> Cases:
    made = (one if isinstance(one, Passing) else Passing(one) for one in passing)
    return Cases(tuple(failing), tuple(made))


def asked(*conditions: Document, **parts: Any) -> Document:
    """A flow of one question with these conditions, and an end."""
    return a_flow([a_question("q", conditions=list(conditions), **parts), END])


def pressed(*custom: str | Document, conditions: Iterable[Document] = (), **parts: Any) -> Document:
    """A flow of one buttons step, and an end."""
    return a_flow([buttons("b", *custom, conditions=list(conditions), **parts), END])


def charged(*others: Document, amount: str | None = "29.90", **parts: Any) -> Document:
    """A flow of one payment, and an end."""
    return a_flow([a_payment("pay", amount, **{"next": "end", "pending": "end", **parts}), END, *others])


def ring(*steps: Document, **fields: Any) -> Document:
    """A flow of these steps, each leading to the one after it, the last to the first."""
    ids = [step["id"] for step in steps]
    linked = [
        {**step, "connections": {"next": ids[(place + 1) % len(ids)]}, "conditions": step.get("conditions", [])}
        for place, step in enumerate(steps)
    ]
    return a_flow(linked, **fields)


CASES: dict[str, Cases] = {
    "start": cases(
        [
            fails(a_flow([END], start=""), (Code.NO_START_STEP, None, "flow_start_step_id")),
            fails(a_flow([END], start="  "), (Code.NO_START_STEP, None, "flow_start_step_id")),
            fails(a_flow([END], start="gone"), (Code.UNKNOWN_START_STEP, None, "flow_start_step_id")),
            fails({"flow_steps": [END]}, (Code.NO_START_STEP, None, "flow_start_step_id")),
        ],
        [a_flow([END]), sales_flow()],
    ),
    "step_ids": cases(
        [
            fails(a_flow([END, END]), (Code.DUPLICATE_STEP_ID, "end", "id")),
            fails(a_flow([END, {"id": "end", "type": "nothing"}]), (Code.DUPLICATE_STEP_ID, "end", "id")),
        ],
        [a_flow([END, an_access("End")])],
    ),
    "sizes": cases(
        [
            fails(a_flow([an_access(f"s{n}") for n in range(1_001)]), (Code.TOO_MANY_STEPS, None, "flow_steps")),
            fails(
                asked(*[a_condition("text_validation", "end", order=n) for n in range(51)]),
                (Code.TOO_MANY_CONDITIONS, "q", "conditions"),
            ),
            fails(
                a_flow([a_message("m", " ".join(f"{{{{v{n}}}}}" for n in range(201)), next="end"), END]),
                (Code.TOO_MANY_VARIABLES, None, "flow_steps"),
            ),
        ],
        [
            a_flow([an_access(f"s{n}") for n in range(1_000)]),
            asked(*[a_condition("text_validation", "end", order=n) for n in range(50)]),
            a_flow([a_message("m", " ".join(f"{{{{v{n}}}}}" for n in range(200)), next="end"), END]),
        ],
    ),
    "targets": cases(
        [
            fails(
                a_flow([a_payment("pay", next="x", pending="y", retry="z"), END]),
                (Code.UNKNOWN_TARGET, "pay", "connections.next"),
                (Code.UNKNOWN_TARGET, "pay", "connections.pending"),
                (Code.UNKNOWN_TARGET, "pay", "connections.retry"),
            ),
            fails(
                asked(a_condition("text_validation", "x", max_attempts=2, fallback_step="y")),
                (Code.UNKNOWN_TARGET, "q", "conditions.0.target_step"),
                (Code.UNKNOWN_TARGET, "q", "conditions.0.fallback_step"),
            ),
            fails(
                pressed("A", {"text": "B", "target_step": "x"}, next="end"),
                (Code.UNKNOWN_TARGET, "b", "config.custom_buttons.1.target_step"),
            ),
            fails(
                a_flow([END], triggers=[{"command": "menu", "target_step": "x"}]),
                (Code.UNKNOWN_TARGET, None, "triggers.0.target_step"),
            ),
        ],
        [
            sales_flow(),
            # A step that is there, though something in it is wrong.
            a_flow([a_message("m", next="broken"), {"id": "broken", "type": "nothing"}]),
        ],
    ),
    "commands": cases(
        [
            fails(
                a_flow(
                    [END],
                    triggers=[
                        {"command": "menu", "target_step": "end"},
                        {"command": "/Menu", "target_step": "end"},
                    ],
                ),
                (Code.DUPLICATE_COMMAND, None, "triggers.1.command"),
            )
        ],
        [a_flow([END], triggers=[{"command": "menu", "target_step": "end"}, {"command": "vip", "target_step": "end"}])],
    ),
    "dead_ends": cases(
        [
            fails(a_flow([a_message("m")]), (Code.DEAD_END, "m", "connections.next")),
            fails(a_flow([a_question("q")]), (Code.DEAD_END, "q", "connections.next")),
            fails(a_flow([a_delay("d")]), (Code.DEAD_END, "d", "connections.next")),
            fails(a_flow([a_deliver("d")]), (Code.DEAD_END, "d", "connections.next")),
            fails(pressed("A"), (Code.DEAD_END, "b", "connections.next")),
            fails(pressed("A", retry="end"), (Code.DEAD_END, "b", "connections.next")),
        ],
        [
            a_flow([END]),
            a_flow([a_message("m", next="end"), END]),
            asked(a_condition("text_validation", "end")),
            pressed({"text": "A", "target_step": "end"}),
            charged(),
            # It had a condition, only a wrong one: that is said of the condition.
            a_flow([a_question("q", conditions=[{"type": "nothing"}])]),
        ],
    ),
    "access_exits": cases(
        [
            fails(
                a_flow([an_access("a", next="end", pending="end", retry="end"), END]),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.next"),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.pending"),
                (Code.ACCESS_WITH_CONNECTION, "a", "connections.retry"),
            ),
            fails(
                a_flow([an_access("a", conditions=[a_condition("text_validation", "end")]), END]),
                (Code.ACCESS_WITH_CONDITION, "a", "conditions"),
            ),
        ],
        [
            a_flow([{**END, "connections": {"next": None, "pending": None, "retry": None}, "conditions": []}]),
            a_flow([a_deliver("d", next="end"), END]),
        ],
    ),
    "payment_exits": cases(
        [
            fails(
                charged(next=None, pending=None),
                (Code.PAYMENT_WITHOUT_EXIT, "pay", "connections.next"),
                (Code.PAYMENT_WITHOUT_PAID_EXIT, "pay", "connections.next"),
            ),
            fails(
                charged(next=None, pending=None, conditions=[a_condition("payment_status", "end", status="paid")]),
                (Code.PAYMENT_WITHOUT_EXIT, "pay", "connections.next"),
            ),
            fails(charged(next=None), (Code.PAYMENT_WITHOUT_PAID_EXIT, "pay", "connections.next")),
            fails(
                charged(next=None, conditions=[a_condition("payment_status", "end", status="pending")]),
                (Code.PAYMENT_WITHOUT_PAID_EXIT, "pay", "connections.next"),
            ),
            fails(charged(pending=None), (Code.PAYMENT_WITHOUT_PENDING, "pay", "connections.pending")),
        ],
        [
            charged(),
            charged(next=None, config={"deliver": {"text": "Obrigado"}}),
            charged(next=None, conditions=[a_condition("payment_status", "end")]),
            charged(pending=None, conditions=[a_condition("payment_status", "end", status="pending")]),
        ],
    ),
    "button_targets": cases(
        [
            fails(
                pressed("A", {"text": "B", "target_step": "end"}),
                (Code.BUTTON_LEADS_NOWHERE, "b", "config.custom_buttons.0.target_step"),
            ),
            fails(
                pressed("A", "B", conditions=[a_condition("button_click", "end", button_text="a")]),
                (Code.BUTTON_LEADS_NOWHERE, "b", "config.custom_buttons.1.target_step"),
            ),
            fails(
                pressed("Sim", " SIM ", next="end"),
                (Code.DUPLICATE_BUTTON, "b", "config.custom_buttons.1.text"),
            ),
            fails(
                pressed({"text": "A", "url": "https://example.com", "target_step": "end"}, "B", next="end"),
                (Code.BUTTON_URL_AND_TARGET, "b", "config.custom_buttons.0.url"),
            ),
            fails(
                pressed({"text": "A", "url": "https://example.com", "price": "1"}, "B", next="end"),
                (Code.BUTTON_URL_AND_TARGET, "b", "config.custom_buttons.0.url"),
            ),
            fails(
                a_flow([END], main_buttons=[{"text": "A", "url": "https://example.com", "price": "1", "access": {}}]),
                (Code.BUTTON_URL_AND_TARGET, None, "main_buttons.0.url"),
            ),
            fails(
                pressed(*[f"B{n}" for n in range(101)], next="end"),
                (Code.TOO_MANY_BUTTONS, "b", "config.custom_buttons"),
            ),
            fails(
                pressed({"text": "A", "url": "https://example.com"}, next="end"),
                (Code.NOTHING_TO_PRESS, "b", "config.custom_buttons"),
            ),
            fails(
                a_flow(
                    [END],
                    main_buttons=[{"text": "Suporte"}],
                    redirect_buttons=[{"text": "suporte", "url": "https://example.com"}],
                ),
                (Code.DUPLICATE_BUTTON, None, "redirect_buttons.0.text"),
            ),
            fails(
                a_flow(
                    [
                        a_message(
                            "m",
                            next="end",
                            config={
                                "url_buttons": [
                                    {"text": "A", "url": "https://example.com"},
                                    {"text": "a", "url": "https://example.com"},
                                ]
                            },
                        ),
                        END,
                    ]
                ),
                (Code.DUPLICATE_BUTTON, "m", "config.url_buttons.1.text"),
            ),
        ],
        [
            pressed("A", "B", next="end"),
            pressed({"text": "A", "target_step": "end"}, {"text": "B", "url": "https://example.com"}),
            pressed("A", conditions=[a_condition("button_click", "end", button_text=" a ")]),
            pressed("A", conditions=[a_condition("variable", "end", name="tags", op="contains", value="vip")]),
            pressed(*[f"B{n}" for n in range(100)], next="end"),
            pressed(
                {"text": "A", "url": "https://example.com"},
                conditions=[a_condition("time_elapsed", "end", minutes=5)],
            ),
            # The condition that cannot be read may be the one of this button.
            pressed("A", conditions=[{"type": "button_click", "button_text": "A"}]),
        ],
    ),
    "button_conditions": cases(
        [
            fails(
                pressed(
                    "Quero entrar", next="end", conditions=[a_condition("button_click", "end", button_text="Quero")]
                ),
                (Code.UNKNOWN_BUTTON, "b", "conditions.0.button_text"),
            ),
            fails(
                pressed(
                    {"text": "Site", "url": "https://example.com"},
                    "B",
                    next="end",
                    conditions=[a_condition("button_click", "end", button_text="Site")],
                ),
                (Code.UNKNOWN_BUTTON, "b", "conditions.0.button_text"),
            ),
            fails(
                asked(a_condition("button_click", "end", button_text="A")),
                (Code.UNKNOWN_BUTTON, "q", "conditions.0.button_text"),
            ),
        ],
        [pressed("Quero entrar", conditions=[a_condition("button_click", "end", button_text=" QUERO entrar ")])],
    ),
    "cycles": cases(
        [
            fails(
                ring(a_question("menu"), a_question("prices")),
                (Code.CYCLE, "prices", "connections.next"),
            ),
            fails(ring(a_question("menu")), (Code.CYCLE, "menu", "connections.next")),
            fails(ring(a_message("a"), a_message("b")), (Code.UNATTENDED_CYCLE, "b", "connections.next")),
            fails(
                ring(a_message("a"), a_message("b"), allow_loops=True),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
            ),
            fails(
                ring(a_question("a"), a_message("b"), allow_loops=True),
                (Code.ATTENDED_LOOP, "b", "connections.next"),
            ),
            fails(ring(a_delay("a"), allow_loops=True), (Code.ATTENDED_LOOP, "a", "connections.next")),
            fails(
                charged(retry="pay"),
                (Code.CYCLE, "pay", "connections.retry"),
            ),
            fails(
                pressed({"text": "A", "target_step": "b"}),
                (Code.CYCLE, "b", "config.custom_buttons.0.target_step"),
            ),
            fails(
                asked(a_condition("text_validation", "q")),
                (Code.CYCLE, "q", "conditions.0.target_step"),
            ),
            # An unattended ring behind an attended one: both are found.
            fails(
                a_flow(
                    [
                        a_question("q", conditions=[a_condition("text_validation", "a")], next="q"),
                        a_message("a", next="b"),
                        a_message("b", next="a"),
                    ]
                ),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
                (Code.CYCLE, "q", "connections.next"),
            ),
            # A message that waits for an answer is attended.
            fails(
                ring(a_message("a", conditions=[a_condition("text_validation", "a")]), allow_loops=True),
                (Code.ATTENDED_LOOP, "a", "connections.next"),
                (Code.ATTENDED_LOOP, "a", "conditions.0.target_step"),
            ),
            # Reached by a command only.
            fails(
                a_flow(
                    [END, a_message("a", next="b"), a_message("b", next="a")],
                    triggers=[{"command": "menu", "target_step": "a"}],
                ),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
            ),
        ],
        [
            sales_flow(),
            # Several wrong answers come before a fallback.
            asked(a_condition("text_validation", "end", max_attempts=3, fallback_step="q")),
            # Two ways to the same place are no way back.
            a_flow(
                [
                    buttons("m", {"text": "A", "target_step": "a"}, {"text": "B", "target_step": "b"}),
                    a_message("a", next="c"),
                    a_message("b", next="c"),
                    a_message("c", next="end"),
                    END,
                ]
            ),
            # What nobody comes to turns for nobody.
            a_flow([END, a_message("a", next="b"), a_message("b", next="a")]),
        ],
    ),
    "reachability": cases(
        [
            fails(
                a_flow([a_message("m", next="end"), END, a_message("x", next="y"), an_access("y")]),
                (Code.UNREACHABLE_STEP, "x", "id"),
                (Code.UNREACHABLE_STEP, "y", "id"),
            )
        ],
        [
            sales_flow(),
            asked(a_condition("text_validation", "end", max_attempts=1, fallback_step="end")),
            a_flow([END, an_access("x")], triggers=[{"command": "x", "target_step": "x"}]),
            # A way that cannot be read may lead there.
            a_flow([a_question("q", conditions=[{"type": "nothing"}]), END]),
            a_flow([END, an_access("x")], start="gone"),
        ],
    ),
    "unused_exits": cases(
        [
            fails(
                a_flow([a_message("m", next="end", pending="end"), END]),
                (Code.UNUSED_CONNECTION, "m", "connections.pending"),
            ),
            fails(
                a_flow([a_delay("d", next="end", retry="end"), END]), (Code.UNUSED_CONNECTION, "d", "connections.retry")
            ),
            fails(
                asked(a_condition("text_validation", "end"), next="end"),
                (Code.UNUSED_CONNECTION, "q", "connections.next"),
            ),
        ],
        [
            charged(retry="end"),
            asked(a_condition("variable", "end", name="x", value="1"), next="end"),
            asked(a_condition("text_validation", "end"), retry="end"),
        ],
    ),
    "text_lengths": cases(
        [
            fails(a_flow([a_message("m", "a" * 4_097, next="end"), END]), (Code.TEXT_TOO_LONG, "m", "config.text")),
            # Telegram counts UTF-16 units.
            fails(a_flow([a_message("m", "😀" * 2_049, next="end"), END]), (Code.TEXT_TOO_LONG, "m", "config.text")),
            fails(
                a_flow(
                    [
                        a_message(
                            "m",
                            "a" * 1_025,
                            next="end",
                            config={"media": {"type": "photo", "url": "https://example.com/a.jpg"}},
                        ),
                        END,
                    ]
                ),
                (Code.CAPTION_TOO_LONG, "m", "config.text"),
            ),
            fails(charged(config={"text": "a" * 1_025}), (Code.CAPTION_TOO_LONG, "pay", "config.text")),
            fails(
                asked(config={"retry_text": "a" * 4_097}, next="end"), (Code.TEXT_TOO_LONG, "q", "config.retry_text")
            ),
            fails(a_flow([END], welcome_message="a" * 4_097), (Code.TEXT_TOO_LONG, None, "welcome_message")),
            fails(a_flow([a_message("m", "a" * 1_501, next="end"), END]), (Code.LONG_TEXT, "m", "config.text")),
            fails(
                a_flow([a_message("m", "<b>" * 1_400, next="end", config={"parse_mode": "none"}), END]),
                (Code.TEXT_TOO_LONG, "m", "config.text"),
            ),
        ],
        [
            a_flow([a_message("m", "a" * 1_500, next="end"), END]),
            # Tags and variables are not seen.
            a_flow([a_message("m", "<b>a</b>" * 1_400 + "{{first_name}}" * 200, next="end"), END]),
            charged(config={"text": "a" * 1_024}),
        ],
    ),
    "placeholders": cases(
        [
            fails(
                a_flow([a_message("m", "Olá {{nome}} {{ first_name }}", next="end"), END]),
                (Code.UNKNOWN_VARIABLE, "m", "config.text"),
            ),
            fails(
                a_flow([a_message("m", "{{user.name|upper}}", next="end"), END]),
                (Code.BROKEN_PLACEHOLDER, "m", "config.text"),
            ),
        ],
        [
            sales_flow(),
            a_flow(
                [
                    a_question("q", config={"save_as": "nome"}, next="end"),
                    an_access("end", "{{nome}} {{payment.amount}}"),
                ]
            ),
        ],
    ),
    "urls": cases(
        [
            fails(a_flow([an_access("end", config={"link": url})]), (code, "end", "config.link"))
            for url, code in [
                ("example.com", Code.BAD_URL),
                ("ftp://example.com", Code.BAD_URL),
                ("javascript:alert(1)", Code.BAD_URL),
                ("https://", Code.BAD_URL),
                ("https://{{last_input}}/x", Code.BAD_URL),
                ("https://example.com{{last_input}}/x", Code.BAD_URL),
                ("{{last_input}}", Code.BAD_URL),
                ("https://exa mple.com", Code.BAD_URL),
                ("https://[::1", Code.BAD_URL),
                ("https://example.com:99999", Code.BAD_URL),
                ("https://example.com\\@127.0.0.1", Code.BAD_URL),
                ("https://-example.com", Code.BAD_URL),
                ("http://localhost:8000", Code.PRIVATE_URL),
                ("http://intranet", Code.PRIVATE_URL),
                ("http://printer.local", Code.PRIVATE_URL),
                ("http://127.0.0.1", Code.PRIVATE_URL),
                ("http://10.1.2.3", Code.PRIVATE_URL),
                ("http://192.168.0.1", Code.PRIVATE_URL),
                ("http://169.254.169.254/latest", Code.PRIVATE_URL),
                ("http://2130706433", Code.PRIVATE_URL),
                ("http://0x7f.1", Code.PRIVATE_URL),
                ("http://0177.0.0.1", Code.PRIVATE_URL),
                ("http://[::1]", Code.PRIVATE_URL),
                ("http://[::ffff:10.0.0.1]", Code.PRIVATE_URL),
                ("http://[fd00::1]", Code.PRIVATE_URL),
                ("http://user@127.0.0.1", Code.PRIVATE_URL),
                ("http://0.0.0.0", Code.PRIVATE_URL),
                ("http://224.0.0.1", Code.PRIVATE_URL),
            ]
        ]
        + [
            fails(
                a_flow([END], redirect_buttons=[{"text": "A", "url": "mailto:a@example.com"}]),
                (Code.BAD_URL, None, "redirect_buttons.0.url"),
            ),
            fails(
                pressed("A", {"text": "B", "url": "tg://x"}, next="end"),
                (Code.BAD_URL, "b", "config.custom_buttons.1.url"),
            ),
            fails(
                a_flow(
                    [a_message("m", next="end", config={"media": {"type": "photo", "url": "http://10.0.0.1/a"}}), END]
                ),
                (Code.PRIVATE_URL, "m", "config.media.url"),
            ),
            fails(charged(config={"deliver": {"link": "x"}}), (Code.BAD_URL, "pay", "config.deliver.link")),
        ],
        [
            a_flow([an_access("end", config={"link": url})])
            for url in [
                "https://example.com",
                "HTTP://EXAMPLE.COM/Path?q=1#x",
                "https://example.com/{{chat_id}}?name={{ first_name }}",
                "https://8.8.8.8/x",
                "https://t.me/+abc",
                "https://exemplo.com.br:8443/a",
                "https://maçã.com.br",
                "https://my_host.example.com",
                "https://example.com.",
            ]
        ],
    ),
    "amounts": cases(
        [
            fails(charged(amount=amount), (code, "pay", "config.amount"))
            for amount, code in [
                ("abc", Code.BAD_AMOUNT),
                ("R$ 10", Code.BAD_AMOUNT),
                ("1.234,56", Code.BAD_AMOUNT),
                ("1e3", Code.BAD_AMOUNT),
                ("NaN", Code.BAD_AMOUNT),
                ("+10", Code.BAD_AMOUNT),
                ("0", Code.AMOUNT_NOT_POSITIVE),
                ("0.00", Code.AMOUNT_NOT_POSITIVE),
                ("-5", Code.AMOUNT_NOT_POSITIVE),
                ("29.901", Code.AMOUNT_DECIMALS),
                ("99999999999", Code.AMOUNT_TOO_LARGE),
                ("{{last_input}}", Code.PRICE_FROM_CONTACT),
                ("{{preco}}", Code.PRICE_FROM_CONTACT),
            ]
        ]
        + [
            fails(
                charged(amount="9.90", config={"currency": "XTR"}),
                (Code.STARS_NOT_WHOLE, "pay", "config.amount"),
            ),
            fails(
                pressed({"text": "A", "price": "x", "bump": {"text": "B", "price": "0"}}, next="end"),
                (Code.BAD_AMOUNT, "b", "config.custom_buttons.0.price"),
                (Code.AMOUNT_NOT_POSITIVE, "b", "config.custom_buttons.0.bump.price"),
            ),
            fails(
                a_flow([END], main_buttons=[{"text": "A", "price": "-1", "access": {"text": "x"}}]),
                (Code.AMOUNT_NOT_POSITIVE, None, "main_buttons.0.price"),
            ),
        ],
        [
            charged(amount="29.90"),
            charged(amount="29,90"),
            charged(amount="1"),
            charged(amount="0.01"),
            charged(amount="{{payment.amount}}"),
            charged(amount="100", config={"currency": "XTR"}),
            charged(amount="100.00", config={"currency": "XTR"}),
        ],
    ),
    "payment_amounts": cases(
        [
            fails(charged(amount=None), (Code.NO_AMOUNT, "pay", "config.amount")),
            # The priced button leads elsewhere.
            fails(
                a_flow(
                    [
                        buttons(
                            "b", {"text": "A", "price": "10", "target_step": "end"}, {"text": "B", "target_step": "pay"}
                        ),
                        a_payment("pay", None, next="end", pending="end"),
                        END,
                    ]
                ),
                (Code.NO_AMOUNT, "pay", "config.amount"),
            ),
            fails(
                a_flow(
                    [
                        buttons("b", {"text": "A", "price": "9.90", "target_step": "pay"}),
                        a_payment("pay", None, next="end", pending="end", config={"currency": "XTR"}),
                        END,
                    ]
                ),
                (Code.STARS_NOT_WHOLE, "pay", "config.amount"),
            ),
        ],
        [
            charged(),
            {**charged(amount=None), "main_buttons": [{"text": "A", "price": "10", "access": {"text": "x"}}]},
            a_flow(
                [
                    buttons(
                        "b",
                        {"text": "A", "price": "10"},
                        conditions=[a_condition("button_click", "m", button_text="A")],
                    ),
                    a_message("m", next="pay"),
                    a_payment("pay", None, next="end", pending="end"),
                    END,
                ]
            ),
            a_flow(
                [
                    buttons("b", {"text": "A", "price": "10", "target_step": "pay"}),
                    a_payment("pay", None, next="end", pending="end", config={"currency": "XTR"}),
                    END,
                ]
            ),
        ],
    ),
    "main_buttons": cases(
        [
            fails(
                a_flow([END], main_buttons=[{"text": "A"}, {"text": "B", "price": "10"}]),
                (Code.MAIN_BUTTON_WITHOUT_ACCESS, None, "main_buttons.1.access"),
            )
        ],
        [a_flow([END], main_buttons=[{"text": "A"}, {"text": "B", "price": "10", "access": {"text": "x"}}])],
    ),
    "contents": cases(
        [
            fails(a_flow([a_step("m", "message", next="end"), END]), (Code.NOTHING_TO_SAY, "m", "config.text")),
            fails(a_flow([a_step("end", "access")]), (Code.NOTHING_TO_DELIVER, "end", "config")),
            fails(a_flow([a_step("d", "deliver", next="end"), END]), (Code.NOTHING_TO_DELIVER, "d", "config")),
            fails(charged(config={"deliver": {}}), (Code.NOTHING_TO_DELIVER, "pay", "config.deliver")),
            fails(
                a_flow([END], main_buttons=[{"text": "A", "access": {}}]),
                (Code.NOTHING_TO_DELIVER, None, "main_buttons.0.access"),
            ),
            fails(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo"}}), END]),
                (Code.MEDIA_SOURCE, "m", "config.media"),
            ),
            fails(
                asked(next="end", config={"media": {"type": "photo", "url": "https://example.com", "file_id": "x"}}),
                (Code.MEDIA_SOURCE, "q", "config.media"),
            ),
            fails(a_flow([a_step("d", "delay", next="end"), END]), (Code.DELAY_DURATION, "d", "config")),
            fails(a_flow([a_delay("d", hours=1, minutes=5, next="end"), END]), (Code.DELAY_DURATION, "d", "config")),
            fails(
                a_flow([a_delay("d", hours=1, until="09:00", next="end"), END]), (Code.DELAY_DURATION, "d", "config")
            ),
        ],
        [
            a_flow([a_step("m", "message", {"media": {"type": "photo", "file_id": "x"}}, next="end"), END]),
            a_flow([a_step("end", "access", {"link": "https://example.com"})]),
            a_flow([a_delay("d", hours=0.5, next="end"), END]),
            a_flow([a_delay("d", until="9:00", weekdays=["mon"], next="end"), END]),
        ],
    ),
    "belongings": cases(
        [
            fails(
                a_flow([an_access("end", config={"chat": "-200"})]),
                (Code.UNKNOWN_CHAT, "end", "config.chat"),
                catalogue=WITH_SANDBOX,
            ),
            fails(a_flow([an_access("end", config={"chat": "-100"})]), (Code.UNKNOWN_CHAT, "end", "config.chat")),
            fails(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo", "asset": "x"}}), END]),
                (Code.UNKNOWN_MEDIA, "m", "config.media.asset"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                charged(config={"deliver": {"chat": "x", "media": {"type": "photo", "asset": "y"}}}),
                (Code.UNKNOWN_CHAT, "pay", "config.deliver.chat"),
                (Code.UNKNOWN_MEDIA, "pay", "config.deliver.media.asset"),
            ),
        ],
        [
            Passing(a_flow([an_access("end", config={"chat": "-100"})]), WITH_SANDBOX),
            Passing(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo", "asset": "cover"}}), END]),
                WITH_SANDBOX,
            ),
        ],
    ),
    "gateways": cases(
        [
            fails(charged(), (Code.NO_GATEWAY, None, "flow_steps")),
            fails(
                charged(config={"gateway": "other"}),
                (Code.UNKNOWN_GATEWAY, "pay", "config.gateway"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                charged(config={"gateway": "strict", "payer": {"email": "email"}}),
                (Code.PAYER_FIELD_MISSING, "pay", "config.payer.document"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                charged(amount="10", config={"currency": "XTR"}),
                (Code.CURRENCY_NOT_TAKEN, "pay", "config.currency"),
                catalogue=WITH_SANDBOX,
            ),
        ],
        [
            Passing(charged(), WITH_SANDBOX),
            Passing(charged(config={"gateway": "sandbox"}), WITH_SANDBOX),
            Passing(
                charged(config={"gateway": "strict", "payer": {"email": "email", "document": "cpf"}}), WITH_SANDBOX
            ),
            a_flow([END]),
        ],
    ),
    "availability": cases(
        [
            fails(
                asked(next="end", config={"retention_days": 30}),
                (Code.NOT_AVAILABLE, "q", "config.retention_days"),
            )
        ],
        [asked(next="end", config={"purpose": "Contato"})],
    ),
    "fitting_conditions": cases(
        [
            fails(
                pressed("A", next="end", conditions=[a_condition("text_validation", "end")]),
                (Code.CONDITION_NEVER_FITS, "b", "conditions.0.type"),
            ),
            fails(
                asked(a_condition("payment_status", "end"), next="end"),
                (Code.CONDITION_NEVER_FITS, "q", "conditions.0.type"),
            ),
            fails(
                charged(conditions=[a_condition("text_validation", "end")]),
                (Code.CONDITION_NEVER_FITS, "pay", "conditions.0.type"),
            ),
            fails(
                asked(a_condition("text_validation", "end", fallback_step="end")),
                (Code.FALLBACK_WITHOUT_ATTEMPTS, "q", "conditions.0.max_attempts"),
            ),
        ],
        [
            charged(conditions=[a_condition("payment_status", "end"), a_condition("time_elapsed", "end")]),
            asked(a_condition("text_validation", "end", max_attempts=2, fallback_step="end")),
            asked(a_condition("text_validation", "end", max_attempts=2)),
        ],
    ),
    "shadowed_conditions": cases(
        [
            fails(
                asked(a_condition("text_validation", "end"), a_condition("text_validation", "end", validation="email")),
                (Code.SHADOWED_CONDITION, "q", "conditions.1"),
            ),
            # Asked in `order`, not as listed.
            fails(
                asked(
                    a_condition("text_validation", "end", validation="email", order=2),
                    a_condition("text_validation", "end", order=1),
                ),
                (Code.SHADOWED_CONDITION, "q", "conditions.0"),
            ),
            fails(
                asked(
                    a_condition("text_validation", "end", validation="equals", value="Sim"),
                    a_condition("text_validation", "end", validation="equals", value="SÍM"),
                ),
                (Code.SHADOWED_CONDITION, "q", "conditions.1"),
            ),
            fails(
                pressed(
                    "A",
                    conditions=[
                        a_condition("button_click", "end", button_text="A"),
                        a_condition("button_click", "end", button_text=" a"),
                    ],
                ),
                (Code.SHADOWED_CONDITION, "b", "conditions.1"),
            ),
            fails(
                charged(conditions=[a_condition("payment_status", "end"), a_condition("payment_status", "end")]),
                (Code.SHADOWED_CONDITION, "pay", "conditions.1"),
            ),
            fails(
                asked(
                    a_condition("time_elapsed", "end", minutes=60, order=1),
                    a_condition("time_elapsed", "end", minutes=5, order=2),
                ),
                (Code.SHADOWED_CONDITION, "q", "conditions.0"),
            ),
            fails(
                asked(
                    a_condition("variable", "end", name="x", value=1),
                    a_condition("variable", "end", name="x", value=1),
                ),
                (Code.SHADOWED_CONDITION, "q", "conditions.1"),
            ),
        ],
        [
            sales_flow(),
            asked(a_condition("text_validation", "end", validation="email"), a_condition("text_validation", "end")),
            asked(
                a_condition("text_validation", "end", validation="equals", value="Sim", ignore_case=False),
                a_condition("text_validation", "end", validation="equals", value="sim", ignore_case=False),
            ),
            asked(
                a_condition("variable", "end", name="x", value=1), a_condition("variable", "end", name="x", value=True)
            ),
        ],
    ),
    "unpaid_access": cases(
        [
            fails(
                a_flow(
                    [
                        buttons("b", {"text": "A", "target_step": "pay"}, {"text": "B", "target_step": "vip"}),
                        a_payment("pay", next="vip", pending="bye"),
                        an_access("vip"),
                        an_access("bye"),
                    ]
                ),
                (Code.UNPAID_ACCESS, "vip", "id"),
            ),
            fails(
                a_flow(
                    [
                        a_payment("pay", next="vip", pending="bye"),
                        an_access("vip"),
                        an_access("bye", config={"link": "https://example.com"}),
                    ]
                ),
                (Code.UNPAID_ACCESS, "bye", "id"),
            ),
            fails(
                charged(
                    an_access("vip", config={"link": "https://example.com"}),
                    conditions=[a_condition("payment_status", "vip", status="expired")],
                    next="end",
                    pending=None,
                ),
                (Code.UNPAID_ACCESS, "vip", "id"),
            ),
        ],
        [
            sales_flow(),
            a_flow([an_access("end", config={"link": "https://example.com"})]),
            charged(
                an_access("vip", config={"link": "https://example.com"}),
                conditions=[a_condition("payment_status", "vip")],
                next=None,
            ),
        ],
    ),
    "price_texts": cases(
        [
            fails(
                charged(config={"text": "Só R$ 39,90!", "description": "VIP de R$29.00"}),
                (Code.PRICE_DIFFERS, "pay", "config.text"),
                (Code.PRICE_DIFFERS, "pay", "config.description"),
            ),
            fails(
                pressed({"text": "VIP R$ 10", "price": "12.00"}, next="end"),
                (Code.PRICE_DIFFERS, "b", "config.custom_buttons.0.text"),
            ),
            fails(
                a_flow(
                    [
                        buttons("b", {"text": "VIP por R$ 1.029,90", "target_step": "pay"}),
                        a_payment("pay", "29.90", next="end", pending="end"),
                        END,
                    ]
                ),
                (Code.PRICE_DIFFERS, "b", "config.custom_buttons.0.text"),
            ),
            fails(
                a_flow([END], main_buttons=[{"text": "VIP R$ 10,00", "price": "9.00", "access": {"text": "x"}}]),
                (Code.PRICE_DIFFERS, None, "main_buttons.0.text"),
            ),
        ],
        [
            charged(config={"text": "De R$ 59,90 por R$ 29,90"}),
            charged(config={"text": "Só hoje"}),
            charged(amount="1029.90", config={"text": "R$ 1.029,90"}),
            charged(amount="30", config={"text": "R$30"}),
            charged(amount="100", config={"text": "R$ 5", "currency": "XTR"}),
        ],
    ),
    "stars_beside_pix": cases(
        [
            fails(charged(), (Code.PIX_WITHOUT_STARS, None, "flow_steps")),
            # Once, however many payments there are.
            fails(sales_flow(), (Code.PIX_WITHOUT_STARS, None, "flow_steps")),
        ],
        [
            a_flow([END]),
            charged(amount="100", config={"currency": "XTR"}),
            charged(a_payment("stars", "100", next="end", pending="end", config={"currency": "XTR"})),
        ],
    ),
}

# What the models themselves refuse: (a change of a sound step's part, what is found).
STRUCTURE: tuple[Failing, ...] = (
    Failing(a_flow([a_message("m", next="end", config={"txt": "x"}), END]), ((Code.UNKNOWN_FIELD, "m", "config.txt"),)),
    Failing({**a_flow([END]), "name": "x"}, ((Code.UNKNOWN_FIELD, None, "name"),)),
    Failing({**a_flow([END]), "spec_version": 2}, ((Code.UNSUPPORTED_VERSION, None, "spec_version"),)),
    Failing({**a_flow([END]), "on_start": "again"}, ((Code.NOT_AN_OPTION, None, "on_start"),)),
    Failing(a_flow([END, {"id": "x", "type": "http"}]), ((Code.UNKNOWN_STEP_TYPE, "x", "type"),)),
    Failing(a_flow([END, {"id": "x"}]), ((Code.REQUIRED, "x", "type"),)),
    Failing(a_flow([END, {"type": "message", "config": {}}]), ((Code.REQUIRED, None, "flow_steps.1.id"),)),
    Failing(a_flow([END, an_access("")]), ((Code.BLANK, None, "flow_steps.1.id"),)),
    Failing(a_flow([END, an_access("x" * 65)]), ((Code.TOO_LONG, "x" * 65, "id"),)),
    Failing({**a_flow([END]), "flow_steps": [END, 3]}, ((Code.WRONG_TYPE, None, "flow_steps.1"),)),
    Failing(a_flow([a_step("q", "question", next="end"), END]), ((Code.REQUIRED, "q", "config.text"),)),
    Failing(pressed(next="end"), ((Code.TOO_SHORT, "b", "config.custom_buttons"),)),
    Failing(pressed("A", next="end", config={"per_row": 9}), ((Code.OUT_OF_RANGE, "b", "config.per_row"),)),
    Failing(charged(config={"amount": 29.9}), ((Code.WRONG_TYPE, "pay", "config.amount"),)),
    Failing(
        a_flow([a_question("q", config={"save_as": "nome completo"}, next="end"), END]),
        ((Code.BAD_VARIABLE_NAME, "q", "config.save_as"),),
    ),
    Failing(a_flow([a_delay("d", until="25:00", next="end"), END]), ((Code.BAD_TIME, "d", "config.until"),)),
    Failing(
        {**a_flow([END]), "triggers": [{"command": "start", "target_step": "end"}]},
        ((Code.BAD_COMMAND, None, "triggers.0.command"),),
    ),
    Failing(a_flow([a_message("m", "a\0b", next="end"), END]), ((Code.BAD_TEXT, "m", "config.text"),)),
    Failing(a_flow([a_message("m", "a\ud800b", next="end"), END]), ((Code.BAD_TEXT, "m", "config.text"),)),
    Failing(a_flow([{**END, "position": {"x": float("nan"), "y": 0}}]), ((Code.BAD_NUMBER, "end", "position.x"),)),
    Failing(a_flow([{**END, "position": {"x": 10**400, "y": 0}}]), ((Code.BAD_NUMBER, "end", "position.x"),)),
    Failing(a_flow([{**END, "position": {"x": b"1", "y": 0}}]), ((Code.NOT_JSON, "end", "position.x"),)),
    Failing([], ((Code.NOT_AN_OBJECT, None, ""),)),
    Failing(None, ((Code.NOT_AN_OBJECT, None, ""),)),
    Failing(a_flow([a_message("m", "a" * 1_100_000, next="end"), END]), ((Code.TOO_LARGE, None, ""),)),
)


def condition_case(condition_type: str, field: str, wrong: Any, code: Code, /, **others: Any) -> Failing:
    """A question with one condition whose field has a wrong value."""
    condition = {**a_condition(condition_type, "end"), **others, field: wrong}
    return Failing(asked(condition, next="end"), ((code, "q", f"conditions.0.{field}"),))


CONDITIONS: tuple[Failing, ...] = (
    *(
        condition_case("text_validation", "max_attempts", value, code)
        for value, code in [
            (0, Code.OUT_OF_RANGE),
            (101, Code.OUT_OF_RANGE),
            (-1, Code.OUT_OF_RANGE),
            (True, Code.WRONG_TYPE),
            (False, Code.WRONG_TYPE),
            (1.5, Code.WRONG_TYPE),
            (3.0, Code.WRONG_TYPE),
            ("3", Code.WRONG_TYPE),
            ([3], Code.WRONG_TYPE),
        ]
    ),
    *(
        condition_case("time_elapsed", "minutes", value, code)
        for value, code in [
            (0, Code.OUT_OF_RANGE),
            (0.99, Code.OUT_OF_RANGE),
            (-5, Code.OUT_OF_RANGE),
            (10**9, Code.OUT_OF_RANGE),
            (True, Code.WRONG_TYPE),
            ("5", Code.WRONG_TYPE),
            (None, Code.WRONG_TYPE),
            (float("nan"), Code.BAD_NUMBER),
            (float("inf"), Code.BAD_NUMBER),
            (10**400, Code.BAD_NUMBER),
        ]
    ),
    *(
        condition_case(condition_type, "target_step", value, code, **others)
        for condition_type, others in [
            ("text_validation", {}),
            ("button_click", {"button_text": "A"}),
            ("payment_status", {}),
            ("time_elapsed", {}),
            ("variable", {"name": "x", "value": "1"}),
        ]
        for value, code in [("", Code.BLANK), ("  ", Code.BLANK), (None, Code.WRONG_TYPE), (3, Code.WRONG_TYPE)]
    ),
    condition_case("text_validation", "order", "1", Code.WRONG_TYPE),
    condition_case("text_validation", "order", True, Code.WRONG_TYPE),
    condition_case("text_validation", "order", 1.5, Code.WRONG_TYPE),
    condition_case("text_validation", "order", None, Code.WRONG_TYPE),
    condition_case("text_validation", "fallback_step", "", Code.BLANK),
    condition_case("text_validation", "validation", "e-mail", Code.NOT_AN_OPTION),
    condition_case("text_validation", "value", None, Code.VALUE_MISSING, validation="equals"),
    condition_case("text_validation", "value", " ", Code.VALUE_MISSING, validation="contains"),
    condition_case("text_validation", "value", "", Code.VALUE_MISSING, validation="regex"),
    condition_case("text_validation", "value", "(", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", r"(a)\1", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", "(?=a)", Code.BAD_REGEX, validation="regex"),
    condition_case("text_validation", "value", "x" * 1_025, Code.TOO_LONG, validation="equals"),
    condition_case("text_validation", "ignore_case", 1, Code.WRONG_TYPE),
    condition_case("text_validation", "ignore_accents", "yes", Code.WRONG_TYPE),
    condition_case("text_validation", "button_text", "A", Code.UNKNOWN_FIELD),
    condition_case("button_click", "button_text", "", Code.BLANK),
    condition_case("button_click", "button_text", 3, Code.WRONG_TYPE),
    condition_case("payment_status", "status", "refunded", Code.NOT_AN_OPTION),
    condition_case("variable", "name", "", Code.BAD_VARIABLE_NAME, value="1"),
    condition_case("variable", "name", "a b", Code.BAD_VARIABLE_NAME, value="1"),
    condition_case("variable", "op", "like", Code.NOT_AN_OPTION, name="x", value="1"),
    condition_case("variable", "value", None, Code.VALUE_MISSING, name="x"),
    condition_case("variable", "value", [1], Code.WRONG_TYPE, name="x"),
    condition_case("variable", "value", "x" * 1_025, Code.TOO_LONG, name="x"),
    Failing(
        asked({"type": "time_travel", "target_step": "end"}, next="end"),
        ((Code.UNKNOWN_CONDITION_TYPE, "q", "conditions.0.type"),),
    ),
    Failing(asked({"target_step": "end"}, next="end"), ((Code.REQUIRED, "q", "conditions.0.type"),)),
    Failing(asked({"type": "text_validation"}, next="end"), ((Code.REQUIRED, "q", "conditions.0.target_step"),)),
    Failing(
        asked({"type": "button_click", "target_step": "end"}, next="end"),
        ((Code.REQUIRED, "q", "conditions.0.button_text"),),
    ),
)
