"""Payments, amounts and prices."""

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import (
    END,
    KNOWN_PAYER,
    WITH_FAILOVER,
    WITH_SANDBOX,
    Cases,
    Passing,
    cases,
    charged,
    fails,
    pressed,
)
from tests.support.flows import a_condition, a_flow, a_message, a_payment, an_access, buttons, sales_flow

CASES: dict[str, Cases] = {
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
                charged(
                    amount="10",
                    config={"currency": "XTR", "gateway": "strict", "payer": {"email": "email", "document": "cpf"}},
                ),
                (Code.CURRENCY_NOT_TAKEN, "pay", "config.currency"),
                catalogue=WITH_SANDBOX,
            ),
            # Only who would take over lacks something: each field is told once.
            fails(
                charged(amount="10"),
                (Code.ACCOUNT_LACKS_PAYER_FIELD, "pay", "config.payer.document"),
                (Code.ACCOUNT_LACKS_PAYER_FIELD, "pay", "config.payer.name"),
                catalogue=WITH_FAILOVER,
            ),
            # The first lacks it, so it is an error, and no warning for the others.
            fails(
                charged(amount="10", config={"gateway": "large", "payer": {"name": "nome"}}),
                (Code.PAYER_FIELD_MISSING, "pay", "config.payer.document"),
                catalogue=WITH_FAILOVER,
            ),
            fails(
                charged(amount="4.99", config=KNOWN_PAYER),
                (Code.ACCOUNT_TAKES_MORE, "pay", "config.amount"),
                catalogue=WITH_FAILOVER,
            ),
            fails(
                charged(amount="0.49", config=KNOWN_PAYER),
                (Code.AMOUNT_BELOW_MINIMUM, "pay", "config.amount"),
                catalogue=WITH_FAILOVER,
            ),
            # A press decides: nobody knows yet which, so it is no error.
            fails(
                a_flow(
                    [
                        buttons("b", {"text": "A", "price": "0.49", "target_step": "pay"}),
                        a_payment("pay", None, next="end", pending="end", config=KNOWN_PAYER),
                        END,
                    ]
                ),
                (Code.ACCOUNT_TAKES_MORE, "pay", "config.amount"),
                (Code.ACCOUNT_TAKES_MORE, "pay", "config.amount"),
                catalogue=WITH_FAILOVER,
            ),
            fails(
                charged(amount="10", config={"gateway": "large", "expires_minutes": 29} | KNOWN_PAYER),
                (Code.CODE_LIVES_OTHERWISE, "pay", "config.expires_minutes"),
                catalogue=WITH_FAILOVER,
            ),
            fails(
                charged(amount="10", config={"expires_minutes": 41_761} | KNOWN_PAYER),
                (Code.CODE_LIVES_OTHERWISE, "pay", "config.expires_minutes"),
                catalogue=WITH_FAILOVER,
            ),
        ],
        [
            Passing(charged(), WITH_SANDBOX),
            Passing(charged(config={"gateway": "sandbox"}), WITH_SANDBOX),
            Passing(
                charged(config={"gateway": "strict", "payer": {"email": "email", "document": "cpf"}}), WITH_SANDBOX
            ),
            Passing(charged(amount="5.00", config=KNOWN_PAYER), WITH_FAILOVER),
            Passing(charged(amount="{{valor}}", config=KNOWN_PAYER), WITH_FAILOVER),
            Passing(
                charged(amount="10", config={"gateway": "large", "expires_minutes": 30} | KNOWN_PAYER), WITH_FAILOVER
            ),
            Passing(charged(amount="10", config={"expires_minutes": 41_760} | KNOWN_PAYER), WITH_FAILOVER),
            a_flow([END]),
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
            # Said right before the charge, or above the buttons that lead to it.
            fails(
                a_flow([a_message("m", "Hoje por R$ 19,90!", next="pay"), *charged()["flow_steps"]]),
                (Code.PRICE_DIFFERS, "m", "config.text"),
            ),
            fails(
                a_flow(
                    [
                        buttons("b", {"text": "Quero", "target_step": "pay"}, "Não", text="Por R$ 19,90", next="end"),
                        *charged()["flow_steps"],
                    ]
                ),
                (Code.PRICE_DIFFERS, "b", "config.text"),
            ),
        ],
        [
            charged(config={"text": "De R$ 59,90 por R$ 29,90"}),
            charged(config={"text": "Só hoje"}),
            a_flow([a_message("m", "De R$ 59,90 por R$ 29,90", next="pay"), *charged()["flow_steps"]]),
            # Above the buttons one of their prices is enough, and who opens nothing is asked nothing.
            pressed({"text": "A", "price": "10"}, {"text": "B", "price": "20"}, text="A partir de R$ 10", next="end"),
            pressed("Quero", text="Ganhe R$ 500 por mês", next="end"),
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
