"""Secrets at rest: a ring of keys, and each ciphertext bound to its place."""

import base64
import io

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from bots.encryption import DecryptionFailed, decrypt, encrypt
from bots.fields import Ciphertext
from bots.models import Bot
from tests.factories.bots import make_bot

TOKEN = "123456789:AAsecret-token-of-the-bot-and-more-xyz"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored_token(bot: Bot) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM bots_bot WHERE id = %s", [bot.pk])
        (value,) = cursor.fetchone()
    return str(value)


def bot_with_token(**fields: object) -> Bot:
    return make_bot(token=TOKEN, token_hash="h" * 64, **fields)


def test_gives_back_what_was_encrypted_for_the_same_place() -> None:
    assert decrypt(encrypt("Olá \0 🙂", place="a.b:1"), place="a.b:1") == "Olá \0 🙂"


def test_refuses_a_text_written_for_another_place() -> None:
    token = encrypt("secret", place="bots_bot.token:1")
    with pytest.raises(DecryptionFailed):
        decrypt(token, place="bots_bot.token:2")


@pytest.mark.parametrize("rubbish", ["", "x", "gAAAAA==", base64.b64encode(b"\0" * 80).decode()])
def test_refuses_rubbish_with_a_typed_error(rubbish: str) -> None:
    with pytest.raises(DecryptionFailed):
        decrypt(rubbish, place="a")


def test_says_so_when_there_is_no_key(settings: LazySettings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured):
        encrypt("x", place="a")


def test_reads_what_an_older_key_wrote_and_not_what_a_foreign_one_did(settings: LazySettings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    token = encrypt("secret", place="a")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    assert decrypt(token, place="a") == "secret"
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(DecryptionFailed):
        decrypt(token, place="a")


@pytest.mark.django_db
class TestField:
    def test_the_database_holds_no_plain_text(self) -> None:
        bot = bot_with_token()
        assert TOKEN not in stored_token(bot)
        assert Bot.unscoped.get(pk=bot.pk).token == TOKEN

    def test_values_give_the_ciphertext(self) -> None:
        bot = bot_with_token()
        value = Bot.unscoped.values_list("token", flat=True).get(pk=bot.pk)
        assert isinstance(value, Ciphertext)
        assert TOKEN not in value

    def test_a_ciphertext_moved_to_another_organization_does_not_open(self) -> None:
        ours, theirs = bot_with_token(), make_bot()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE bots_bot SET token = %s, token_hash = 'x' WHERE id = %s", [stored_token(ours), theirs.pk]
            )
        with pytest.raises(DecryptionFailed):
            _ = Bot.unscoped.get(pk=theirs.pk).token

    def test_saving_other_fields_leaves_the_ciphertext_as_it_is(self) -> None:
        bot = bot_with_token()
        before = stored_token(bot)
        fresh = Bot.unscoped.get(pk=bot.pk)
        fresh.name = "Outro"
        fresh.save()
        assert stored_token(bot) == before

    def test_a_deferred_token_is_read_when_it_is_looked_at(self) -> None:
        bot = bot_with_token()
        assert Bot.unscoped.defer("token").get(pk=bot.pk).token == TOKEN
        assert Bot.unscoped.only("id").get(pk=bot.pk).token == TOKEN

    def test_refresh_reads_it_again(self) -> None:
        bot = bot_with_token()
        bot.token = "other"
        bot.refresh_from_db()
        assert bot.token == TOKEN

    def test_nothing_stays_nothing(self) -> None:
        assert Bot.unscoped.get(pk=make_bot().pk).token is None

    def test_cannot_be_searched_nor_updated_in_bulk(self) -> None:
        with pytest.raises(FieldError):
            Bot.unscoped.filter(token=TOKEN).exists()
        with pytest.raises(FieldError):
            Bot.unscoped.update(token=TOKEN)

    def test_rotation_writes_everything_under_the_first_key(self, settings: LazySettings) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [OLD]
        bot = bot_with_token()
        settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
        call_command("rotate_encryption_keys", stdout=io.StringIO())
        settings.FIELD_ENCRYPTION_KEYS = [NEW]
        assert Bot.unscoped.get(pk=bot.pk).token == TOKEN

    def test_rotation_names_what_no_key_opens_and_fails(self, settings: LazySettings) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [OLD]
        bot = bot_with_token()
        settings.FIELD_ENCRYPTION_KEYS = [NEW]
        before = stored_token(bot)
        output, errors = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit):
            call_command("rotate_encryption_keys", stdout=output, stderr=errors)
        assert "bots.Bot.token: 0 rotated, 1 unreadable" in output.getvalue()
        assert stored_token(bot) == before
