"""States that rows of the payments app name, and how people read them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.domain.events import EventKind, EventSource
from payments.domain.gateway_names import GatewayName
from payments.domain.rules import MoneyCase, MoneyPolicy
from payments.domain.states import PaymentStatus

PAYMENT_STATUS_CHOICES = [
    (PaymentStatus.PENDING.value, _("Waiting for payment")),
    (PaymentStatus.PAID.value, _("Paid")),
    (PaymentStatus.FAILED.value, _("Failed")),
    (PaymentStatus.EXPIRED.value, _("Expired")),
    (PaymentStatus.REFUNDED.value, _("Refunded")),
    (PaymentStatus.PARTIALLY_REFUNDED.value, _("Partly refunded")),
    (PaymentStatus.DISPUTED.value, _("Disputed")),
]
# Names of houses are the same in every language.
GATEWAY_CHOICES = [
    (GatewayName.SANDBOX.value, "Sandbox"),
    (GatewayName.MERCADO_PAGO.value, "Mercado Pago"),
    (GatewayName.PUSHINPAY.value, "PushinPay"),
    (GatewayName.WOOVI.value, "Woovi (OpenPix)"),
    (GatewayName.ASAAS.value, "Asaas"),
    (GatewayName.STARS.value, "Telegram Stars"),
]
# Those a seller connects. The others come by themselves: the sandbox by a click, a bot's Stars with the bot.
CONNECTABLE_CHOICES = [
    (name, label) for name, label in GATEWAY_CHOICES if name not in (GatewayName.SANDBOX, GatewayName.STARS)
]
EVENT_SOURCE_CHOICES = [
    (EventSource.CREATE.value, _("Creation")),
    (EventSource.WEBHOOK.value, _("Gateway's notice")),
    (EventSource.POLL.value, _("Our question to the gateway")),
    (EventSource.PRESS.value, _("“I have paid”")),
    (EventSource.EXPIRY.value, _("Expiry")),
    (EventSource.ADMIN.value, _("Staff")),
    (EventSource.OPERATOR.value, _("Team")),
]
EVENT_KIND_CHOICES = [
    (EventKind.CREATED.value, _("Charge made")),
    (EventKind.CREATION_FAILED.value, _("Charge could not be made")),
    (EventKind.ADOPTED.value, _("Taken over by a new visit")),
    (EventKind.SUPERSEDED.value, _("Replaced by a new code")),
    (EventKind.MOVED.value, _("State changed")),
    (EventKind.FLAGGED.value, _("Flagged")),
    (EventKind.REFUSED.value, _("Notice refused")),
    (EventKind.FEE.value, _("Gateway's fee")),
    (EventKind.REFUND.value, _("Refund")),
    (EventKind.DECIDED.value, _("Decided by your rules or your team")),
]


class OrderStatus(models.TextChoices):
    """Where a sale stands: as its paying charge does, else as its newest one."""

    OPEN = "open", _("Waiting for payment")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")
    REFUNDED = "refunded", _("Refunded")
    PARTIALLY_REFUNDED = "partially_refunded", _("Partly refunded")
    DISPUTED = "disputed", _("Disputed")


# A part may have gone back, as the surplus of a double payment does: what was bought is owed all the same.
STILL_OWED = (OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED)


class DeliveryState(models.TextChoices):
    """What became of a gateway's notice. `unmatched` is tried again for 48 hours; the last four are final."""

    NEW = "new", _("Waiting")
    UNMATCHED = "unmatched", _("Charge unknown so far")
    DONE = "done", _("Done")
    FORGED = "forged", _("Signature wrong")
    UNREADABLE = "unreadable", _("Unreadable")
    SET_ASIDE = "set_aside", _("Set aside")


class GrantKind(models.TextChoices):
    """What a grant opens: content that is said, or a place in a chat."""

    CONTENT = "content", _("Content")
    CHAT = "chat", _("Group or channel")


MONEY_CASE_CHOICES = [
    (MoneyCase.LATE.value, _("Paid late")),
    (MoneyCase.DOUBLE.value, _("Paid twice")),
    (MoneyCase.SMALLER.value, _("Paid less")),
    (MoneyCase.LARGER.value, _("Paid more")),
]
MONEY_POLICY_CHOICES = [
    (MoneyPolicy.DELIVER.value, _("Deliver")),
    (MoneyPolicy.CREDIT.value, _("Keep as credit")),
    (MoneyPolicy.REFUND.value, _("Give it back")),
    (MoneyPolicy.ASK_ME.value, _("Ask me")),
]


class MatterState(models.TextChoices):
    """What became of money that was not as expected. `settled`: it needed no decision after all."""

    WAITING = "waiting", _("Waiting for a decision")
    DELIVERED = "delivered", _("Delivered")
    CREDITED = "credited", _("Kept as credit")
    REFUNDED = "refunded", _("Given back")
    SETTLED = "settled", _("Settled by itself")


class RefundState(models.TextChoices):
    """`asked`: the gateway is being told, or has not finished; `by_hand`: the seller sends it by bank and says so."""

    ASKED = "asked", _("On its way")
    BY_HAND = "by_hand", _("To be sent by hand")
    DONE = "done", _("Given back")
    FAILED = "failed", _("Could not be given back")
    CANCELED = "canceled", _("Canceled")


class TakenFor(models.TextChoices):
    """Why an access is taken back, or is going to be."""

    REFUND = "refund", _("The payment was given back")
    DISPUTE = "dispute", _("The payment is disputed")
