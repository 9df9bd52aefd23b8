"""Steps that call another system or hand over to a person."""

from typing import Any

from flows.engine.problem_codes import Code
from tests.flows.engine.validation.cases.build import END, Cases, Failing, cases, fails, ring
from tests.support.flows import Document, a_condition, a_flow, a_message, a_question, a_step

URL = "https://api.example.com/people/{{chat_id}}"


def a_call(step_id: str = "call", *, parts: Document | None = None, **config: Any) -> Document:
    return a_step(step_id, "http", {"method": "GET", "url": URL, **config}, **(parts or {"next": "end"}))


def calls(**config: Any) -> Document:
    return a_flow([a_call(**config), END])


def a_handoff(**parts: Any) -> Document:
    return a_step("help", "handoff", {"text": "Já vem alguém.", "note": "VIP"}, **parts)


CASES: dict[str, Cases] = {
    "http_calls": cases(
        [
            *(
                fails(calls(url=url), (Code.URL_NOT_CALLED, "call", "config.url"))
                for url in (
                    "https://api.example.com:8443/",
                    "http://api.example.com:8080/",
                    "https://user:secret@api.example.com/",
                )
            ),
            fails(calls(body={"a": 1}), (Code.BODY_NOT_SENT, "call", "config.body")),
        ],
        [
            calls(),
            calls(url="https://api.example.com:443/?q={{x}}"),
            calls(method="POST", body={"a": ["{{chat_id}}", 1, None]}, headers={"Authorization": "Bearer x"}),
            # Of what is no public address at all another check tells.
            calls(url="http://127.0.0.1:8080/"),
        ],
    ),
    "urls": cases(
        [
            *(
                fails(calls(url=url), (Code.PRIVATE_URL, "call", "config.url"))
                for url in (
                    "http://127.0.0.1/",
                    "http://169.254.169.254/latest/meta-data/",
                    "http://168.63.129.16/",
                    "http://2130706433/",
                    "http://[::ffff:10.0.0.1]/",
                    "http://[64:ff9b::7f00:1]/",
                    "http://[2002:7f00:1::]/",
                    "http://localhost/",
                    "http://crm.internal/",
                )
            ),
            fails(calls(url="ftp://api.example.com/"), (Code.BAD_URL, "call", "config.url")),
            fails(calls(url="https://{{start_payload}}/"), (Code.BAD_URL, "call", "config.url")),
        ],
        [calls(), calls(url="https://1.1.1.1/")],
    ),
    "dead_ends": cases(
        [
            fails(a_flow([a_call(parts={"retry": "end"}), END]), (Code.DEAD_END, "call", "connections.next")),
            # No condition ever happens there.
            fails(
                a_flow([a_call(parts={"conditions": [a_condition("time_elapsed", "end")]}), END]),
                (Code.DEAD_END, "call", "connections.next"),
            ),
            fails(a_flow([a_handoff(), END]), (Code.DEAD_END, "help", "connections.next")),
        ],
        [calls(), a_flow([a_handoff(next="end"), END])],
    ),
    "unused_exits": cases(
        [
            fails(
                a_flow([a_call(parts={"next": "end", "pending": "end"}), END]),
                (Code.UNUSED_CONNECTION, "call", "connections.pending"),
            ),
            fails(
                a_flow([a_handoff(next="end", retry="end"), END]),
                (Code.UNUSED_CONNECTION, "help", "connections.retry"),
            ),
        ],
        [a_flow([a_call(parts={"next": "end", "retry": "end"}), END])],
    ),
    "fitting_conditions": cases(
        [
            fails(
                a_flow([a_call(parts={"next": "end", "conditions": [a_condition("time_elapsed", "end")]}), END]),
                (Code.CONDITION_NEVER_FITS, "call", "conditions.0.type"),
            ),
            fails(
                a_flow([a_handoff(next="end", conditions=[a_condition("text_validation", "end")]), END]),
                (Code.CONDITION_NEVER_FITS, "help", "conditions.0.type"),
            ),
        ],
        [a_flow([a_handoff(next="end", conditions=[a_condition("time_elapsed", "end")]), END])],
    ),
    "cycles": cases(
        [
            # An answer of a machine is nobody's attention: it would turn by itself.
            fails(
                ring(a_call("a"), a_message("b"), allow_loops=True),
                (Code.UNATTENDED_CYCLE, "b", "connections.next"),
            )
        ],
        [],
    ),
    "variable_names": cases(
        [
            fails(
                calls(save={"payment.status": "status"}),
                (Code.RESERVED_VARIABLE, "call", "config.save.payment.status"),
            ),
        ],
        [a_flow([a_call(save={"saldo": "data[0].balance"}), a_question("q", "{{saldo}}?", next="end"), END])],
    ),
}
STRUCTURE: tuple[Failing, ...] = (
    *(
        fails(calls(headers={name: "x"}), (Code.BAD_HEADER, "call", f"config.headers.{name}"))
        for name in ("Host", "content-length", "Idempotency-Key", "X Y", "Ação", "Trilho-Test")
    ),
    fails(calls(headers={"X-A": "1\r\nX-B: 2"}), (Code.BAD_HEADER, "call", "config.headers.X-A")),
    fails(calls(save={"x": "a..b"}), (Code.BAD_JSON_PATH, "call", "config.save.x")),
    fails(calls(save={"x": "a[b]"}), (Code.BAD_JSON_PATH, "call", "config.save.x")),
    fails(calls(save={"1x": "a"}), (Code.BAD_VARIABLE_NAME, "call", "config.save.1x")),
    fails(calls(timeout_seconds=11), (Code.OUT_OF_RANGE, "call", "config.timeout_seconds")),
    fails(calls(timeout_seconds=0), (Code.OUT_OF_RANGE, "call", "config.timeout_seconds")),
    fails(calls(method="get"), (Code.NOT_AN_OPTION, "call", "config.method")),
    fails(calls(body=5), (Code.WRONG_TYPE, "call", "config.body")),
    fails(calls(safe_to_repeat="yes"), (Code.WRONG_TYPE, "call", "config.safe_to_repeat")),
    fails(a_flow([a_step("help", "handoff", {"text": " "}, next="end"), END]), (Code.BLANK, "help", "config.text")),
)
