"""The files a fake Telegram was given: each has an id that is good for the bot that sent it, and for no other."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.support.fake_telegram.calls import Fault, refuse

KINDS = {
    "sendPhoto": "photo",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendDocument": "document",
    "sendAnimation": "animation",
}
PREFIX = "file-"
WRONG_ID = "Bad Request: wrong file identifier/HTTP URL specified"
WRONG_KIND = "Bad Request: can't use file of type {of} as {wanted}"
NOT_FETCHED = "Bad Request: failed to get HTTP URL content"


class FileShelf:
    """What each bot may send again, and which addresses nobody can fetch. Not safe by itself: the server locks."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, str]] = defaultdict(dict)
        self._given = 0
        self.unreachable: set[str] = set()
        # A film without sound becomes an animation, whatever it was sent as.
        self.silent_films = False

    def fault(self, token: str, method: str, parameters: Mapping[str, Any]) -> Fault | None:
        """Why a call's file is refused, if it is."""
        wanted = KINDS.get(method)
        value = parameters.get(wanted or "")
        if wanted is None or not isinstance(value, str):
            return None
        if value in self.unreachable:
            return refuse(400, NOT_FETCHED)
        if not value.startswith(PREFIX):
            return None
        kind = self._kinds[token].get(value)
        if kind is None:
            return refuse(400, WRONG_ID)
        if kind != wanted:
            return refuse(400, WRONG_KIND.format(of=kind.capitalize(), wanted=wanted.capitalize()))
        return None

    def take(self, token: str, method: str, parameters: Mapping[str, Any], *, uploaded: bool) -> dict[str, Any]:
        """The part of the sent message that tells its file; a new id for each that was uploaded or fetched."""
        kind = KINDS[method]
        value = str(parameters.get(kind, ""))
        if uploaded or value not in self._kinds[token]:
            if self.silent_films and kind == "video":
                kind = "animation"
            self._given += 1
            value = f"{PREFIX}{self._given}"
            self._kinds[token][value] = kind
        file = {"file_id": value, "file_unique_id": f"u{value.removeprefix(PREFIX)}", "file_size": 8}
        if kind == "photo":
            return {"photo": [{**file, "file_id": f"{value}-small", "width": 9}, {**file, "width": 90}]}
        # Bot API: an animation is there as a document too, for programs that know no animations.
        return {kind: file} | ({"document": file} if kind == "animation" else {})

    def forget(self, token: str) -> None:
        """No id of this bot is good any more."""
        self._kinds[token].clear()
