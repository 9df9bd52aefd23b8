"""SPEC 3 as one run sees it: charges, "I have paid", and money that is never refused."""

from datetime import timedelta
from typing import Any

import pytest

from flows.engine.effects import (
    ArmTimer,
    AttentionReason,
    CheckPayment,
    GrantAccess,
    OrderServed,
    OutButton,
    RaiseAttention,
    RenewPayment,
    RequestPayment,
    TimelineKind,
    VoidTimers,
)
from flows.engine.events import AccessReady, OperatorResumed, PaymentStatus, TimerKind
from flows.engine.state import Status
from tests.support.conversation import BR_CODE, ORDER, PAYMENT, RUN, SECOND_ORDER, SECOND_PAYMENT, Talk
from tests.support.flows import (
    Document,
    a_condition,
    a_deliver,
    a_message,
    a_payment,
    a_question,
    a_step,
    an_access,
    buttons,
)

ELSEWHERE = (a_question("unpaid", "Ainda quer?"), a_question("again", "De novo?"), an_access("vip", "Seu acesso"))
WAITS = {"next": "vip", "pending": "unpaid"}


def charging(*more: Document, **parts: Any) -> Talk:
    return Talk(a_payment("pay", **{**WAITS, **parts}), *ELSEWHERE, *more).begin()


def test_entering_asks_for_the_charge_and_says_nothing() -> None:
    talk = charging(config={"description": "VIP", "pending_minutes": 15, "deliver": {"text": "Oi"}})
    assert talk.said == []
    assert talk.of(RequestPayment) == [
        RequestPayment(
            visit=1,
            step_id="pay",
            button_index=None,
            amount_minor=2990,
            currency="BRL",
            description="VIP",
            account_id=None,
            expires_minutes=30,
            deliver={"text": "Oi", "mode": "join_request"},
            payer={},
            items=talk.of(RequestPayment)[0].items,
        )
    ]
    assert talk.of(ArmTimer) == [ArmTimer(TimerKind.PENDING, talk.now + timedelta(minutes=15), 1, 1)]


def test_payer_data_is_asked_in_the_flow_and_never_invented() -> None:
    talk = Talk(
        a_question("ask", next="pay", config={"save_as": "email"}),
        a_payment("pay", config={"payer": {"email": "email", "document": "cpf"}}, **WAITS),
        *ELSEWHERE,
    ).begin()
    assert talk.write("a@example.com").of(RequestPayment)[0].payer == {"email": "a@example.com"}


def test_the_code_is_said_when_it_is_ready_with_its_buttons() -> None:
    talk = charging(config={"text": "Total {{payment.amount}}"}).charge_ready()
    picture, code = talk.messages
    assert (picture.text, picture.qr) == ("Total 29,90", BR_CODE)
    assert code.text == f"Copie o código e cole no aplicativo do seu banco:\n<code>{BR_CODE}</code>"
    (copy,), (paid,) = code.buttons
    assert copy == OutButton("Copiar código", copy_text=BR_CODE)
    assert paid.text == "Já paguei"
    assert paid.ref is not None
    assert (paid.ref.wait, paid.ref.index) == (1, 1000)


def test_a_code_too_long_to_copy_has_no_copy_button() -> None:
    code = charging().charge_ready(code="9" * 257).messages[1]
    assert [button.text for row in code.buttons for button in row] == ["Já paguei"]


def test_a_code_that_comes_after_the_run_moved_on_is_kept_and_not_said() -> None:
    talk = charging(config={"pending_minutes": 1}).later(minutes=1).timer(TimerKind.PENDING).charge_ready()
    assert (talk.at, talk.said) == ("unpaid", [])
    assert talk.state.visits[1].payment_id == PAYMENT


def test_the_pending_timer_leaves_by_pending_once() -> None:
    talk = charging(config={"pending_minutes": 1}).charge_ready().later(minutes=1).timer(TimerKind.PENDING)
    assert talk.at == "unpaid"
    assert talk.of(VoidTimers) == [VoidTimers()]
    assert talk.timer(TimerKind.PENDING, wait=1).last == ()


def test_i_have_paid_asks_the_gateway() -> None:
    talk = charging().charge_ready().says_paid()
    assert talk.notices == ["Verificando o pagamento…"]
    assert talk.of(CheckPayment) == [CheckPayment(1, PAYMENT, None)]
    assert talk.at == "pay"


