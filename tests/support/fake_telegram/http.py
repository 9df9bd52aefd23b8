"""A threaded HTTP/1.1 server that reads a Bot API call in any of its three encodings."""

import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_PATH = re.compile(r"/bot(?P<token>[^/]+)/(?P<method>\w+)")


class Cut(Exception):
    """Close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body: a JSON value, or bytes as they are."""

    status: int
    body: Any


Handle = Callable[[str, str, dict[str, Any], dict[str, bytes]], Answer]


class HttpServer:
    """Runs `handle(token, method, parameters, files)` in a thread per connection."""

    def __init__(self, handle: Handle) -> None:
        class Handler(_Handler):
            pass

        Handler.handle_call = staticmethod(handle)
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.cut_connections()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Clients keep connections alive; their threads end only when those do."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise each answer of two writes waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    handle_call: Handle

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        path = _PATH.fullmatch(parts.path)
        if path is None:
            return self._reply(Answer(404, {"ok": False, "error_code": 404, "description": "Not Found"}))
        parameters, files = _read(self.headers.get("Content-Type") or "", body)
        parameters = dict(parse_qsl(parts.query)) | parameters
        try:
            answer = self.handle_call(path["token"], path["method"], _unfold(parameters), files)
        except Cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self._reply(answer)

    do_GET = do_POST

    def _reply(self, answer: Answer) -> None:
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: addresses hold tokens."""


def _read(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    if content_type.startswith("application/json"):
        return dict(json.loads(body or b"{}")), {}
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    if content_type.startswith("multipart/form-data"):
        return _read_multipart(content_type, body)
    return {}, {}


def _read_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    parameters: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    parser = BytesParser(policy=HTTP)
    message = parser.parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename():
            files[name] = content
        else:
            parameters[name] = content.decode()
    return parameters, files


def _unfold(parameters: dict[str, Any]) -> dict[str, Any]:
    """Objects come as JSON texts in every encoding that knows texts only."""
    return {
        name: json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") and name != "text" else value
        for name, value in parameters.items()
    }
