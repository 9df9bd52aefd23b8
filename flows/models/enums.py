"""States and sources that rows of the flows app name."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InboxSource(models.TextChoices):
    """Where an inbox row came from."""

    TELEGRAM = "telegram", _("Telegram")
    PAYMENT = "payment", _("Payment")
    TIMER = "timer", _("Timer")
    OUTSIDE = "outside", _("Outside answer")
    OPERATOR = "operator", _("Team")
    API = "api", _("API")
    SIMULATOR = "simulator", _("Test chat")


class InboxState(models.TextChoices):
    """`new` waits for the drain; the other three are final."""

    NEW = "new", _("Waiting")
    DONE = "done", _("Done")
    SET_ASIDE = "set_aside", _("Set aside")
    IGNORED = "ignored", _("Ignored")


class RunStatus(models.TextChoices):
    """`failed` stands still by fault; `closed` was ended by something else than its flow."""

    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")
    FAILED = "failed", _("Failed")
    CLOSED = "closed", _("Closed")


class TimerState(models.TextChoices):
    """A timer fires once, as an inbox row, or dies with the wait that set it."""

    ARMED = "armed", _("Armed")
    FIRED = "fired", _("Fired")
    VOID = "void", _("Void")


class Direction(models.TextChoices):
    """Which way a line of the transcript went."""

    IN = "in", _("From the contact")
    OUT = "out", _("To the contact")


class AssetKind(models.TextChoices):
    """What an uploaded file is sent as; the values are those of the engine's `MediaType`."""

    PHOTO = "photo", _("Photo")
    VIDEO = "video", _("Video")
    AUDIO = "audio", _("Audio")
    VOICE = "voice", _("Voice message")
    DOCUMENT = "document", _("Document")
    ANIMATION = "animation", _("Animation")
