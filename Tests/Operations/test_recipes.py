"""The recipes of docs/MERCHANTS.md, run as printed: what each block is, and payments in five languages."""

import base64
import json
import os
import shutil
import stat
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from recipes import drivers
from recipes.book import LANGUAGES, Book, blocks, missing_programs
from recipes.payment_api import Attempt, PaymentAPI
from servers import Client, Gateway
from stand import PROVIDERS, StandCase, Tenant

PAYMENTS = ["pay.mjs", "pay.py", "Pay.java", "Pay.kt", "pay.sh"]
# A shell script ends after its payment; these may go on.
PROGRAMS = PAYMENTS[:4]
FRONTENDS = ["frontend.mjs", "frontend.py", "Frontend.java", "Frontend.kt"]
# test_recipes_frontend.py runs the frontends and these two.
OTHERS = ["page.mjs", "tokens.sh"]


class BookTests(unittest.TestCase):
    def test_every_program_is_run_by_a_test(self) -> None:
        names = [block.name for block in blocks() if block.language in LANGUAGES.values()]
        self.assertEqual(sorted(PAYMENTS + FRONTENDS + OTHERS), sorted(map(str, names)))

    def test_every_block_is_a_program_or_an_example_of_json(self) -> None:
        for block in blocks():
            with self.subTest(line=block.line):
                if block.name:
                    self.assertEqual(block.language, LANGUAGES["." + block.name.rsplit(".")[-1]])
                    longest = max(map(len, block.text.splitlines()))
                    self.assertLessEqual(longest, 110, "lines are too long to read on a page")
                else:
                    self.assertEqual(block.language, "json", "a block without a file's name is not run")
                    json.loads(block.text)

    def test_the_machine_has_what_the_recipes_need(self) -> None:
        self.assertEqual(missing_programs(), [], "run the tests with ./dev test, which installs them")


class ThreeVariablesTests(StandCase):
    """Code after the providers' own samples, of which only URL, id and secret have changed."""

    def test_each_provider_s_way_of_asking_works(self) -> None:
        gateway = self.stand.gateway()
        tenant = self.stand.tenant(PROVIDERS)
        for provider in PROVIDERS:
            client = tenant.clients[provider]
            form = {"grant_type": "client_credentials"}
            raw = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
            if provider == "zertiban":
                asked = {
                    "data": form | {"scope": "openid profile api"},
                    "headers": {"Authorization": f"Basic {raw}"},
                }
            else:
                asked = {"data": form | {"client_id": client.id, "client_secret": client.secret}}
            with self.subTest(provider=provider):
                answer = gateway.session.post(gateway.merchant + "/oauth2/token", timeout=30, **asked)
                self.assertEqual(answer.status_code, 200, answer.text)
                token = answer.json()
                self.assertNotIn("refresh_token", token)
                headers = {
                    "Authorization": f"Bearer {token['access_token']}",
                    "x-tenant-id": token["business_uuid"],
                }
                taken = gateway.get(f"{self.stand.simulator.url}/{provider}/api/check", headers=headers)
                self.assertEqual(taken.status_code, 200, taken.text)

    def test_a_token_without_its_generation_can_be_reported(self) -> None:
        gateway = self.stand.gateway("reports")
        client = self.stand.tenant(["zatlas"]).clients["zatlas"]

        def token() -> str:
            bearer = {"Authorization": f"Bearer {client.secret}"}
            return gateway.get(gateway.merchant + "/api/payment-token", headers=bearer).json()["accessToken"]

        first = token()
        self.assertEqual(token(), first)
        revoke, pair = gateway.merchant + "/oauth2/revoke", (client.id, client.secret)
        reported = gateway.session.post(revoke, data={"token": first}, auth=pair, timeout=30)
        self.assertEqual((reported.status_code, reported.json()), (200, {}))
        self.assertNotEqual(token(), first)


