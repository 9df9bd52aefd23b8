"""Buttons, and conditions as they stand beside each other."""

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Cases, asked, cases, charged, fails, pressed
from tests.support.flows import a_condition, a_flow, a_message, sales_flow

CASES: dict[str, Cases] = {
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
}
