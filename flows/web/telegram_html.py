"""The HTML that Telegram reads, made safe for a page: the same few tags, nothing else."""

from html import escape
from html.parser import HTMLParser

from django.utils.safestring import SafeString, mark_safe

# Telegram's tags, Bot API "HTML style", and what shows the same on a page.
TAGS = {
    "b": "strong",
    "strong": "strong",
    "i": "em",
    "em": "em",
    "u": "u",
    "ins": "u",
    "s": "s",
    "strike": "s",
    "del": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "span",
    "span": "span",
    "a": "a",
}
SCHEMES = ("http://", "https://", "tg://", "mailto:", "tel:")


def safe_html(text: str) -> SafeString:
    """Text with Telegram's markup; unknown tags are dropped, their words stay, everything is closed."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown = TAGS.get(tag)
        if shown is None:
            return
        address = dict(attrs).get("href") or ""
        if shown == "a" and address.lower().startswith(SCHEMES):
            self._parts.append(f'<a class="link" href="{escape(address)}" target="_blank" rel="noopener noreferrer">')
        elif shown == "a":
            shown = "span"
            self._parts.append("<span>")
        else:
            self._parts.append(f"<{shown}>")
        self._open.append(shown)

    def handle_endtag(self, tag: str) -> None:
        shown = TAGS.get(tag)
        if shown is None or not self._open:
            return
        if self._open[-1] == shown or (shown == "a" and self._open[-1] == "span"):
            self._parts.append(f"</{self._open.pop()}>")

    def handle_data(self, data: str) -> None:
        self._parts.append(escape(data))

    def result(self) -> SafeString:
        closing = "".join(f"</{tag}>" for tag in reversed(self._open))
        return mark_safe("".join(self._parts) + closing)  # noqa: S308 - every part is escaped or of the table above
