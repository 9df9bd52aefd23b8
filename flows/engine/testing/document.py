"""A saved test conversation as it is written: what the person and the world do, and what is expected of the flow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from flows.engine import limits
from flows.engine.events import AnswerKind
from flows.engine.fields import Finite, Flag, NotBlank, Part, StepId, Text, VariableName, Whole

MAX_NAME: Final = 120
MAX_ITEMS: Final = 200
MAX_WAIT: Final = timedelta(days=366)
# A Monday morning in São Paulo: delays until a time of day give the same test every day.
BEGINNING: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

_Amount = Annotated[Finite, Field(gt=0, le=limits.MAX_DELAY_SECONDS)]
_Place = Annotated[Whole, Field(ge=1, le=10_000)]


class MediaKind(StrEnum):
    """What a person may send besides text."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"

    @property
    def answer(self) -> AnswerKind:
        return AnswerKind(self.value)


class Outcome(StrEnum):
    """What becomes of a charge. `late_paid`: it expires first, and is paid all the same."""

    READY = "ready"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"
    LATE_PAID = "late_paid"
    REFUNDED = "refunded"


class Ends(StrEnum):
    """Where a conversation may stand. `waiting`: its run waits for something; `none`: nothing was begun."""

    WAITING = "waiting"
    ENDED = "ended"
    FAILED = "failed"
    NONE = "none"


# What the person does


class SendText(Part):
    """Writes; `/start` begins, as in a chat."""

    type: Literal["text"] = "text"
    text: NotBlank


class SendCommand(Part):
    """Sends a command, `start` with what a deep link carries."""

    type: Literal["command"] = "command"
    command: NotBlank = Field(description="Without the slash: `start`, `menu`.")
    payload: Text = ""


class SendMedia(Part):
    """Sends a photo, a voice message, a file."""

    type: Literal["media"] = "media"
    kind: MediaKind = MediaKind.PHOTO
    caption: Text = ""
    file_id: NotBlank = "test-file"


class SendContact(Part):
    """Shares a phone number."""

    type: Literal["contact"] = "contact"
    phone_number: NotBlank = "+5511999990000"
    first_name: Text = ""
    own: Flag = Field(default=True, description="The person's own number, not somebody else's.")


class SendLocation(Part):
    """Shares a place."""

    type: Literal["location"] = "location"
    latitude: Annotated[Finite, Field(ge=-90, le=90)] = -23.55052
    longitude: Annotated[Finite, Field(ge=-180, le=180)] = -46.633308


class Press(Part):
    """Presses a button: by its text the newest that has it, or by its place in a message, an old one too."""

    type: Literal["press"] = "press"
    text: NotBlank | None = None
    index: Annotated[Whole, Field(ge=0, le=99)] | None = Field(default=None, description="Counted from 0.")
    message: _Place | None = Field(default=None, description="The bot's message it is under, counted from 1.")


# What the world does


class Wait(Part):
    """Time passes, and all that falls due meanwhile happens in its order; without a duration: up to the next of it."""

    type: Literal["wait"] = "wait"
    seconds: _Amount | None = None
    minutes: _Amount | None = None
    hours: _Amount | None = None
    days: _Amount | None = None

    @property
    def duration(self) -> timedelta | None:
        """How long; None for "until something is due"."""
        given = (self.seconds, self.minutes, self.hours, self.days)
        if all(one is None for one in given):
            return None
        total = sum((one or 0) * unit for one, unit in zip(given, (1, 60, 3_600, 86_400), strict=True))
        return timedelta(seconds=min(total, MAX_WAIT.total_seconds()))


class Payment(Part):
    """Something happens to a charge: the newest, or the one counted from 1."""

    type: Literal["payment"] = "payment"
    outcome: Outcome
    charge: _Place | None = None


class ChargeFails(Part):
    """No gateway makes the charge that was asked for. `retrying`: it is still tried."""

    type: Literal["charge_failed"] = "charge_failed"
    code: NotBlank = "gateway_down"
    retrying: Flag = False


class HttpAnswer(Part):
    """What the called address answers; a status of 0 is no answer at all."""

    type: Literal["http_answer"] = "http_answer"
    status: Annotated[Whole, Field(ge=0, le=599)] = 200
    json_body: object = Field(default=None, alias="json")


class OperatorResume(Part):
    """The team sends the run on: to a step, or again at the one where it stands."""

    type: Literal["operator_resume"] = "operator_resume"
    step: StepId | None = None


class SetVariables(Part):
    """Variables are changed by hand, as in a test chat, while a run waits; null clears one."""

    type: Literal["set_variables"] = "set_variables"
    variables: Annotated[dict[VariableName, object], Field(min_length=1, max_length=limits.MAX_VARIABLES)]


