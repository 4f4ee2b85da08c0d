"""The recipes of docs/MERCHANTS.md for pages: routes in four languages, and the browser's module."""

import base64
import functools
import json
from collections.abc import Callable
from dataclasses import dataclass

import requests

from programs import Program
from recipes.book import Book, plain
from servers import Client, Gateway, plain_session
from stand import StandCase, Tenant
from test_recipes import FRONTENDS

COOKIE = {"Cookie": "theme=dark; session=session-1"}


@dataclass
class Route:
    """A running recipe and how a page asks it."""

    url: str
    session: requests.Session
    program: Program

    def token(self, query: str = "", headers: dict | None = None) -> requests.Response:
        url = self.url + "/api/payment-token" + query
        return self.session.get(url, headers=COOKIE if headers is None else headers, timeout=60)

    def checkout(self, invoice: str) -> requests.Response:
        return self.session.post(f"{self.url}/api/checkout-token/{invoice}", headers=COOKIE, timeout=60)


class FrontendTests(StandCase):
    gateway: Gateway
    book: Book
    profiles = {
        "alternative": {
            "token": {"path": "/oauth2/token"},
            "scoped": {
                "path": "/v1/checkout-auth/init",
                "parameters": {"customer_id": "{customer_id}", "invoice_id": "{invoice_id}"},
                "claims": {"customer_id": "{customer_id}", "invoice_id": "{invoice_id}"},
            },
        }
    }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.book = cls.enterClassContext(Book())
        cls.book.compile("Frontend")
        cls.gateway = cls.stand.gateway()

    def with_route(self, name: str, client: Client, check: Callable[[Route], None]) -> None:
        """Runs the recipe while `check` asks it."""
        log = self.book.folder / f"{name}-{client.id[-6:]}.log"
        variables = plain(self.variables(client) | {"PORT": "0"})
        command = self.book.command(name)
        # The programs of the page run in the folder where it was taken apart.
        program = Program(name, ["env", "-C", str(self.book.folder), *command], log, variables)
        try:
            url = program.line("listening on ", within=60).split()[-1]
            with plain_session() as session:
                check(Route(url, session, program))
        finally:
            program.stop()

    def each(self, check: Callable[..., None]) -> None:
        """Checks each language with a fresh tenant, whose first token is cold."""
        for name in FRONTENDS:
            with self.subTest(recipe=name):
                tenant = self.stand.tenant(["alternative"])
                client = tenant.clients["alternative"]
                self.with_route(name, client, functools.partial(check, tenant=tenant))

    def variables(self, client: Client) -> dict[str, str]:
        return {
            "BURSAR_URL": self.gateway.merchant,
            "BURSAR_CLIENT_ID": client.id,
            "BURSAR_CLIENT_SECRET": client.secret,
        }

    def provider_takes(self, token: str) -> bool:
        with plain_session() as session:
            check = self.stand.simulator.url + "/alternative/api/check"
            return session.get(check, headers={"Authorization": f"Bearer {token}"}, timeout=20).ok

    def issued(self, tenant: Tenant, endpoint: str) -> int:
        counts = self.stand.simulator.counts(tenant.credentials["alternative"][0])
        return counts.get("alternative", {}).get(endpoint, {}).get("issued", 0)

    def test_a_page_gets_a_token_and_after_its_end_another(self) -> None:
        def check(route: Route, tenant: Tenant) -> None:
            first = route.token()
            self.assertEqual(first.status_code, 200, first.text)
            self.assertEqual(first.headers["Cache-Control"], "no-store")
            self.assertEqual(first.headers["Referrer-Policy"], "no-referrer")
            self.assertTrue(self.provider_takes(first.json()["accessToken"]))
            self.assertGreater(first.json()["expiresIn"], 3000)
            self.assertEqual(route.token().json()["accessToken"], first.json()["accessToken"])

            expired = f"?expired={first.json()['generation']}"
            second = route.token(expired)
            self.assertEqual(second.status_code, 200, second.text)
            self.assertNotEqual(second.json()["accessToken"], first.json()["accessToken"])
            self.assertGreater(second.json()["generation"], first.json()["generation"])
            self.assertEqual(route.token(expired).json()["accessToken"], second.json()["accessToken"])
            self.assertEqual(self.issued(tenant, "token"), 2)

        self.each(check)

    def test_strangers_and_nonsense_get_nothing(self) -> None:
        def check(route: Route, tenant: Tenant) -> None:
            for headers in ({}, {"Cookie": "session=nobody"}):
                self.assertEqual(route.token(headers=headers).status_code, 401)
            for query in ("?expired=abc", "?expired=1%26provider%3Dzatlas", "?expired=-1"):
                self.assertEqual(route.token(query).status_code, 400, query)
            self.assertEqual(route.checkout("invoice-2").status_code, 404, "somebody else's invoice")
            self.assertEqual(route.checkout("invoice-9").status_code, 404)
            self.assertEqual(self.issued(tenant, "token"), 0)

        self.each(check)

    def test_a_token_for_one_invoice(self) -> None:
        def check(route: Route, tenant: Tenant) -> None:
            first, second = route.checkout("invoice-1"), route.checkout("invoice-1")
            self.assertEqual(first.status_code, 200, first.text)
            claims = claims_of(first.json()["token"])
            self.assertEqual((claims["customer_id"], claims["invoice_id"]), ("customer-1", "invoice-1"))
            self.assertNotEqual(first.json()["token"], second.json()["token"])
            self.assertEqual(self.issued(tenant, "scoped"), 2)
            self.assertEqual(self.issued(tenant, "token"), 1)

        self.each(check)

    def test_a_provider_that_is_down_is_passed_on_with_its_pause(self) -> None:
        def check(route: Route, tenant: Tenant) -> None:
            account = tenant.credentials["alternative"][0]
            self.stand.simulator.fault(
                "alternative", "status", status=503, retry_after="7", client_id=account
            )
            try:
                answer = route.token()
                self.assertEqual(answer.status_code, 503, answer.text)
                self.assertIn(int(answer.headers["Retry-After"]), range(1, 8))
                self.assertEqual(route.checkout("invoice-1").status_code, 503)
            finally:
                self.stand.simulator.clear_faults("alternative")

        self.each(check)

    def test_a_wrong_secret_is_logged_and_not_shown(self) -> None:
        client = Client("brc_" + "x" * 20, "brs_" + "y" * 38)

        def check(route: Route) -> None:
            answer = route.token()
            self.assertEqual(answer.status_code, 502, answer.text)
            self.assertNotIn("Bursar", answer.text)
            self.assertIn("invalid_client", route.program.text())
            self.assertNotIn(client.secret, route.program.text() + answer.text)

        for name in FRONTENDS:
            with self.subTest(recipe=name):
                self.with_route(name, client, check)

    def test_the_page_hands_the_sdk_another_token_after_on_access_token_expired(self) -> None:
        tenant = self.stand.tenant(["alternative"])

        def check(route: Route) -> None:
            # Stands in for the browser: it knows the page's own address, and sends its cookie.
            (self.book.folder / "browser.mjs").write_text(BROWSER)
            ran = self.book.run(["node", "browser.mjs"], {"PAGE": route.url})
            self.assertEqual(ran.status, 0, ran)
            first, second, third = json.loads(ran.output)
            self.assertEqual(len({first, second, third}), 3)
            self.assertTrue(self.provider_takes(third))

        self.with_route("frontend.mjs", tenant.clients["alternative"], check)

    def test_every_call_once_by_curl(self) -> None:
        tenant = self.stand.tenant(["alternative"])
        client = tenant.clients["alternative"]
        ran = self.book.run(self.book.command("tokens.sh"), self.variables(client))
        self.assertEqual(ran.status, 0, ran)
        first, second, payment, checkout = map(json.loads, ran.output.split())
        self.assertGreater(second["generation"], first["generation"])
        self.assertEqual(payment, {"accessToken": second["access_token"]})
        self.assertEqual(claims_of(checkout["token"])["invoice_id"], "invoice-1")


def claims_of(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


BROWSER = """
const own = globalThis.fetch;
globalThis.fetch = (path) => own(process.env.PAGE + path, { headers: { cookie: 'session=session-1' } });
const { accessToken, onAccessTokenExpired } = await import('./page.mjs');
const tokens = [await accessToken(), await onAccessTokenExpired(), await onAccessTokenExpired()];
console.log(JSON.stringify(tokens));
"""
