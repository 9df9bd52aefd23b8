"""`docs/operations.md` names every setting, metric, alarm and process, and no other."""

import re
from pathlib import Path

from django.conf import settings
from prometheus_client.registry import REGISTRY

from config import metrics
from config.supervisor.children import commands
from payments.domain.states import Alarm

BASE = Path(settings.BASE_DIR)
DOCUMENT = (BASE / "docs" / "operations.md").read_text()
CODE = "\n".join(path.read_text() for path in [*BASE.glob("config/**/*.py"), *BASE.glob("bots/**/*.py")])

# The supervisor's own, for whoever works on it; and what only other programs read.
NOT_TOLD = {
    *("TRILHO_SKIP_BUILD", "PATH"),
    *("CRASH_MARKS", "PYTEST_XDIST_WORKER", "TEST_DATABASE_NAME", "TRILHO_TEST_VALKEY"),
}


def first_column(section: str) -> set[str]:
    """The names in backticks of a section's tables' first column."""
    text = DOCUMENT.split(f"## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def test_every_setting_read_from_the_environment_is_in_the_table() -> None:
    read = re.findall(
        r"""(?:env\.\w+|environ\.get|environment\.(?:secret|service)|_env\.\w+|environ\.setdefault)\(\s*"([A-Z_]+)""",
        CODE,
    )
    roles = {"DATABASE_URL", "DATABASE_RUNTIME_URL", "DATABASE_OWNER_URL"}
    assert {*read, *roles} - NOT_TOLD == first_column("Settings")


def test_every_metric_of_ours_is_in_the_table() -> None:
    families = [family for family in REGISTRY.collect() if family.name.startswith("trilho_")]
    counted = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    gauges = set(re.findall(r'"(trilho_\w+)"', Path(str(metrics.__file__)).read_text()))
    assert counted | gauges == {name for name in first_column("Is it well?") if name.startswith("trilho_")}


def test_every_alarm_of_a_payment_is_in_the_table() -> None:
    told = {name for name in first_column("Is it well?") if not name.startswith("trilho_")}
    assert told == {alarm.value for alarm in Alarm}


def test_every_process_is_in_the_table() -> None:
    started = {one.name for one in commands(settings="x", port=1, run_directory=BASE, polling=True)}
    told = re.findall(r"^\| (\w+) \| (?:app|runtime) \|", DOCUMENT, re.MULTILINE)
    assert set(told) == started