# What is expected of what the last of these brought


class Reply(Part):
    """One message of the bot; every field that is given must fit. Texts are compared as a person reads them."""

    text: Text | None = Field(default=None, description="The whole text.")
    contains: NotBlank | None = Field(default=None, description="A part of the text.")
    buttons: tuple[Text, ...] | None = Field(default=None, description="The texts of all its buttons, in their order.")
    media: NotBlank | None = Field(default=None, description="The kind of its medium: photo, video, document.")
    amount: NotBlank | None = Field(default=None, description='It carries the code of a charge of this: "29.90".')


class ExpectReplies(Part):
    """Exactly these messages, in this order; with `others`, other messages may stand between them."""

    type: Literal["expect_replies"] = "expect_replies"
    replies: Annotated[tuple[Reply, ...], Field(min_length=1, max_length=50)]
    others: Flag = False


class ExpectNoReply(Part):
    """Nothing was said."""

    type: Literal["expect_no_reply"] = "expect_no_reply"


class ExpectNotice(Part):
    """The short notice that answers a press."""

    type: Literal["expect_notice"] = "expect_notice"
    text: Text | None = None
    contains: NotBlank | None = None


class ExpectVariables(Part):
    """Variables and their values; null is for one that is not set."""

    type: Literal["expect_variables"] = "expect_variables"
    variables: Annotated[dict[VariableName, object], Field(min_length=1, max_length=limits.MAX_VARIABLES)]


class ExpectTags(Part):
    """Tags the contact has, and has not."""

    type: Literal["expect_tags"] = "expect_tags"
    has: tuple[NotBlank, ...] = ()
    lacks: tuple[NotBlank, ...] = ()


class ExpectStep(Part):
    """The step where the run waits."""

    type: Literal["expect_step"] = "expect_step"
    step: StepId


class ExpectState(Part):
    """Where the conversation stands."""

    type: Literal["expect_state"] = "expect_state"
    state: Ends


class ExpectCharge(Part):
    """The newest charge: its amount, how it stands, how many there were."""

    type: Literal["expect_charge"] = "expect_charge"
    amount: NotBlank | None = None
    status: NotBlank | None = None
    count: Annotated[Whole, Field(ge=0, le=1_000)] | None = None


class ExpectAttention(Part):
    """The team was called, for this reason if one is given."""

    type: Literal["expect_attention"] = "expect_attention"
    reason: NotBlank | None = None


Item = Annotated[
    SendText
    | SendCommand
    | SendMedia
    | SendContact
    | SendLocation
    | Press
    | Wait
    | Payment
    | ChargeFails
    | HttpAnswer
    | OperatorResume
    | SetVariables
    | ExpectReplies
    | ExpectNoReply
    | ExpectNotice
    | ExpectVariables
    | ExpectTags
    | ExpectStep
    | ExpectState
    | ExpectCharge
    | ExpectAttention,
    Field(discriminator="type"),
]

Expectation = (
    ExpectReplies
    | ExpectNoReply
    | ExpectNotice
    | ExpectVariables
    | ExpectTags
    | ExpectStep
    | ExpectState
    | ExpectCharge
    | ExpectAttention
)


class Charging(StrEnum):
    """Whether a charge is ready as soon as it is asked for, or when an item says so."""

    AT_ONCE = "at_once"
    BY_HAND = "by_hand"


class Person(Part):
    """Who talks to the bot."""

    first_name: Text = "Ana"
    last_name: Text = ""
    username: Text = ""
    variables: dict[VariableName, object] = Field(default_factory=dict)
    tags: tuple[NotBlank, ...] = ()
    grants: tuple[NotBlank, ...] = ()


class ConversationTest(Part):
    """One saved test conversation."""

    # Not a test of ours.
    __test__: ClassVar[bool] = False

    name: Annotated[NotBlank, Field(max_length=MAX_NAME)]
    description: Annotated[Text, Field(max_length=2_000)] = ""
    start_step: StepId | None = Field(default=None, description="Begin at this step, before anything is done.")
    variables: dict[VariableName, object] = Field(default_factory=dict, description="Of the first run.")
    contact: Person = Person()
    locale: Literal["pt-br", "en"] | None = Field(default=None, description="The chat's language; else the bot's.")
    time_zone: NotBlank | None = Field(default=None, description="Else the organization's.")
    flow_enabled: Flag = Field(default=True, description="False: the bot's welcome answers.")
    charges: Charging = Charging.AT_ONCE
    seed: Annotated[Whole, Field(ge=0, le=2**62)] = Field(default=1, description="Chooses the arms of splits.")
    steps: Annotated[tuple[Item, ...], Field(max_length=MAX_ITEMS)] = ()