def test_still_unpaid_leaves_by_pending_once_per_visit_and_then_says_so() -> None:
    talk = charging().charge_ready().says_paid().checked()
    assert talk.at == "unpaid"
    assert talk.says_paid(wait=1, step="pay").of(CheckPayment) == [CheckPayment(1, PAYMENT, None)]
    assert talk.checked().at == "unpaid"
    assert talk.said == ["Ainda não vimos o seu pagamento. Assim que ele for confirmado, avisamos aqui."]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (PaymentStatus.PAID, "Recebemos um pagamento seu fora do prazo ou de outro valor."),
        (PaymentStatus.DISPUTED, "Recebemos um pagamento seu fora do prazo ou de outro valor."),
        (PaymentStatus.REFUNDED, "Devolvemos R$ 29,90 a você."),
    ],
)
def test_whose_money_came_and_was_not_served_is_told_what_became_of_it(status: PaymentStatus, said: str) -> None:
    """Too late or of another amount: the seller decides, and "I have paid" is not met with silence."""
    talk = charging().charge_ready().says_paid().checked(status)
    [text] = talk.said
    assert text is not None
    assert text.startswith(said)
    assert (talk.at, talk.paid().said) == ("pay", ["Seu acesso"])


def test_still_unpaid_without_a_way_says_so_and_stays() -> None:
    talk = charging(pending=None).charge_ready().says_paid().checked()
    assert talk.at == "pay"
    assert len(talk.said) == 1


def test_a_pending_condition_goes_before_the_connection() -> None:
    condition = a_condition("payment_status", "again", status="pending")
    assert charging(conditions=[condition]).charge_ready().checked().at == "again"


def test_paid_where_it_waits_takes_next_and_the_access_serves_the_order() -> None:
    talk = charging().charge_ready().paid()
    assert talk.state.status is Status.ENDED
    assert talk.said == ["Seu acesso"]
    assert talk.of(GrantAccess) == [GrantAccess(1, ORDER, {"text": "Seu acesso", "mode": "join_request"}, "vip")]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_paid_before_the_code_was_ever_ready() -> None:
    assert charging().paid().said == ["Seu acesso"]


def test_a_paid_condition_goes_before_next() -> None:
    talk = charging(conditions=[a_condition("payment_status", "again")]).paid()
    assert talk.at == "again"
    assert talk.state.owes


def test_paid_while_it_waits_at_another_step() -> None:
    talk = charging().charge_ready().says_paid().checked()
    assert talk.at == "unpaid"
    talk.paid()
    assert (talk.state.status, talk.said) == (Status.ENDED, ["Seu acesso"])


def test_paid_when_the_run_has_ended() -> None:
    talk = Talk(a_payment("pay", next="vip", pending="bye"), an_access("bye", "Tchau"), *ELSEWHERE).begin()
    talk.charge_ready().checked()
    assert talk.state.status is Status.ENDED
    assert talk.paid().said == ["Seu acesso"]


def test_paid_when_the_run_has_failed() -> None:
    talk = Talk(
        a_payment("pay", next="vip", pending="a"), a_message("a", next="b"), a_message("b", next="a"), *ELSEWHERE
    ).begin()
    talk.charge_ready().checked()
    assert talk.state.status is Status.FAILED
    assert talk.paid().said == ["Seu acesso"]


def test_the_paid_exit_is_taken_once() -> None:
    talk = charging().paid().paid()
    assert talk.said == []
    assert talk.of(OrderServed) == []
    assert talk.paid(payment=SECOND_PAYMENT, order=SECOND_ORDER).said == []


def test_two_visits_have_an_exit_each() -> None:
    talk = Talk(a_payment("pay", next="vip", pending="menu"), buttons("menu", "Pagar", next="pay"), *ELSEWHERE).begin()
    talk.charge_ready().checked().press(0).charge_ready(2, payment=SECOND_PAYMENT)
    assert talk.paid(1).of(OrderServed) == [OrderServed(ORDER)]
    second = talk.paid(2, payment=SECOND_PAYMENT, order=SECOND_ORDER)
    assert second.of(OrderServed) == [OrderServed(SECOND_ORDER)]
    assert second.of(GrantAccess)[0].visit == 2


def test_paid_kills_stale_timers() -> None:
    talk = charging(config={"pending_minutes": 9}, next="again").charge_ready().paid()
    assert talk.of(VoidTimers) == [VoidTimers()]
    assert talk.timer(TimerKind.PENDING, wait=1).last == ()


