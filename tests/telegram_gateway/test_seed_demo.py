"""`seed_demo`: one JSON object, the same demo each time, a fresh key instead of the last one."""

import json
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from bots.models import ApiKey, Bot, Membership, Organization, User
from bots.services.api_keys import hash_api_key
from flows.models import Flow, FlowVersion
from payments.models import BotGateway, GatewayAccount

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def run_dir(settings: Any, tmp_path: Path) -> Path:
    settings.RUN_DIR = tmp_path
    return tmp_path


def seed() -> dict[str, Any]:
    said = StringIO()
    call_command("seed_demo", "--json", stdout=said)
    answer: dict[str, Any] = json.loads(said.getvalue())
    return answer


def test_prints_one_object_with_what_others_need() -> None:
    seeded = seed()
    assert list(seeded) == ["organization", "users", "api_key", "bot", "flows"]
    owner, staff = (User.objects.get(email=user["email"]) for user in seeded["users"])
    assert owner.check_password(seeded["users"][0]["password"])
    assert staff.check_password(seeded["users"][1]["password"])
    assert (owner.is_staff, staff.is_staff) == (False, True)
    assert Membership.unscoped.get(user=owner).role == "owner"
    assert [(flow["version"], flow["active"]) for flow in seeded["flows"]] == [(1, True), (1, False), (1, False)]
    bot = Bot.unscoped.get(pk=seeded["bot"]["id"])
    assert (bot.token, bot.flow_enabled, bot.delivery) == (None, True, "simulator")
    assert BotGateway.unscoped.get(bot=bot).account.gateway == "sandbox"


def test_may_be_run_again() -> None:
    first, second = seed(), seed()
    assert first["users"] == second["users"]
    assert first["bot"] == second["bot"]
    assert [flow["id"] for flow in first["flows"]] == [flow["id"] for flow in second["flows"]]
    counts = [model.objects.count() for model in (Organization, User)]
    counts += [model.unscoped.count() for model in (Bot, Flow, FlowVersion, GatewayAccount)]
    assert counts == [1, 2, 1, 3, 3, 1]
    assert first["api_key"] != second["api_key"]
    assert ApiKey.unscoped.get(revoked_at=None).key_hash == hash_api_key(second["api_key"])


def test_passwords_are_kept_where_only_their_owner_reads_them(run_dir: Path) -> None:
    seed()
    assert stat.S_IMODE((run_dir / "demo.json").stat().st_mode) == 0o600


def test_lost_passwords_are_made_anew(run_dir: Path) -> None:
    first = seed()
    (run_dir / "demo.json").unlink()
    second = seed()
    assert first["users"] != second["users"]
    user = User.objects.get(email=second["users"][0]["email"])
    assert user.check_password(second["users"][0]["password"])


def test_says_it_in_words_to_a_person() -> None:
    said = StringIO()
    call_command("seed_demo", stdout=said)
    assert "demo@example.com" in said.getvalue()
