"""A seller with a flow, the product's processes, and a browser that fails on any error of a script."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from bots.models import Bot, Organization, User
from bots.services import create_organization, create_simulator_bot
from bots.tenancy import organization_scope
from bots.web.assets import bundle
from flows.models import Flow
from flows.services.definitions import create_flow
from payments.services import ensure_sandbox_account
from tests.factories.bots import PASSWORD
from tests.support.fake_telegram import FakeTelegram
from tests.support.flows import sales_flow
from tests.support.stack import Stack

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 860}
# The first answer of a process that has just started takes its time.
PATIENCE_MS = 30_000


@dataclass
class Seller:
    """A running product and somebody who sells with it."""

    url: str
    user: User
    organization: Organization
    bot: Bot
    flow: Flow
    trouble: list[str] = field(default_factory=list)

    def open(self, browser: Browser, *, viewport: ViewportSize | None = None, **options: Any) -> Page:
        """A page of a browser of their own, signed in by the form."""
        context = browser.new_context(viewport=viewport or DESK, locale="pt-BR", base_url=self.url, **options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.goto("/conta/login/")
        page.fill("input[name=login]", self.user.email)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        expect(page).to_have_url(f"{self.url}/")
        return page

    def _note(self, kind: str, text: str) -> None:
        # A refusal (409, 422) is an answer, and the browser logs it all the same.
        if kind == "error" and "status of 4" not in text:
            self.trouble.append(text)


@pytest.fixture(autouse=True)
def patient() -> None:
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def browser(chromium: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and Django would take that for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def product(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """The running processes, one set for all these tests; each brings its own organization and leaves nothing."""
    assert bundle("static/pages/app.ts").scripts, "the front end is not built: `make build`"
    # Not pytest's own folder: as root the servers run as somebody who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="trilho-browser-"))
    folder.chmod(0o755)
    with FakeTelegram() as telegram, django_db_blocker.unblock(), Stack(folder, telegram_url=telegram.url) as stack:
        yield stack
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def seller(product: Stack, transactional_db: None, settings: Any) -> Iterator[Seller]:
    # The processes run with the product's own settings, and know no fast hash.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    user = User.objects.create_user(f"ana-{uuid4().hex[:8]}@example.com", PASSWORD, name="Ana Souza")
    organization = create_organization(name="Clube da Ana", owner=user)
    ensure_sandbox_account(organization)
    bot = create_simulator_bot(organization=organization, name="Clube VIP", actor=user)
    with organization_scope(organization.pk):
        flow = create_flow(bot_id=bot.pk, name="Venda VIP", definition=sales_flow()).flow
    seller = Seller(product.url, user, organization, bot, flow)
    yield seller
    assert seller.trouble == []
