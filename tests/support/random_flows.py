"""Random flows and random events for them: every step type, connected anyhow, with every condition type."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from flows.engine.compile import Flow
from flows.engine.definition import StepType
from flows.engine.events import (
    BUMP_NO_BUTTON,
    BUMP_YES_BUTTON,
    NEW_CODE_BUTTON,
    PAID_BUTTON,
    AccessReady,
    AccessRecalled,
    Answered,
    AnswerKind,
    ButtonRef,
    ChargeFailed,
    ChargeReady,
    CouponRefused,
    Event,
    Fate,
    HttpAnswered,
    HttpOutcome,
    MoneyTold,
    MoneyWord,
    OperatorClosed,
    OperatorResumed,
    PaymentChanged,
    PaymentChecked,
    PaymentStatus,
    Pressed,
    Resumed,
    Start,
    StepChoice,
    TimerFired,
    TimerKind,
    VariablesSet,
    VersionMoved,
)
from flows.engine.state import State
from tests.support.conversation import BEGINNING, RUN, VERSION

STEP_IDS = tuple("abcdefg")
TEXTS = ("Oi {{first_name}}", "{{nobody}} & <b>", "A", "B", "a@example.com", "1\ud800\x00", "😀" * 50)
SUBFLOWS = {"flow-1": UUID(int=0x51), "flow-2": UUID(int=0x52)}
target = st.sampled_from((*STEP_IDS, *STEP_IDS, "missing"))
maybe_target = st.none() | target
# Steps that wait are where conversations happen.
KINDS = (*StepType, StepType.BUTTONS, StepType.QUESTION, *(StepType.PAYMENT,) * 4)
text = st.sampled_from(TEXTS)
price = st.sampled_from(("29.90", "5", "100", "0", "{{first_name}}", "{{chat_id}}", "abc"))
media = st.fixed_dictionaries({"type": st.just("photo"), "url": st.just("https://example.com/{{chat_id}}")})
attempts = st.fixed_dictionaries(
    {}, optional={"max_attempts": st.integers(1, 3), "fallback_step": target, "order": st.integers(-1, 1)}
)

_CONDITION_FIELDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "text_validation": st.sampled_from(
        [{}, {"validation": "email"}, {"validation": "regex", "value": "^a+"}, {"validation": "number"}]
    ),
    "button_click": st.fixed_dictionaries({"button_text": text}),
    "payment_status": st.fixed_dictionaries({"status": st.sampled_from(["paid", "pending", "failed", "expired"])}),
    "time_elapsed": st.fixed_dictionaries({"minutes": st.sampled_from([1, 2.5, 90])}),
    "variable": st.sampled_from(
        [
            {"name": "x", "op": "exists"},
            {"name": "contact.x", "op": "gt", "value": 5},
            {"name": "tags", "op": "contains", "value": "A"},
            {"name": "grants", "op": "contains", "value": "pay"},
        ]
    ),
    "nonsense": st.just({}),
}


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(_CONDITION_FIELDS)))
    return {"type": kind, "target_step": draw(target), **draw(_CONDITION_FIELDS[kind]), **draw(attempts)}


content = st.fixed_dictionaries({"text": text}, optional={"link": st.just("https://example.com"), "media": media})
_button = st.fixed_dictionaries(
    {"text": text},
    optional={
        "target_step": target,
        "price": price,
        "description": text,
        "bump": st.fixed_dictionaries({"text": text, "price": price}),
    },
)

variable = st.sampled_from(["x", "y", "coupon", "contact.x", "contact.y", "tags", "payment.amount"])
tag = st.sampled_from(["A", "{{first_name}}", "{{nobody}}", "{{last_input}}", "t" * 64])
_assignment = st.fixed_dictionaries(
    {"name": variable, "value": text | st.sampled_from([True, 5, 2.5, 10**30, "{{x}}", "{{tags}}", "{{contact.x}}9"])}
)
_arm = st.fixed_dictionaries(
    {"name": st.sampled_from(["A", "B"]), "weight": st.sampled_from([1, 0.001, 1_000_000]), "target_step": target}
)
_place = st.fixed_dictionaries({"chat": st.just("VIP")}, optional={"text": text})

_coupon = st.fixed_dictionaries(
    {"code": st.sampled_from(["A", "/menu", "{{x}}"]) | text},
    optional={
        "percent": st.sampled_from([1, "12.5", 99]),
        "amount_off": price | st.just("5"),
        "until": st.sampled_from(["2026-03-01", "2026-03-02", "9999-12-31"]),
        "limit": st.just(1),
    },
)

CONFIGS: dict[StepType, st.SearchStrategy[dict[str, Any]]] = {
    StepType.MESSAGE: st.fixed_dictionaries(
        {"text": text}, optional={"media": media, "parse_mode": st.sampled_from(["html", "none"])}
    ),
    StepType.BUTTONS: st.fixed_dictionaries(
        {"text": text, "custom_buttons": st.lists(_button, min_size=1, max_size=4)},
        optional={"retry_text": text, "stale_press": st.sampled_from(["notice", "follow", "remove"])},
    ),
    StepType.QUESTION: st.fixed_dictionaries(
        {"text": text},
        optional={
            "save_as": st.sampled_from(["x", "contact.x"]),
            "retry_text": text,
            "accepts": st.lists(st.sampled_from(["text", "photo", "contact", "location"]), min_size=1, unique=True),
        },
    ),
    StepType.PAYMENT: st.fixed_dictionaries(
        {},
        optional={
            "amount": price | st.just("10"),
            "currency": st.sampled_from(["BRL", "XTR"]),
            "description": text,
            "pending_minutes": st.sampled_from([0.5, 10]),
            "deliver": content,
            "payer": st.just({"email": "x"}),
            "coupons": st.lists(_coupon, max_size=3),
        },
    ),
    StepType.ACCESS: content | _place,
    StepType.DELIVER: content | _place,
    StepType.HTTP: st.fixed_dictionaries(
        {
            "method": st.sampled_from(["GET", "POST"]),
            "url": st.sampled_from(["https://example.com/{{x}}", "http://127.0.0.1/", "{{first_name}}"]),
        },
        optional={
            "headers": st.just({"X-Name": "{{first_name}}", "Content-Type": "application/json"}),
            "body": text | st.just({"a": ["{{x}}", {"b": "{{first_name}}!"}], "c": None}),
            "save": st.sampled_from([{"x": "a.b[0]"}, {"contact.y": "$", "z": "z.0"}]),
            "timeout_seconds": st.sampled_from([0.5, 10]),
            "safe_to_repeat": st.booleans(),
        },
    ),
    StepType.HANDOFF: st.fixed_dictionaries({}, optional={"text": text, "note": text}),
    StepType.DELAY: st.sampled_from(
        [
            {"seconds": 5},
            {"days": 2.5, "weekdays": ["mon"], "avoid_quiet_hours": True},
            {"until": "09:00"},
            {"until": "99:99"},
            {"minutes": 1},
        ]
    ),
    StepType.BRANCH: st.just({}),
    StepType.SET: st.fixed_dictionaries(
        {},
        optional={
            "assign": st.lists(_assignment, max_size=3),
            "clear": st.lists(variable, max_size=2),
            "add_tags": st.lists(tag, max_size=3),
            "remove_tags": st.lists(tag, max_size=3),
        },
    ),
    StepType.SPLIT: st.fixed_dictionaries({"arms": st.lists(_arm, min_size=1, max_size=3)}),
    StepType.SUBFLOW: st.fixed_dictionaries({"flow": st.sampled_from((*SUBFLOWS, "gone"))}),
}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document that parses: what is invalid in it is skipped when it is compiled."""
    steps = []
    for step_id in STEP_IDS:
        kind = draw(st.sampled_from(KINDS))
        connections = {name: draw(maybe_target) for name in ("next", "pending", "retry")}
        steps.append(
            {
                "id": step_id,
                "type": kind,
                "config": draw(CONFIGS[kind]),
                "connections": connections,
                "conditions": draw(st.lists(conditions(), max_size=2)),
            }
        )
    return {
        "spec_version": 1,
        "flow_start_step_id": draw(st.sampled_from(STEP_IDS)),
        "main_buttons": draw(st.lists(st.fixed_dictionaries({"text": text}, optional={"price": price}), max_size=2)),
        "on_start": draw(st.sampled_from(["restart", "resume"])),
        "triggers": [{"command": "menu", "target_step": draw(target)}],
        "flow_steps": steps,
    }


