"""Real answers of each kind, driven out of a running gateway, are what the OpenAPI document says."""

import datetime
import hashlib
import json
import socket
import uuid
from urllib.parse import urlsplit

import requests

from description import Description
from programs import until
from servers import Client, Gateway
from stand import StandCase, Tenant

FINANCE, OPERATOR = "a-token-of-finance", "a-token-of-operations"
TOKEN, REVOKE, TIMES = "/oauth2/token", "/oauth2/revoke", "/v1/token"
PAYMENT, CHECKOUT, REPORT = "/api/payment-token", "/v1/checkout-auth/init", "/reports/usage"
GRANT = {"grant_type": "client_credentials"}
STATEMENT = {"customer_id": "customer-1", "invoice_id": "invoice-1", "subject": "user-1"}
# What is described and not driven out. 408 needs ten seconds of silence: one path stands for all. 400 and 503
# of paths without parameters are told to requests that are no HTTP and by a gateway that is stuck.
ONE_FOR_ALL = "408"
WITHOUT_PARAMETERS = ["/livez", "/readyz", "/metrics", "/version", "/openapi.json"]
WITHOUT_PARAMETERS += ["/.well-known/oauth-authorization-server"]


class AnswerTests(StandCase):
    description = Description()
    gateway: Gateway
    tenant: Tenant
    profiles = {"zatlas": {"scopes": {"allowed": ["pay"]}}}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        lines = [("finance", "alice", FINANCE), ("operator", "bob", OPERATOR)]
        text = "".join(f"{role}:{name}:{_digest(token)}\n" for role, name, token in lines)
        cls.cutter = cls.stand.cutter()
        file = cls.stand.write("admin-tokens", text)
        cls.gateway = cls.stand.gateway(
            environment={"BURSAR_ADMIN_TOKENS_FILE": str(file)}, through=cls.cutter
        )
        cls.tenant = cls.stand.tenant(["zatlas", "alternative"])
        cls.merchant = cls.tenant.clients["zatlas"]
        issued = cls.stand.bursar("client", "issue", "--tenant", cls.tenant.uuid)
        cls.undecided = Client(issued["client_id"], issued["client_secret"])

    # Asking

    def ask(
        self, method: str, path: str, status: int, error: str | None = None, **options
    ) -> requests.Response:
        """One request; its answer has this status and error, and is as described."""
        url = (self.gateway.admin if self.description.side(path) == "admin" else self.gateway.merchant) + path
        answer = self.gateway.session.request(method, url, timeout=60, allow_redirects=False, **options)
        self.assertEqual(answer.status_code, status, f"{method} {path}: {answer.text[:500]}")
        self.assertEqual(self.description.faults(answer, path), [], f"{method} {path}: {answer.text[:500]}")
        if error:
            self.assertEqual(answer.json()["error"], error)
        return answer

    def ways(self, client: Client | None = None) -> list[tuple[str, str, dict]]:
        """Every call for a token, as it goes right."""
        client = client or self.merchant
        bearer = {"Authorization": f"Bearer {client.secret}"}
        return [
            ("POST", TOKEN, {"data": GRANT, "auth": (client.id, client.secret)}),
            ("GET", TIMES, {"headers": bearer}),
            ("GET", PAYMENT, {"headers": bearer}),
        ]

    def checkout(self, status: int, error: str | None = None, client: Client | None = None, **options):
        client = client or self.tenant.clients["alternative"]
        headers = {"Authorization": f"Bearer {client.secret}"} | options.pop("headers", {})
        return self.ask("POST", CHECKOUT, status, error, headers=headers, **({"json": STATEMENT} | options))

    def revoke(self, status: int, error: str | None = None, client: Client | None = None, **form: str):
        client = client or self.merchant
        return self.ask("POST", REVOKE, status, error, auth=(client.id, client.secret), data=form)

    # What goes right

    def test_tokens(self) -> None:
        for method, path, options in self.ways():
            self.ask(method, path, 200, **options)
        client = self.merchant
        pair = {"client_id": client.id, "client_secret": client.secret}
        scoped = self.ask("POST", TOKEN, 200, data=GRANT | pair | {"scope": "pay"})
        self.assertEqual(scoped.json()["scope"], "pay")
        self.checkout(200)
        self.revoke(200, token="no-token-of-ours")
        self.revoke(200, token=scoped.json()["access_token"])

    def test_what_everybody_may_read(self) -> None:
        for path, method, operation in self.description.operations():
            if not operation["security"] and method in ("get", "head") and path != REPORT:
                self.ask(method.upper(), path, 200)

    def test_reports(self) -> None:
        self.gateway.token(self.merchant)
        month = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
        bearer = {"Authorization": f"Bearer {FINANCE}"}

        def rows() -> bool:
            answer = self.gateway.get(
                f"{self.gateway.admin}{REPORT}?period={month}&format=json", headers=bearer
            )
            return bool(answer.json()["rows"])

        until("usage is in the report", rows)
        for format in ("html", "csv", "table", "json"):
            for query in ({}, {"by": "reason"}, {"by": "day"}, {"events": "true"}):
                params = {"period": month, "format": format} | query
                self.ask("GET", REPORT, 200, headers=bearer, params=params)
        self.ask("HEAD", REPORT, 200, headers=bearer, params={"period": month})

    # What goes wrong

    def test_who_asks(self) -> None:
        wrong = Client(self.merchant.id, "brs_" + "x" * 38)
        for method, path, options in self.ways(wrong):
            self.ask(method, path, 401, "invalid_client", **options)
            options.pop("auth", None)
            options.pop("headers", None)
            self.ask(method, path, 401, "invalid_client", **options)
        self.checkout(401, "invalid_client", client=wrong)
        self.revoke(401, "invalid_client", client=wrong, token="x")
        for method in ("GET", "HEAD"):
            self.ask(method, REPORT, 401)
            bearer = {"Authorization": f"Bearer {OPERATOR}"}
            self.ask(method, REPORT, 403, headers=bearer, params={"period": "2026-10"})

    def test_what_is_asked(self) -> None:
        for method, path, options in self.ways():
            self.ask(method, path, 400, "invalid_request", params={"min_ttl": "soon"}, **options)
            self.ask(method, path, 400, "invalid_scope", params={"scope": "everything"}, **options)
            self.ask(method, path, 400, "invalid_target", params={"provider": "phoenix"}, **options)
            options["headers"] = options.get("headers", {}) | {"x-tenant-id": str(uuid.uuid4())}
            refused = 400 if path == TOKEN else 403
            self.ask(method, path, refused, "unauthorized_client", **options)
        for method, path, options in self.ways(self.undecided):
            self.ask(method, path, 400, "invalid_target", **options)
        pair = (self.merchant.id, self.merchant.secret)
        self.ask("POST", TOKEN, 400, "unsupported_grant_type", auth=pair, data={"grant_type": "password"})
        self.checkout(400, "invalid_request", json={"customer_id": "customer-1"})
        self.checkout(400, "invalid_target", client=self.merchant)
        self.checkout(403, "unauthorized_client", headers={"x-tenant-id": str(uuid.uuid4())})
        self.revoke(400, "invalid_request")
        bearer = {"Authorization": f"Bearer {FINANCE}"}
        for method in ("GET", "HEAD"):
            self.ask(method, REPORT, 400, headers=bearer, params={"period": "october"})
            params = {"period": "2026-10", "tenant": str(uuid.uuid4())}
            self.ask(method, REPORT, 404, headers=bearer, params=params)

    def test_how_it_is_sent(self) -> None:
        for path in (TOKEN, REVOKE, CHECKOUT):
            self.ask("POST", path, 415, "invalid_request", data=b"x", headers={"Content-Type": "text/plain"})
        for path, method, _ in self.description.operations():
            error = None if method == "head" else "invalid_request"
            self.ask(method.upper(), path, 413, error, data=b"x" * 20_000)
            self.ask(method.upper(), path, 431, error, headers={"X-Long": "x" * 20_000})
            self.ask("PUT", path, 405, "invalid_request")

    def test_the_credential_is_refused(self) -> None:
        tenant = self.stand.tenant(["phoenix", "alternative"])
        for provider in ("phoenix", "alternative"):
            account, _ = tenant.credentials[provider]
            self.stand.simulator.know(provider, account, "another-secret")
        for method, path, options in self.ways(tenant.clients["phoenix"]):
            answer = self.ask(method, path, 400, "unauthorized_client", **options)
            self.assertEqual(answer.json()["fault"], "credential")
        self.checkout(400, "unauthorized_client", client=tenant.clients["alternative"])

    def test_the_provider_is_down(self) -> None:
        tenant = self.stand.tenant(["phoenix", "alternative"])
        for provider in ("phoenix", "alternative"):
            account = tenant.credentials[provider][0]
            self.stand.simulator.fault(provider, "status", status=500, client_id=account)
        try:
            for method, path, options in self.ways(tenant.clients["phoenix"]):
                answer = self.ask(method, path, 503, "temporarily_unavailable", **options)
                self.assertEqual(answer.json()["fault"], "provider")
            self.checkout(503, client=tenant.clients["alternative"])
        finally:
            self.stand.simulator.clear_faults()

    def test_the_limit_is_spent(self) -> None:
        tenant = self.stand.tenant(["zatlas", "alternative"], rate="1/h", burst=1)
        client = tenant.clients["zatlas"]
        self.assertEqual(self.gateway.token(client).status_code, 200)
        for method, path, options in self.ways(client):
            self.ask(method, path, 429, "temporarily_unavailable", **options)
        self.checkout(429, client=tenant.clients["alternative"])
        self.revoke(429, client=client, token="x")

    def test_the_database_is_away(self) -> None:
        self.cutter.cut()
        try:
            # Issued past the cut: a client that the gateway has not heard of and cannot look up.
            issued = self.stand.bursar("client", "issue", "--tenant", self.tenant.uuid)
            stranger = Client(issued["client_id"], issued["client_secret"])
            bearer = {"Authorization": f"Bearer {FINANCE}"}
            for method in ("GET", "HEAD"):
                self.ask(method, REPORT, 503, headers=bearer, params={"period": "2026-10"})
            self.revoke(503, "temporarily_unavailable", client=stranger, token="x")
        finally:
            self.cutter.mend()

    def test_what_is_no_request(self) -> None:
        unfinished = b"POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
        for sent, status, name in (
            (unfinished, b"408", "TooSlow"),
            (b"\x16\x03\x01\r\n\r\n", b"400", "Malformed"),
        ):
            side = urlsplit(self.gateway.merchant)
            with socket.create_connection((side.hostname, side.port), timeout=30) as connection:
                connection.sendall(sent)
                head, body = connection.makefile("rb").read().split(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/1.1 " + status + b" "), head)
            schema = f"#/components/responses/{name}/content/application~1json/schema"
            self.assertEqual(self.description.problems(json.loads(body), schema), [])

    def test_zz_every_answer_that_is_described_has_been_seen(self) -> None:
        """Last by its name: what the other tests have not driven out is named here, or it is a finding."""
        described = {
            (path, method, status)
            for path, method, operation in self.description.operations()
            for status in operation["responses"]
            if status != ONE_FOR_ALL and not (path in WITHOUT_PARAMETERS and status in ("400", "503"))
        }
        self.assertEqual(sorted(described - self.description.seen), [])


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