class PaymentTests(StandCase):
    gateway: Gateway
    book: Book
    api: PaymentAPI

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.book = cls.enterClassContext(Book())
        cls.book.compile("Pay")
        cls.gateway = cls.stand.gateway()
        cls.api = PaymentAPI(cls.stand.simulator.url + "/zertiban/api/check")
        cls.addClassCleanup(cls.api.close)

    def each(self, check: Callable[[str, Tenant, Client], None], recipes: list[str] = PAYMENTS) -> None:
        """Checks each language with a fresh tenant, whose first token is cold, and no payments yet."""
        for name in recipes:
            with self.subTest(recipe=name):
                self.api.forget()
                tenant = self.stand.tenant(["zertiban"])
                check(name, tenant, tenant.clients["zertiban"])

    def variables(self, client: Client) -> dict[str, str]:
        return {
            "BURSAR_URL": self.gateway.merchant,
            "BURSAR_CLIENT_ID": client.id,
            "BURSAR_CLIENT_SECRET": client.secret,
            "PAYMENT_API_URL": self.api.url,
        }

    def pay(self, name: str, client: Client):
        return self.book.run(self.book.command(name), self.variables(client))

    def exchanges(self, tenant: Tenant) -> int:
        counts = self.stand.simulator.counts(tenant.credentials["zertiban"][0])
        return counts["zertiban"]["token"]["issued"]

    def token_requests(self) -> float:
        series = (
            'bursar_http_requests_total{server="merchant",route="/oauth2/token",method="POST",status_class='
        )
        classes = (self.gateway.metric(series + f'"{name}"}}') for name in ("2xx", "4xx", "5xx"))
        return sum(value or 0 for value in classes)

    def check_same_but_token(self, first: Attempt, second: Attempt) -> None:
        self.assertEqual((first.status, second.status), (401, 201))
        self.assertNotEqual(first.authorization, second.authorization)
        self.assertEqual(first.key, second.key)
        self.assertEqual(first.body, second.body)

    def test_a_payment_goes_through(self) -> None:
        def check(name: str, tenant: Tenant, client: Client) -> None:
            ran = self.pay(name, client)
            self.assertEqual(ran.status, 0, ran)
            self.assertTrue(ran.output.startswith('201 {"id": "'), ran)
            [attempt] = self.api.attempts()
            self.assertEqual(attempt.tenant, tenant.uuid)
            self.assertEqual(attempt.media_type, "application/json")
            payment = {"amount": "12.50", "currency": "EUR", "order": "order-4711"}
            self.assertEqual(json.loads(attempt.body), payment)
            self.assertEqual(self.exchanges(tenant), 1)

        self.each(check)

    def test_after_a_401_the_same_request_goes_once_more_with_another_token(self) -> None:
        def check(name: str, tenant: Tenant, client: Client) -> None:
            self.assertEqual(self.gateway.token(client).status_code, 200)
            revoked = self.stand.simulator.control(
                "POST", "tokens/revoke", {"client_id": tenant.credentials["zertiban"][0]}
            )
            self.assertEqual(revoked["revoked"], 1)
            ran = self.pay(name, client)
            self.assertEqual(ran.status, 0, ran)
            first, second = self.api.attempts()
            self.check_same_but_token(first, second)
            self.assertEqual(self.exchanges(tenant), 2)

        self.each(check)

    def test_a_second_401_is_the_answer(self) -> None:
        self.api.refuses_all = True
        try:

            def check(name: str, tenant: Tenant, client: Client) -> None:
                ran = self.pay(name, client)
                self.assertEqual(ran.status, 1, ran)
                self.assertTrue(ran.output.startswith("401 "), ran)
                self.assertEqual([attempt.status for attempt in self.api.attempts()], [401, 401])
                self.assertEqual(self.exchanges(tenant), 2)

            self.each(check)
        finally:
            self.api.refuses_all = False

    def test_it_comes_back_after_retry_after(self) -> None:
        def check(name: str, tenant: Tenant, client: Client) -> None:
            account = tenant.credentials["zertiban"][0]
            self.stand.simulator.fault(
                "zertiban",
                "status",
                endpoint="token",
                status=503,
                retry_after="1",
                count=1,
                client_id=account,
            )
            before = self.token_requests()
            ran = self.pay(name, client)
            self.assertEqual(ran.status, 0, ran)
            self.assertGreaterEqual(self.token_requests() - before, 2, "it never met the 503")
            self.assertEqual([attempt.status for attempt in self.api.attempts()], [201])

        self.each(check)

    def test_a_wrong_secret_is_reported_at_once_and_not_shown(self) -> None:
        def check(name: str, tenant: Tenant, client: Client) -> None:
            wrong = Client(client.id, client.secret[:-1] + ("0" if client.secret[-1] != "0" else "1"))
            before = self.token_requests()
            ran = self.pay(name, wrong)
            self.assertNotEqual(ran.status, 0, ran)
            self.assertIn("invalid_client", ran.errors)
            self.assertNotIn(wrong.secret, ran.errors + ran.output)
            self.assertEqual(self.token_requests() - before, 1)
            self.assertEqual(self.api.attempts(), [])

        self.each(check)

    def test_curl_has_no_secret_on_its_command_line(self) -> None:
        tenant = self.stand.tenant(["zertiban"])
        client = tenant.clients["zertiban"]
        seen = self.book.folder / "arguments"
        wrapper = self.book.folder / "bin" / "curl"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" >>"{seen}"\nexec {shutil.which("curl")} "$@"\n')
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        path = {"PATH": f"{wrapper.parent}:{os.environ['PATH']}"}
        ran = self.book.run(self.book.command("pay.sh"), self.variables(client) | path)
        self.assertEqual(ran.status, 0, ran)
        arguments = seen.read_text()
        self.assertIn("/oauth2/token", arguments)
        self.assertNotIn(client.secret, arguments)
        [attempt] = self.api.attempts()
        self.assertNotIn(attempt.authorization.removeprefix("Bearer "), arguments)

    # Programs that live longer than one payment

    def driver(self, name: str) -> list[str]:
        """The command that runs this recipe's driver."""
        file, text, command = {
            "pay.mjs": ("driver.mjs", drivers.NODE, ["node"]),
            "pay.py": ("driver.py", drivers.PYTHON, ["python3"]),
            "Pay.java": ("Driver.java", drivers.java("Pay"), ["java", "-cp", "java"]),
            "Pay.kt": ("KotlinDriver.java", drivers.java("PayKt"), ["java", "-cp", "Pay.jar"]),
        }[name]
        (self.book.folder / file).write_text(text)
        return [*command, file]

    def test_a_token_is_used_for_its_life_and_no_longer(self) -> None:
        """Four seconds before the end of eight the gateway has another: no payment may meet a 401."""
        self.api.forget()
        lifetimes = {"provider": "zertiban", "access_seconds": 8}
        self.stand.simulator.control("PUT", "lifetimes", lifetimes)
        try:
            tenant = self.stand.tenant(["zertiban"])
            variables = self.variables(tenant.clients["zertiban"]) | {"PAYMENTS": "45"}
            with ThreadPoolExecutor(len(PROGRAMS)) as pool:
                runs = [
                    pool.submit(self.book.run, self.driver(name), variables | {"NAME": name})
                    for name in PROGRAMS
                ]
                ended = [run.result() for run in runs]
        finally:
            self.stand.simulator.control("PUT", "lifetimes", lifetimes | {"access_seconds": 300})
        self.assertEqual([run.status for run in ended], [0] * len(PROGRAMS), ended)
        attempts = self.api.attempts()
        self.assertGreaterEqual(len({attempt.authorization for attempt in attempts}), 3, "no token has ended")
        self.assertGreaterEqual(len(attempts), 45 * len(PROGRAMS))
        self.assertEqual({attempt.status for attempt in attempts}, {201})

    def test_many_payments_need_one_token_and_one_renewal(self) -> None:
        def check(name: str, tenant: Tenant, client: Client) -> None:
            command = self.driver(name)
            self.assertEqual(self.gateway.token(client).status_code, 200)
            control = f"{self.stand.simulator.url}/_control/tokens/revoke"
            account = tenant.credentials["zertiban"][0]
            before = self.token_requests()
            ran = self.book.run(command, self.variables(client) | {"CONTROL": control, "ACCOUNT": account})
            self.assertEqual(ran.status, 0, ran)
            attempts = self.api.attempts()
            self.assertEqual(self.token_requests() - before, 2, "it asks for each payment")
            self.assertEqual(self.exchanges(tenant), 2)
            self.check_herd([attempt for attempt in attempts if attempt.key.startswith("herd-")])

        self.each(check, PROGRAMS)

    def check_herd(self, attempts: list[Attempt]) -> None:
        """Twenty payments before the token was revoked and twenty after it, each taken once."""
        by_key: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            by_key.setdefault(attempt.key, []).append(attempt)
        self.assertEqual(len(by_key), 40)
        refused = [tries for tries in by_key.values() if len(tries) == 2]
        self.assertTrue(refused, "no payment met the revoked token")
        for first, second in refused:
            self.check_same_but_token(first, second)
        for tries in by_key.values():
            self.assertEqual(tries[-1].status, 201)
            self.assertLessEqual(len(tries), 2)
