"""The draft in its editor: live problems, refused publication, two members at once."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.models import Flow, FlowVersion
from tests.e2e.conftest import Seller

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser, pytest.mark.processes]


def open_editor(page: Page, seller: Seller) -> None:
    page.goto(f"/fluxos/{seller.flow.pk}/")
    expect(page.locator(".cm-content")).to_be_visible()


PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""


def write(page: Page, definition: Any) -> None:
    """Replaces the whole text by pasting."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.evaluate(PASTE, definition if isinstance(definition, str) else json.dumps(definition))


def with_bad_connection(draft: dict[str, Any]) -> dict[str, Any]:
    broken: dict[str, Any] = json.loads(json.dumps(draft))
    for step in broken["flow_steps"]:
        if step["id"] == "pay":
            step["connections"]["next"] = "lugar_nenhum"
    return broken


def stored(seller: Seller) -> Flow:
    return Flow.unscoped.get(pk=seller.flow.pk)


def test_a_bad_connection_is_listed_and_publishing_refused(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    open_editor(page, seller)
    problems = page.locator("#problems")
    expect(page.locator("#save-state")).to_have_text("Salvo")

    write(page, with_bad_connection(seller.flow.draft))
    expect(problems).to_contain_text("lugar_nenhum")
    expect(problems).to_contain_text("passo pay")
    expect(page.locator("#save-state")).to_have_text("Salvo")
    expect(page.locator("#publish")).to_be_disabled()

    # The list jumps to the step it is about.
    problems.get_by_role("button").first.click()
    selected = page.evaluate("() => window.getSelection().toString()")
    assert "lugar_nenhum" in selected

    # The way to publish says what is wrong, and has no way on.
    page.goto(f"/fluxos/{seller.flow.pk}/publicar/")
    expect(page.locator("#problems")).to_contain_text("lugar_nenhum")
    expect(page.get_by_role("button", name="Publicar agora")).to_be_disabled()
    assert not FlowVersion.unscoped.filter(flow=seller.flow).exists()
    assert stored(seller).draft["flow_steps"][2]["connections"]["next"] == "lugar_nenhum"

    open_editor(page, seller)
    write(page, seller.flow.draft)
    expect(page.locator("#save-state")).to_have_text("Salvo")
    page.locator("#publish").click()
    page.get_by_label("O que mudou").fill("Primeira")
    page.get_by_role("button", name="Publicar agora").click()
    expect(page.locator("main")).to_contain_text("A versão 1 está publicada")
    expect(page.locator("main")).to_contain_text("Primeira")
    expect(page.locator("main")).to_contain_text("Versão 1")
    assert FlowVersion.unscoped.get(flow=seller.flow).number == 1


def test_what_is_no_json_is_said_and_not_sent(seller: Seller, browser: Browser) -> None:
    page = seller.open(browser)
    open_editor(page, seller)
    write(page, '{"flow_steps": [')
    expect(page.locator("#save-state")).to_contain_text("Isto ainda não é JSON")
    assert stored(seller).draft_revision == 1


def test_two_members_at_once_keep_both_drafts(seller: Seller, browser: Browser) -> None:
    mine, theirs = seller.open(browser), seller.open(browser)
    open_editor(mine, seller)
    open_editor(theirs, seller)
    write(theirs, {**seller.flow.draft, "on_start": "resume"})
    expect(theirs.locator("#save-state")).to_have_text("Salvo")

    write(mine, {**seller.flow.draft, "allow_loops": True})
    dialog = mine.locator("#conflict")
    expect(dialog).to_be_visible()
    expect(mine.locator("#conflict-mine")).to_contain_text('"allow_loops": true')
    expect(mine.locator("#conflict-theirs")).to_contain_text('"on_start": "resume"')
    assert stored(seller).draft.get("allow_loops") is not True

    mine.get_by_role("button", name="Ficar com o meu e substituir o outro").click()
    expect(mine.locator("#save-state")).to_have_text("Salvo")
    assert stored(seller).draft["allow_loops"] is True
    assert "on_start" not in stored(seller).draft