@st.composite
def carried(draw: st.DrawFn) -> dict[str, Any]:
    """What a version may store of its subflows, by any hand: some missing, some running each other or themselves."""
    pins = {flow_id: str(version_id) for flow_id, version_id in SUBFLOWS.items()}
    some = st.sets(st.sampled_from(sorted(SUBFLOWS))).map(lambda names: {name: pins[name] for name in names})
    versions = {
        str(version_id): {
            "flow": flow_id,
            "name": flow_id.upper(),
            "number": 1,
            "subflows": draw(some),
            "definition": draw(documents()),
        }
        for flow_id, version_id in SUBFLOWS.items()
        if draw(st.integers(0, 5))
    }
    return {"subflows": pins, "versions": versions}


_small = st.integers(0, 6)
_id = st.integers(1, 4).map(lambda number: UUID(int=number))
_status = st.sampled_from(PaymentStatus)
_index = st.integers(-1, 4) | st.sampled_from([PAID_BUTTON, NEW_CODE_BUTTON, BUMP_YES_BUTTON, BUMP_NO_BUTTON])
_ref = st.builds(
    ButtonRef,
    run_id=st.sampled_from([RUN, RUN, RUN, UUID(int=1)]),
    version_id=st.sampled_from([VERSION, VERSION, *SUBFLOWS.values()]),
    ordinal=st.integers(-1, 8),
    wait=_small,
    index=_index,
)