def test_deliver_is_said_at_once_wherever_the_run_is_and_serves_the_order() -> None:
    talk = charging(config={"deliver": {"text": "Pago!", "link": "https://example.com"}}, next=None).charge_ready()
    talk.checked().paid()
    assert talk.at == "unpaid"
    assert talk.said == ["Pago!\nhttps://example.com"]
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
    assert not talk.state.owes


def test_paid_without_a_way_ends_a_run_that_waits_there() -> None:
    talk = charging(next=None).charge_ready().paid()
    assert talk.state.status is Status.ENDED
    assert talk.of(OrderServed) == [OrderServed(ORDER)]


def test_paid_without_a_way_leaves_a_run_elsewhere_and_owes() -> None:
    talk = charging(next=None).charge_ready().checked().paid()
    assert talk.at == "unpaid"
    assert talk.state.owes


def test_a_run_owes_until_it_delivers() -> None:
    talk = Talk(
        a_payment("pay", next="ask", pending="ask"),
        a_question("ask", next="give"),
        a_deliver("give", "Arquivo", next="end"),
        a_question("end"),
    ).begin()
    assert talk.paid().state.owes
    assert talk.at == "ask"
    assert talk.write("x").of(OrderServed) == [OrderServed(ORDER)]
    assert not talk.state.owes


def test_a_delivery_without_an_order_counts_by_its_entry() -> None:
    talk = Talk(a_deliver("give", "Arquivo", next="end"), a_question("end")).begin()
    assert talk.of(GrantAccess) == [GrantAccess(1, None, {"text": "Arquivo", "mode": "join_request"}, "give")]


def test_one_order_that_paid_two_visits_is_served_once() -> None:
    talk = Talk(
        a_payment("pay", next="sure", pending="sure"),
        a_question("sure", next="pay", conditions=[a_condition("text_validation", "vip", validation="number")]),
        *ELSEWHERE,
    ).begin()
    assert talk.paid().at == "sure"
    talk.send(OperatorResumed("pay")).paid(2).write("1")
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
    assert [(grant.visit, grant.order_id) for grant in talk.of(GrantAccess)] == [(2, ORDER)]


def test_a_place_in_a_chat_is_given_for_each_order_and_its_link_asked_for_once() -> None:
    talk = Talk(
        a_payment("pay", next="sure", pending="sure"),
        a_question("sure", next="again"),
        a_payment("again", next="give", pending="sure"),
        a_step("give", "deliver", {"chat": "VIP"}, next="end"),
        a_question("end"),
    ).begin()
    talk.paid().write("sim").paid(2, order=SECOND_ORDER, payment=SECOND_PAYMENT)
    assert [(grant.order_id, grant.link_for) for grant in talk.of(GrantAccess)] == [(ORDER, 4), (SECOND_ORDER, None)]
    assert (talk.at, talk.state.owes) == ("give", False)
    talk.send(AccessReady(1, RUN, "https://t.me/+vip", wait=4))
    assert (talk.at, talk.messages[0].buttons[0][0].url) == ("end", "https://t.me/+vip")


def test_money_takes_its_exit_while_the_link_is_waited_for_and_the_link_is_still_said() -> None:
    talk = Talk(
        a_payment("pay", next="end", pending="give"),
        a_step("give", "deliver", {"chat": "VIP"}, next="pay"),
        a_question("end"),
    ).begin()
    talk.charge_ready().checked()
    assert talk.at == "give"
    assert talk.paid().at == "end"
    talk.send(AccessReady(None, RUN, "https://t.me/+vip", wait=2))
    assert (talk.at, talk.messages[0].buttons[0][0].url) == ("end", "https://t.me/+vip")


def test_an_expired_code_offers_a_new_one_by_itself() -> None:
    talk = charging().charge_ready().payment(PaymentStatus.EXPIRED)
    assert talk.at == "pay"
    assert talk.said == ["Este código de pagamento não vale mais. Peça um novo código para pagar."]
    assert talk.messages[0].buttons[0][0].text == "Novo código"


def test_an_expired_code_leaves_by_retry_where_that_is_connected() -> None:
    assert charging(retry="again").charge_ready().payment(PaymentStatus.EXPIRED).at == "again"


def test_expired_and_failed_each_have_their_condition() -> None:
    conditions = [
        a_condition("payment_status", "unpaid", status="failed"),
        a_condition("payment_status", "again", status="expired"),
    ]
    assert charging(conditions=conditions).payment(PaymentStatus.EXPIRED).at == "again"
    assert charging(conditions=conditions).payment(PaymentStatus.FAILED).at == "unpaid"


