"""What stands before the views, and for whom it does not."""

from unittest.mock import Mock

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from config.middleware import TelegramDoorMiddleware

pytestmark = pytest.mark.django_db


def test_an_update_reaches_its_view_past_everything_made_for_browsers() -> None:
    rest = Mock(return_value=HttpResponse("from the rest"))
    request = RequestFactory().get(reverse("telegram_webhook", args=["nobody"]))
    assert TelegramDoorMiddleware(rest)(request).status_code == 405
    rest.assert_not_called()


def test_everything_else_takes_the_usual_way() -> None:
    rest = Mock(return_value=HttpResponse("from the rest"))
    door = TelegramDoorMiddleware(rest)
    for path in ("/", "/bots/", "/telegram/", "/telegram/a/b/", "/telegramas/x/"):
        assert door(RequestFactory().post(path)).content == b"from the rest", path


def test_the_security_headers_stay_and_no_cookie_is_set() -> None:
    answer = Client().post(reverse("telegram_webhook", args=["nobody"]), b"{}", content_type="application/json")
    assert answer.status_code == 404
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies
