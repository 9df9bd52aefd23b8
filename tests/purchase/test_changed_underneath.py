"""Whatever becomes of a flow, its steps, its files and its gateway accounts, a run begun before goes on to its end: the
person is served, or told why, and never left in silence."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from bots.models import User
from bots.services import Actor
from bots.tenancy import organization_scope
from flows.engine.codec import load_state
from flows.engine.compile import Flow as CompiledFlow
from flows.engine.conditions import TextValidation
from flows.engine.state import State, Status
from flows.engine.steps.buttons import ButtonsStep
from flows.engine.steps.delay import DelayStep
from flows.engine.steps.handoff import HandoffStep
from flows.engine.steps.payment import PaymentStep
from flows.models import Asset, Flow, Run, Timer
from flows.runtime.version_cache import compiled
from flows.services.assets import delete_asset, upload_asset
from flows.services.definitions import delete_flow, save_draft
from flows.services.publishing import publish_version
from flows.services.starters import StarterCode, starter_definition
from payments.models import GatewayAccount, Payment
from tests.purchase.conftest import OpenWorld
from tests.support.fake_telegram import Chat
from tests.support.flows import a_flow, a_message, a_question, an_access, buttons, sales_flow
from tests.support.subflows import a_subflow
from tests.support.world import World

ANSWERS = {"email": "ana@example.com", "cpf": "529.982.247-25", "phone": "+55 11 98765-4321", "number": "9000"}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000020001e221bc330000000049454e44ae426082"
)
ANOTHER = a_flow([a_question("somewhere_else", "Outro fluxo?", next="end_of_it"), an_access("end_of_it", "Outro fim")])
MOST_ACTS = 25


def with_a_file(world: World) -> dict[str, Any]:
    with organization_scope(world.organization.pk):
        owner = Actor.of_user(User.objects.get())
        asset = upload_asset(ContentFile(PNG, name="capa.png"), name="capa.png", actor=owner).asset
    media = {"type": "photo", "asset": str(asset.pk)}
    return a_flow(
        [
            buttons("menu", {"text": "Quero", "target_step": "cover"}),
            a_message("cover", "A capa", config={"media": media}, next="ask"),
            a_question("ask", "Gostou?", next="bye"),
            an_access("bye", "Até logo!"),
        ]
    )


def as_a_subflow(world: World) -> dict[str, Any]:
    steps = [
        a_subflow("sale", str(world.flow.pk), next="ask"),
        a_question("ask", "Mais algo?", next="bye"),
        an_access("bye"),
    ]
    return a_flow(steps)


def a_starter(code: StarterCode) -> Callable[[World], dict[str, Any]]:
    return lambda world: dict(starter_definition(code, "pt-br"))


FLOWS: dict[str, Callable[[World], dict[str, Any]]] = {
    "sales": lambda world: sales_flow(),
    "subflow": as_a_subflow,
    "file": with_a_file,
    **{code.value: a_starter(code) for code in (StarterCode.VIP_GROUP, StarterCode.EBOOK, StarterCode.QUALIFIED_LEAD)},
}


# What happens to it


def deleted(world: World) -> None:
    world.change(active_flow=None, flow_enabled=False)
    with organization_scope(world.organization.pk):
        for flow in Flow.objects.filter(deleted_at=None):
            delete_flow(flow.pk)


def rebuilt(world: World) -> None:
    with organization_scope(world.organization.pk):
        for flow in Flow.objects.filter(deleted_at=None):
            save_draft(flow.pk, definition=ANOTHER, expected_revision=flow.draft_revision)
            publish_version(flow.pk)


def without_gateway(world: World) -> None:
    GatewayAccount.unscoped.update(active=False)


def without_files(world: World) -> None:
    with organization_scope(world.organization.pk):
        owner = Actor.of_user(User.objects.get())
        for asset in Asset.objects.filter(deleted_at=None):
            delete_asset(asset.pk, actor=owner)
            default_storage.delete(asset.file.name or "")


CHANGES = [deleted, rebuilt, without_gateway]


# Somebody on their way through


class Traveller:
    """Somebody who does at each step what leads on, and the run they are in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chat: Chat = world.person(7_001)
        self.heard = world.say(self.chat, "/start")
        self.run_id = world.runs_of(self.chat)[-1].pk

    @property
    def run(self) -> Run:
        return Run.unscoped.get(pk=self.run_id)

    @property
    def state(self) -> State:
        return load_state(self.run.state)

    def goes_on(self) -> bool:
        """Does what the present step waits for; False where there is nothing more to do."""
        state = self.state
        if state.status is not Status.WAITING:
            return False
        flow: CompiledFlow = compiled([state.version_id])[state.version_id].flow
        step = flow.within(state.frames).steps[state.step_id or ""]
        world, chat = self.world, self.chat
        if isinstance(step, HandoffStep):
            return False
        if isinstance(step, PaymentStep):
            open_charges = Payment.unscoped.filter(contact__telegram_user_id=chat.user_id, status="pending")
            if not open_charges.exclude(br_code="").exists():
                return False
            self.heard = world.pay(chat)
        elif isinstance(step, DelayStep):
            self.heard = self._after_the_wait()
        elif isinstance(step, ButtonsStep):
            shown = [button["text"] for button in self._last_buttons() if "callback_data" in button]
            self.heard = world.press(chat, shown[0])
        else:
            asked = [one.validation for one in step.conditions if isinstance(one, TextValidation)]
            self.heard = world.say(chat, ANSWERS.get(asked[0] if asked else "", "sim"))
        return True

    def _last_buttons(self) -> list[dict[str, Any]]:
        sent = self.world.telegram.sent_to(self.chat.user_id)
        return next(call.buttons for call in reversed(sent) if any("callback_data" in one for one in call.buttons))

    def _after_the_wait(self) -> list[str]:
        before = len(self.world.telegram.sent_to(self.chat.user_id))
        Timer.unscoped.filter(run_id=self.run_id, state="armed").update(due_at=timezone.now())
        self.world.settle()
        return [call.text for call in self.world.telegram.sent_to(self.chat.user_id)[before:]]


