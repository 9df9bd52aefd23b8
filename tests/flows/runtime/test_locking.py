"""What a drain claims is what the models would read."""

import pytest
from django.db import transaction

from bots.models import Contact
from bots.tenancy import no_scope
from flows.models import Conversation
from flows.runtime.locking import claim_conversations
from tests.factories.flows import Person, drain, make_flow_bot

pytestmark = pytest.mark.django_db


def test_a_claimed_conversation_holds_what_its_row_and_its_contacts_hold() -> None:
    ana = Person(make_flow_bot())
    ana.start()
    drain()
    Contact.unscoped.filter(pk=ana.contact.pk).update(
        first_name="Ana", last_name="Lima", username="ana", tags=["vip"], variables={"cpf": "1"}, language_code="pt"
    )
    with no_scope(reason="as the drain"), transaction.atomic():
        (claimed,) = claim_conversations([ana.conversation.pk])
        known = Conversation.unscoped.select_related("contact").get(pk=claimed.pk)
        for one, other in ((claimed, known), (claimed.contact, known.contact)):
            read = set(one.__dict__) - {"_state"}
            assert {name: getattr(one, name) for name in read} == {name: getattr(other, name) for name in read}
    assert (claimed.contact.tags, claimed.contact.variables, claimed.contact.username) == (["vip"], {"cpf": "1"}, "ana")
