"""What pages load, and the icons they name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from bots.web import assets
from bots.web.looks import BOT_STATUS, SIMULATED_BOT
from bots.web.navigation import STATIONS
from bots.web.settings_tabs import TABS
from flows.engine.effects import TimelineKind
from flows.engine.steps.model import StepType
from flows.models import RunStatus
from flows.web import looks as flow_looks
from payments.web import looks as payment_looks
from payments.web.proof import WORDS

BASE = Path(settings.BASE_DIR)
ICONS = set(json.loads((BASE / "static/pages/icons.json").read_text()))
NAMED = re.compile(r'icon "([a-z0-9-]+)"|icon=\'([a-z0-9-]+)\'|action_icon="([a-z0-9-]+)"|default:"([a-z]+)"%}')


def test_every_icon_a_template_names_is_in_the_sprite() -> None:
    named = {
        next(filter(None, found))
        for path in BASE.glob("templates/**/*.html")
        for found in NAMED.findall(path.read_text())
    }
    assert named - ICONS == set()
    assert len(named) > 40


def test_every_icon_a_look_names_is_in_the_sprite() -> None:
    looks: list[Any] = [
        *BOT_STATUS.values(), SIMULATED_BOT, *flow_looks.RUN_STATUS.values(), *flow_looks.TIMELINE.values(),
        *flow_looks.STEPS.values(), flow_looks.UNKNOWN_STEP, flow_looks.OWES, *payment_looks.ORDER_STATUS.values(),
        *payment_looks.PAYMENT_STATUS.values(), *payment_looks.EVENT_KIND.values(), payment_looks.NOT_SERVED,
        payment_looks.LATE, payment_looks.OVERPAID, payment_looks.UNKNOWN, *WORDS.values(),
    ]  # fmt: skip
    named = {look.icon for look in looks} | {station.icon for station in STATIONS} | {tab[2] for tab in TABS}
    assert named - ICONS == set()


def test_every_state_has_a_look() -> None:
    assert set(flow_looks.STEPS) == set(StepType)
    assert set(flow_looks.TIMELINE) == set(TimelineKind)
    assert set(flow_looks.RUN_STATUS) == set(RunStatus)


def test_a_bundle_names_its_files_with_what_they_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = {
        "a.ts": {"file": "assets/a.js", "css": ["assets/a.css"], "imports": ["_b.js"]},
        "_b.js": {"file": "assets/b.js", "css": ["assets/b.css"], "imports": ["_c.js"]},
        "_c.js": {"file": "assets/c.js", "css": ["assets/b.css"]},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(assets, "DIST", tmp_path)
    assert assets.bundle("a.ts") == assets.Bundle(
        scripts=("/static/assets/a.js",),
        preloads=("/static/assets/b.js", "/static/assets/c.js"),
        styles=("/static/assets/a.css", "/static/assets/b.css"),
    )
    assert assets.bundle("unknown.ts") == assets.Bundle()


def test_pages_work_before_the_first_build_and_deployment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "DIST", tmp_path)
    assert (assets.bundle("a.ts"), assets.sprite_url()) == (assets.Bundle(), "")
    assert [warning.id for warning in assets.front_end_is_built()] == ["bots.W101"]
