"""The schema and its page: complete, valid, and read in a browser without any other server and within our policy."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, Request, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from flows.engine.schema import json_schema
from tests.architecture.test_api_calls import CALLS, PATTERNS


def schema() -> Any:
    response = Client().get("/api/schema/")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    return response.json()


def operations() -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_schema_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))
    assert schema()["openapi"].startswith("3.1")


def test_every_call_is_in_the_schema() -> None:
    paths = {
        name: "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)).replace("{pk}", "{id}")
        for name, pattern in PATTERNS.items()
    }
    assert set(operations()) == {(method, paths[name]) for method, name in CALLS}


def test_every_call_says_how_it_refuses_and_every_post_how_it_repeats() -> None:
    for (method, path), operation in operations().items():
        refused = operation["responses"]["4XX"]["content"]
        assert refused == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}, path
        assert operation["security"] == [{"apiKey": []}]
        headers = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) is (method == "POST"), path
        assert operation["summary"]


def test_lists_say_what_they_can_be_filtered_by() -> None:
    named = {p["name"]: p["schema"] for p in operations()["GET", "/api/v1/runs/"]["parameters"]}
    assert set(named) == {"bot", "flow", "contact", "status", "cursor", "page_size"}
    assert named["bot"] == {"type": "string", "format": "uuid"}
    assert named["status"] == {"type": "string", "enum": ["active", "ended", "failed", "closed"]}


def test_the_definition_is_the_one_of_the_models() -> None:
    components = schema()["components"]["schemas"]
    assert set(components["FlowDefinition"]["properties"]) == set(json_schema()["properties"])
    assert "#/$defs" not in str(components)
    for part in json_schema()["$defs"]:
        assert f"FlowDefinition{part}" in components


@pytest.fixture
def browser(chromium: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright's loop runs in this thread, and Django would take that for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.mark.browser
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_shows_every_call_within_our_policy(live_server: LiveServer, browser: Browser, colours: Any) -> None:
    page = browser.new_page(color_scheme=colours)
    trouble: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))

    def note(request: Request) -> None:
        asked.append(urlsplit(request.url).netloc)

    page.on("request", note)
    response = page.goto(f"{live_server.url}/api/docs/")
    assert response is not None
    assert "unsafe" not in response.headers["content-security-policy"]
    expect(page.locator(".opblock")).to_have_count(len(CALLS), timeout=30_000)
    page.locator("#operations-flows-flows_create .opblock-summary-control").click()
    expect(page.locator("#operations-flows-flows_create .opblock-body")).to_be_visible()
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.get_by_text("trl_…")).to_be_visible()
    assert trouble == []
    assert {host for host in asked if host} == {urlsplit(live_server.url).netloc}
