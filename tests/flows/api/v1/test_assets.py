"""Files by the API: uploaded once per key and content, listed, put away."""

import pytest
from django.test import override_settings

from bots.models import AuditEntry, IdempotencyRecord
from bots.tenancy import organization_scope
from bots.uploads import MOST_UPLOAD_BYTES
from flows.models import Asset
from tests.factories.assets import JPEG, OPUS, PDF
from tests.support.partner import Partner, answer, make_partner, refusal
from tests.support.tenancy import Tenant, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def partner(tenant: Tenant) -> Partner:
    return make_partner(tenant.organization)


def test_a_file_is_uploaded_read_listed_and_put_away(partner: Partner) -> None:
    made = answer(partner.upload("assets/", "capa.jpg", JPEG), 201)
    assert made | {"id": "", "created_at": "", "sha256": ""} == {
        "id": "",
        "name": "capa.jpg",
        "kind": "photo",
        "mime": "image/jpeg",
        "size": len(JPEG),
        "sha256": "",
        "created_at": "",
    }
    voice = answer(partner.upload("assets/", "x.ogg", OPUS, {"name": "oi.ogg", "kind": "document"}), 201)
    assert (voice["name"], voice["kind"]) == ("oi.ogg", "document")

    assert answer(partner.get(f"assets/{made['id']}/")) == made
    assert [one["id"] for one in answer(partner.get("assets/"))["results"]] == [voice["id"], made["id"]]
    assert [one["id"] for one in answer(partner.get("assets/?kind=photo"))["results"]] == [made["id"]]

    assert partner.delete(f"assets/{made['id']}/").status_code == 204
    assert refusal(partner.get(f"assets/{made['id']}/"))["code"] == "asset_not_found"
    assert [one["id"] for one in answer(partner.get("assets/"))["results"]] == [voice["id"]]


def test_the_same_bytes_are_answered_with_the_same_file(partner: Partner) -> None:
    first = answer(partner.upload("assets/", "capa.jpg", JPEG), 201)

    assert answer(partner.upload("assets/", "outra.jpg", JPEG), 200) == first


def test_the_same_key_gets_the_first_answer_and_acts_once(partner: Partner) -> None:
    first = partner.upload("assets/", "capa.jpg", JPEG, Idempotency_Key="a")
    again = partner.upload("assets/", "capa.jpg", JPEG, Idempotency_Key="a")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert IdempotencyRecord.unscoped.count() == 1
    assert Asset.unscoped.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "fields"),
    [("capa.jpg", JPEG + b"x", {}), ("outra.jpg", JPEG, {}), ("capa.jpg", JPEG, {"kind": "document"})],
)
def test_the_same_key_with_another_file_is_refused(
    partner: Partner, name: str, content: bytes, fields: dict[str, str]
) -> None:
    answer(partner.upload("assets/", "capa.jpg", JPEG, Idempotency_Key="a"), 201)

    refused = refusal(partner.upload("assets/", name, content, fields, Idempotency_Key="a"))

    assert (refused["status"], refused["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("name", "content", "fields", "status", "code", "field"),
    [
        ("a.jpg", b"", {}, 422, "asset_empty", "file"),
        ("a.jpg", b"<script>", {}, 422, "asset_content", "file"),
        ("a.pdf", PDF, {"kind": "photo"}, 422, "asset_kind", "kind"),
        ("a.pdf", PDF, {"kind": "sticker"}, 400, "invalid_choice", "kind"),
        ("a.pdf", PDF, {"misspelt": "1"}, 400, "unknown_field", "misspelt"),
    ],
)
def test_refusals_name_their_field(
    partner: Partner, name: str, content: bytes, fields: dict[str, str], status: int, code: str, field: str
) -> None:
    told = refusal(partner.upload("assets/", name, content, fields))

    assert told["status"] == status
    assert [(error["field"], error["code"]) for error in told["errors"]] == [(field, code)]
    assert not Asset.unscoped.exists()


def test_a_refusal_leaves_the_key_free(partner: Partner) -> None:
    refusal(partner.upload("assets/", "a.jpg", b"<script>", Idempotency_Key="a"))

    answer(partner.upload("assets/", "capa.jpg", JPEG, Idempotency_Key="a"), 201)


def test_json_is_no_file(partner: Partner) -> None:
    assert refusal(partner.post("assets/", {"file": "x"}))["code"] == "unsupported_media_type"


def test_a_body_over_the_limit_is_refused_before_it_is_read(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.uploads.MOST_UPLOAD_BYTES", 1_000)
    told = refusal(partner.upload("assets/", "a.jpg", JPEG + b"x" * 1_000))

    assert (told["status"], told["code"]) == (413, "body_too_large")
    assert MOST_UPLOAD_BYTES > 50 * 1024**2


def test_more_than_a_form_may_hold_is_taken_as_a_file(partner: Partner) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1_000):
        made = answer(partner.upload("assets/", "a.jpg", JPEG + b"x" * 5_000), 201)

    assert made["size"] == len(JPEG) + 5_000


def test_the_audit_trail_names_the_key(tenant: Tenant, partner: Partner) -> None:
    answer(partner.upload("assets/", "capa.jpg", JPEG), 201)

    with organization_scope(tenant.organization.pk):
        entry = AuditEntry.objects.get(action="asset.uploaded")
    assert entry.actor_key == partner.key