@pytest.mark.parametrize(
    ("name", "change"),
    [*((name, change) for name in FLOWS for change in CHANGES), ("file", without_files)],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_run_begun_before_goes_on_to_its_end(
    open_world: OpenWorld, name: str, change: Callable[[World], None]
) -> None:
    world = open_world()
    flow = world.publish(FLOWS[name](world), name="Este")
    world.change(active_flow=flow.pk, flow_enabled=True)
    traveller = Traveller(world)
    version_id = traveller.run.version_id
    assert traveller.heard
    change(world)
    acts = 0
    while traveller.goes_on():
        acts += 1
        assert traveller.heard, f"silence at {traveller.state.step_id}"
        assert acts < MOST_ACTS
    assert acts > 0
    run = traveller.run
    assert (run.version_id, run.failure) == (version_id, "")
    if change is without_gateway and run.status == "active" and traveller.state.visits:
        # No code can be made: told so, and the place is kept for when there is an account again.
        assert not traveller.state.visits[max(traveller.state.visits)].br_code
        assert any(word in " ".join(traveller.heard).lower() for word in ("código", "pagamento", "cobrança"))
    else:
        handed_over = run.status == "active" and isinstance(_step_of(traveller), HandoffStep)
        assert run.status == "ended" or handed_over
    assert not run.owes
    assert "Outro fluxo?" not in [call.text for call in world.telegram.sent_to(traveller.chat.user_id)]


def _step_of(traveller: Traveller) -> object:
    state = traveller.state
    flow = compiled([state.version_id])[state.version_id].flow
    return flow.within(state.frames).steps.get(state.step_id or "")
