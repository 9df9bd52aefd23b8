"""Texts, URLs and what is given."""

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import (
    END,
    WITH_SANDBOX,
    Cases,
    Passing,
    asked,
    cases,
    charged,
    fails,
    pressed,
)
from tests.support.flows import a_delay, a_flow, a_message, a_question, a_step, an_access, sales_flow

CASES: dict[str, Cases] = {
    "text_lengths": cases(
        [
            fails(a_flow([a_message("m", "a" * 4_097, next="end"), END]), (Code.TEXT_TOO_LONG, "m", "config.text")),
            # Telegram counts UTF-16 units.
            fails(a_flow([a_message("m", "😀" * 2_049, next="end"), END]), (Code.TEXT_TOO_LONG, "m", "config.text")),
            fails(
                a_flow(
                    [
                        a_message(
                            "m",
                            "a" * 1_025,
                            next="end",
                            config={"media": {"type": "photo", "url": "https://example.com/a.jpg"}},
                        ),
                        END,
                    ]
                ),
                (Code.CAPTION_TOO_LONG, "m", "config.text"),
            ),
            fails(charged(config={"text": "a" * 1_025}), (Code.CAPTION_TOO_LONG, "pay", "config.text")),
            fails(
                asked(config={"retry_text": "a" * 4_097}, next="end"), (Code.TEXT_TOO_LONG, "q", "config.retry_text")
            ),
            fails(a_flow([END], welcome_message="a" * 4_097), (Code.TEXT_TOO_LONG, None, "welcome_message")),
            fails(a_flow([a_message("m", "a" * 1_501, next="end"), END]), (Code.LONG_TEXT, "m", "config.text")),
            fails(
                a_flow([a_message("m", "<b>" * 1_400, next="end", config={"parse_mode": "none"}), END]),
                (Code.TEXT_TOO_LONG, "m", "config.text"),
            ),
        ],
        [
            a_flow([a_message("m", "a" * 1_500, next="end"), END]),
            # Tags and variables are not seen.
            a_flow([a_message("m", "<b>a</b>" * 1_400 + "{{first_name}}" * 200, next="end"), END]),
            charged(config={"text": "a" * 1_024}),
        ],
    ),
    "placeholders": cases(
        [
            fails(
                a_flow([a_message("m", "Olá {{nome}} {{ first_name }}", next="end"), END]),
                (Code.UNKNOWN_VARIABLE, "m", "config.text"),
            ),
            fails(
                a_flow([a_message("m", "{{user.name|upper}}", next="end"), END]),
                (Code.BROKEN_PLACEHOLDER, "m", "config.text"),
            ),
        ],
        [
            sales_flow(),
            a_flow(
                [
                    a_question("q", config={"save_as": "nome"}, next="end"),
                    an_access("end", "{{nome}} {{payment.amount}}"),
                ]
            ),
        ],
    ),
    "urls": cases(
        [
            fails(a_flow([an_access("end", config={"link": url})]), (code, "end", "config.link"))
            for url, code in [
                ("example.com", Code.BAD_URL),
                ("ftp://example.com", Code.BAD_URL),
                ("javascript:alert(1)", Code.BAD_URL),
                ("https://", Code.BAD_URL),
                ("https://{{last_input}}/x", Code.BAD_URL),
                ("https://example.com{{last_input}}/x", Code.BAD_URL),
                ("{{last_input}}", Code.BAD_URL),
                ("https://exa mple.com", Code.BAD_URL),
                ("https://[::1", Code.BAD_URL),
                ("https://example.com:99999", Code.BAD_URL),
                ("https://example.com\\@127.0.0.1", Code.BAD_URL),
                ("https://-example.com", Code.BAD_URL),
                ("http://localhost:8000", Code.PRIVATE_URL),
                ("http://intranet", Code.PRIVATE_URL),
                ("http://printer.local", Code.PRIVATE_URL),
                ("http://127.0.0.1", Code.PRIVATE_URL),
                ("http://10.1.2.3", Code.PRIVATE_URL),
                ("http://192.168.0.1", Code.PRIVATE_URL),
                ("http://169.254.169.254/latest", Code.PRIVATE_URL),
                ("http://2130706433", Code.PRIVATE_URL),
                ("http://0x7f.1", Code.PRIVATE_URL),
                ("http://0177.0.0.1", Code.PRIVATE_URL),
                ("http://[::1]", Code.PRIVATE_URL),
                ("http://[::ffff:10.0.0.1]", Code.PRIVATE_URL),
                ("http://[fd00::1]", Code.PRIVATE_URL),
                ("http://user@127.0.0.1", Code.PRIVATE_URL),
                ("http://0.0.0.0", Code.PRIVATE_URL),
                ("http://224.0.0.1", Code.PRIVATE_URL),
            ]
        ]
        + [
            fails(
                a_flow([END], redirect_buttons=[{"text": "A", "url": "mailto:a@example.com"}]),
                (Code.BAD_URL, None, "redirect_buttons.0.url"),
            ),
            fails(
                pressed("A", {"text": "B", "url": "tg://x"}, next="end"),
                (Code.BAD_URL, "b", "config.custom_buttons.1.url"),
            ),
            fails(
                a_flow(
                    [a_message("m", next="end", config={"media": {"type": "photo", "url": "http://10.0.0.1/a"}}), END]
                ),
                (Code.PRIVATE_URL, "m", "config.media.url"),
            ),
            fails(charged(config={"deliver": {"link": "x"}}), (Code.BAD_URL, "pay", "config.deliver.link")),
        ],
        [
            a_flow([an_access("end", config={"link": url})])
            for url in [
                "https://example.com",
                "HTTP://EXAMPLE.COM/Path?q=1#x",
                "https://example.com/{{chat_id}}?name={{ first_name }}",
                "https://8.8.8.8/x",
                "https://t.me/+abc",
                "https://exemplo.com.br:8443/a",
                "https://maçã.com.br",
                "https://my_host.example.com",
                "https://example.com.",
            ]
        ],
    ),
    "contents": cases(
        [
            fails(a_flow([a_step("m", "message", next="end"), END]), (Code.NOTHING_TO_SAY, "m", "config.text")),
            fails(a_flow([a_step("end", "access")]), (Code.NOTHING_TO_DELIVER, "end", "config")),
            fails(a_flow([a_step("d", "deliver", next="end"), END]), (Code.NOTHING_TO_DELIVER, "d", "config")),
            fails(charged(config={"deliver": {}}), (Code.NOTHING_TO_DELIVER, "pay", "config.deliver")),
            fails(
                a_flow([END], main_buttons=[{"text": "A", "access": {}}]),
                (Code.NOTHING_TO_DELIVER, None, "main_buttons.0.access"),
            ),
            fails(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo"}}), END]),
                (Code.MEDIA_SOURCE, "m", "config.media"),
            ),
            fails(
                asked(next="end", config={"media": {"type": "photo", "url": "https://example.com", "file_id": "x"}}),
                (Code.MEDIA_SOURCE, "q", "config.media"),
            ),
            fails(a_flow([a_step("d", "delay", next="end"), END]), (Code.DELAY_DURATION, "d", "config")),
            fails(a_flow([a_delay("d", hours=1, minutes=5, next="end"), END]), (Code.DELAY_DURATION, "d", "config")),
            fails(
                a_flow([a_delay("d", hours=1, until="09:00", next="end"), END]), (Code.DELAY_DURATION, "d", "config")
            ),
        ],
        [
            a_flow([a_step("m", "message", {"media": {"type": "photo", "file_id": "x"}}, next="end"), END]),
            a_flow([a_step("end", "access", {"link": "https://example.com"})]),
            a_flow([a_delay("d", hours=0.5, next="end"), END]),
            a_flow([a_delay("d", until="9:00", weekdays=["mon"], next="end"), END]),
        ],
    ),
    "belongings": cases(
        [
            fails(
                a_flow([an_access("end", config={"chat": "-200"})]),
                (Code.UNKNOWN_CHAT, "end", "config.chat"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                a_flow([an_access("end", config={"chat": "-300"})]),
                (Code.CHAT_WITHOUT_RIGHTS, "end", "config.chat"),
                catalogue=WITH_SANDBOX,
            ),
            fails(a_flow([an_access("end", config={"chat": "-100"})]), (Code.UNKNOWN_CHAT, "end", "config.chat")),
            fails(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo", "asset": "x"}}), END]),
                (Code.UNKNOWN_MEDIA, "m", "config.media.asset"),
                catalogue=WITH_SANDBOX,
            ),
            # A voice message is no picture, and a picture no film.
            fails(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo", "asset": "hello"}}), END]),
                (Code.MEDIA_KIND, "m", "config.media.asset"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                a_flow([an_access("end", config={"media": {"type": "video", "asset": "cover"}})]),
                (Code.MEDIA_KIND, "end", "config.media.asset"),
                catalogue=WITH_SANDBOX,
            ),
            fails(
                charged(config={"deliver": {"chat": "x", "media": {"type": "photo", "asset": "y"}}}),
                (Code.UNKNOWN_CHAT, "pay", "config.deliver.chat"),
                (Code.UNKNOWN_MEDIA, "pay", "config.deliver.media.asset"),
            ),
        ],
        [
            Passing(a_flow([an_access("end", config={"chat": "-100"})]), WITH_SANDBOX),
            Passing(
                a_flow([a_message("m", next="end", config={"media": {"type": "photo", "asset": "cover"}}), END]),
                WITH_SANDBOX,
            ),
            # Anything can be sent as a document.
            Passing(a_flow([an_access("end", config={"media": {"type": "document", "asset": "hello"}})]), WITH_SANDBOX),
        ],
    ),
    "main_buttons": cases(
        [
            fails(
                a_flow([END], main_buttons=[{"text": "A"}, {"text": "B", "price": "10"}]),
                (Code.MAIN_BUTTON_WITHOUT_ACCESS, None, "main_buttons.1.access"),
            )
        ],
        [a_flow([END], main_buttons=[{"text": "A"}, {"text": "B", "price": "10", "access": {"text": "x"}}])],
    ),
}