_carried = st.sampled_from(
    [{"file_id": "F"}, {"phone_number": "5511987654321", "own": True}, {"phone_number": "1", "own": False}]
)

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Start, payload=st.none() | text),
    st.builds(Answered, kind=st.sampled_from(AnswerKind), text=text | st.just("/menu"), data=_carried),
    st.builds(Pressed, callback_id=st.just("c"), message_id=st.none() | _small, ref=st.none() | _ref, raw=text),
    st.builds(TimerFired, kind=st.sampled_from(TimerKind), wait=_small, visit=st.none() | _small),
    st.builds(
        ChargeReady,
        visit=_small,
        payment_id=_id,
        br_code=st.sampled_from(["", "000201", "9" * 300]),
        amount_minor=st.integers(1, 9999),
        currency=st.just("BRL"),
        page_url=st.none() | st.just("https://example.com"),
    ),
    st.builds(ChargeFailed, visit=_small, code=st.just("down"), retrying=st.booleans()),
    st.builds(CouponRefused, visit=_small, coupon=st.just("A"), code=st.sampled_from(["used_up", "does_not_fit", "?"])),
    st.builds(
        PaymentChanged,
        visit=_small,
        payment_id=_id,
        order_id=_id,
        status=_status,
        amount_minor=st.integers(1, 9999),
        currency=st.just("BRL"),
        at=st.just(BEGINNING),
    ),
    st.builds(PaymentChecked, visit=_small, payment_id=_id, status=_status, checked=st.booleans()),
    st.builds(AccessReady, visit=st.none() | _small, grant_id=_id, link=text, wait=_small),
    st.builds(
        HttpAnswered,
        wait=_small,
        outcome=st.sampled_from(HttpOutcome),
        status=st.none() | st.integers(100, 599),
        values=st.dictionaries(st.sampled_from(["x", "z", "contact.y"]), text | st.integers() | st.lists(text)),
        milliseconds=st.none() | _small,
    ),
    st.just(AccessRecalled(())),
    st.builds(MoneyTold, st.sampled_from(MoneyWord)),
    st.just(Resumed()),
    st.builds(OperatorResumed, step_id=st.none() | target),
    st.builds(OperatorClosed, message=st.none() | text, despite_owing=st.booleans()),
    st.builds(
        VariablesSet,
        variables=st.dictionaries(st.sampled_from(["x", "z", "contact.y"]), text | st.integers() | st.none()),
        cleared=st.lists(st.sampled_from(["x", "contact.y"]), max_size=2).map(tuple),
    ),
    st.builds(
        VersionMoved,
        version_id=_id,
        number=_small,
        choices=st.dictionaries(target, st.builds(StepChoice, st.sampled_from(Fate), st.none() | target, text)),
        covered=st.booleans(),
    ),
)


def aimed(event: Event, state: State, flow: Flow) -> Event:
    """The event pointed at what the run really waits for; left alone, chance seldom hits it."""
    present = flow.within(state.frames)
    ordinal = present.ordinals.get(state.step_id or "", 0)
    visit = max(state.visits, default=1)
    match event:
        case Pressed(ref=ButtonRef(index=index)) if index in (PAID_BUTTON, NEW_CODE_BUTTON) and visit in state.visits:
            charged = state.visits[visit]
            sender = flow.within(charged.frames)
            there = sender.ordinals.get(charged.step_id, 0)
            return replace(event, ref=ButtonRef(RUN, sender.version_id, there, charged.wait, index))
        case Pressed(ref=ButtonRef(index=index)):
            return replace(event, ref=ButtonRef(RUN, present.version_id, ordinal, state.wait, index))
        case TimerFired() | HttpAnswered():
            return replace(event, wait=state.wait)
        case ChargeReady() | ChargeFailed() | CouponRefused() | PaymentChanged() | PaymentChecked():
            return replace(event, visit=visit)
        case _:
            return event
