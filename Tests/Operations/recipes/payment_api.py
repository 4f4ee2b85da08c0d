"""A provider's payment API in front of the simulator, which judges the tokens; it keeps what it was sent."""

import threading
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from servers import plain_session


@dataclass(frozen=True)
class Attempt:
    """One `POST /payments` and the status that it was answered with."""

    authorization: str
    tenant: str
    key: str
    media_type: str
    body: bytes
    status: int


class PaymentAPI:
    """Takes a payment once for each idempotency key, from whoever has a token that the simulator takes."""

    def __init__(self, check_url: str) -> None:
        self.check_url = check_url
        self.refuses_all = False
        self._attempts: list[Attempt] = []
        self._payments: dict[str, tuple[bytes, str]] = {}
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = api.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Nothing: the attempts are kept."""

        class Server(ThreadingHTTPServer):
            # The usual five would turn callers away who come at once.
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def attempts(self) -> list[Attempt]:
        """Those since the last look."""
        with self._lock:
            taken, self._attempts = self._attempts, []
            return taken

    def forget(self) -> None:
        with self._lock:
            self._attempts = []
            self._payments = {}

    def take(self, path: str, headers, body: bytes) -> tuple[int, str]:
        names = ("Authorization", "x-tenant-id", "Idempotency-Key", "Content-Type")
        authorization, tenant, key, media_type = (headers.get(name, "") for name in names)
        with plain_session() as session:
            carried = {"Authorization": authorization, "x-tenant-id": tenant}
            verdict = session.get(self.check_url, headers=carried, timeout=20)
        with self._lock:
            status, text = self._settle(path, verdict, key, body)
            self._attempts.append(Attempt(authorization, tenant, key, media_type, body, status))
        return status, text

    def _settle(self, path: str, verdict, key: str, body: bytes) -> tuple[int, str]:
        if path != "/payments" or not key:
            return 400, '{"code": "INVALID_REQUEST"}'
        if self.refuses_all:
            return 401, '{"code": "INVALID_TOKEN"}'
        if verdict.status_code != 200:
            return verdict.status_code, verdict.text
        known, payment = self._payments.setdefault(key, (body, str(uuid.uuid4())))
        if known != body:
            return 409, '{"code": "KEY_USED"}'
        return 201, f'{{"id": "{payment}"}}'