def test_an_expiry_after_the_run_moved_on_is_only_written_down() -> None:
    talk = charging(retry="again").charge_ready().checked().payment(PaymentStatus.EXPIRED)
    assert (talk.at, talk.said) == ("unpaid", [])
    assert talk.state.visits[1].status is PaymentStatus.EXPIRED


def test_a_new_code_is_asked_once_and_said_when_ready() -> None:
    talk = charging().charge_ready().payment(PaymentStatus.EXPIRED).asks_new_code()
    assert talk.of(RenewPayment) == [RenewPayment(1, PAYMENT)]
    assert talk.asks_new_code().of(RenewPayment) == []
    assert talk.notices == ["Preparando um novo código…"]
    talk.charge_ready(payment=SECOND_PAYMENT, code="NEW")
    assert talk.messages[0].qr == "NEW"
    assert talk.asks_new_code().said == ["Copie o código e cole no aplicativo do seu banco:\n<code>NEW</code>"]


def test_the_expiry_of_a_superseded_code_changes_nothing() -> None:
    talk = charging(retry="again").charge_ready().charge_ready(payment=SECOND_PAYMENT, code="NEW")
    assert talk.payment(PaymentStatus.EXPIRED).at == "pay"


def test_the_superseded_code_can_still_be_paid() -> None:
    talk = charging().charge_ready().charge_ready(payment=SECOND_PAYMENT, code="NEW")
    assert talk.paid(payment=PAYMENT).said == ["Seu acesso"]


def test_expired_and_then_paid_late() -> None:
    assert charging().charge_ready().payment(PaymentStatus.EXPIRED).paid().said == ["Seu acesso"]


def test_a_charge_that_is_retried_keeps_its_place_and_tells_the_person() -> None:
    talk = charging(retry="again").charge_failed(retrying=True)
    assert talk.at == "pay"
    assert len(talk.said) == 1
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.CHARGE_FAILED)]
    assert talk.charge_failed(retrying=True).said == []
    assert talk.charge_ready().messages[0].qr == BR_CODE


def test_a_charge_that_failed_goes_by_retry_or_offers_a_new_code() -> None:
    assert charging(retry="again").charge_failed().at == "again"
    talk = charging().charge_failed()
    assert talk.at == "pay"
    assert talk.messages[0].buttons[0][0].text == "Novo código"
    assert talk.asks_new_code().of(RenewPayment) == [RenewPayment(1, None)]


def test_paid_already_is_what_a_later_press_hears() -> None:
    talk = charging(next="again").charge_ready().paid().says_paid(wait=1, step="pay")
    assert talk.notices == ["O seu pagamento já foi confirmado."]
    assert talk.of(CheckPayment) == []


@pytest.mark.parametrize("status", [PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.DISPUTED])
def test_what_happens_to_the_money_afterwards_is_only_recorded(status: PaymentStatus) -> None:
    talk = charging(next="again").paid().payment(status)
    assert talk.at == "again"
    assert [record.data["status"] for record in talk.recorded(TimelineKind.PAYMENT_CHANGED)] == [str(status)]
    assert talk.said == []


def test_a_visit_nobody_knows_is_noted_and_alarmed_when_paid() -> None:
    talk = charging().paid(9)
    assert talk.problems == ["unknown_visit"]
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.PAID_WITHOUT_STEP)]
    assert talk.at == "pay"


def test_text_reminds_of_the_open_code_at_most_once_a_minute() -> None:
    talk = charging().charge_ready()
    assert talk.write("oi").said == [f"O seu código de pagamento continua aberto:\n<code>{BR_CODE}</code>"]
    assert talk.later(seconds=59).write("oi").said == []
    assert len(talk.later(seconds=1).write("oi").said) == 1


def test_no_amount_at_all_goes_the_way_of_a_failed_payment_with_an_alarm() -> None:
    talk = Talk(a_payment("pay", None, retry="again", **WAITS), *ELSEWHERE).begin()
    assert talk.at == "again"
    assert talk.of(RequestPayment) == []
    assert talk.of(RaiseAttention) == [RaiseAttention(AttentionReason.NO_AMOUNT)]


def test_no_amount_and_no_way_tells_the_person_and_stays() -> None:
    talk = Talk(a_payment("pay", None, **WAITS), *ELSEWHERE).begin()
    assert talk.at == "pay"
    assert len(talk.said) == 1


def test_an_operator_sends_a_paid_run_on() -> None:
    talk = charging(next="again").paid().send(OperatorResumed("vip"))
    assert talk.of(OrderServed) == [OrderServed(ORDER)]
