"""The OpenAPI document: valid, complete, and what the gateway serves."""

import hashlib
import json
import unittest

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from description import METHODS, Description, routes
from servers import Gateway
from stand import StandCase

ADMIN_TOKEN = "a-token-of-finance"
# Near what exists, and what others have.
ABSENT = """
    / /oauth2 /oauth2/ /oauth2/token/ /OAuth2/token //oauth2/token /oauth2/introspect /v1 /v1/tokens
    /v1/token/x /api /api/payment-token/ /v1/checkout-auth /.well-known /health /healthz /status /admin
    /reports /reports/usage/ /metrics/ /openapi.yaml /swagger.json /debug/pprof /%6fauth2/token /livez/..
    /.well-known/openid-configuration
""".split()


class DocumentTests(unittest.TestCase):
    description = Description()

    def test_it_is_valid(self) -> None:
        problems = [
            error.message for error in OpenAPIV31SpecValidator(self.description.document).iter_errors()
        ]
        self.assertEqual(problems, [])

    def test_it_has_the_routes_of_the_sources_and_no_others(self) -> None:
        described = {
            path: sorted(self.description.methods(path)) for path in self.description.document["paths"]
        }
        self.assertEqual(described, routes())

    def test_each_path_says_which_side_has_it(self) -> None:
        document = self.description.document
        for path, item in document["paths"].items():
            ports = {server["url"].rsplit(":", 1)[1] for server in item.get("servers", document["servers"])}
            expected = {"merchant": "8080", "admin": "8081"}
            side = self.description.side(path)
            self.assertTrue({"8080", "8081"} & ports, path)
            for name, port in expected.items():
                self.assertEqual(port in ports, side in (name, "both"), path)

    def test_every_name_is_there_once(self) -> None:
        names = [operation["operationId"] for _, _, operation in self.description.operations()]
        self.assertEqual(len(names), len(set(names)))

    def test_every_component_is_used(self) -> None:
        document = self.description.document
        text = json.dumps(document)
        for kind, members in document["components"].items():
            for name in members:
                used = f'"#/components/{kind}/{name}"' in text or f'{{"{name}": []}}' in text
                # What other paths are answered: of no path's own, so told in words.
                self.assertTrue(used or name == "PathUnknown", f"{kind}/{name}")

    def test_every_example_is_what_its_schema_says(self) -> None:
        seen = 0

        def look(thing: object, pointer: str) -> None:
            nonlocal seen
            if isinstance(thing, list):
                for number, value in enumerate(thing):
                    look(value, f"{pointer}/{number}")
            if not isinstance(thing, dict):
                return
            if "example" in thing and "schema" in thing:
                seen += 1
                self.assertEqual(
                    self.description.problems(thing["example"], f"{pointer}/schema"), [], pointer
                )
            for name, value in thing.items():
                if name != "example":
                    look(value, f"{pointer}/" + name.replace("~", "~0").replace("/", "~1"))

        look(self.description.document, "#")
        self.assertGreater(seen, 40)


class ServedTests(StandCase):
    description = Description()
    gateway: Gateway

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        digest = hashlib.sha256(ADMIN_TOKEN.encode()).hexdigest()
        file = cls.stand.write("admin-tokens", f"finance:alice:{digest}\n")
        cls.gateway = cls.stand.gateway(environment={"BURSAR_ADMIN_TOKENS_FILE": str(file)})

    def ask(self, side: str, method: str, path: str):
        url = (self.gateway.merchant if side == "merchant" else self.gateway.admin) + path
        request = self.gateway.session.prepare_request(requests.Request(method, url))
        request.url = url  # as it is, `..` and all
        return self.gateway.session.send(request, timeout=30, allow_redirects=False)

    def test_the_gateway_serves_it_with_its_version(self) -> None:
        answer = self.ask("admin", "GET", "/openapi.json")
        version = self.ask("admin", "GET", "/version").json()["version"]
        expected = json.loads(json.dumps(self.description.document).replace('"0.0.0"', json.dumps(version)))
        self.assertEqual(answer.json(), expected)
        self.assertEqual(answer.json()["info"]["version"], version)

    def test_each_path_has_these_methods_on_this_side_alone(self) -> None:
        for path in self.description.document["paths"]:
            own = self.description.methods(path)
            for side in ("merchant", "admin"):
                here = self.description.side(path) in (side, "both")
                for method in METHODS:
                    answer = self.ask(side, method.upper(), path)
                    with self.subTest(side=side, path=path, method=method):
                        if not here:
                            self.assertEqual(answer.status_code, 404)
                        elif method in own:
                            self.assertNotIn(answer.status_code, (404, 405))
                        else:
                            self.assertEqual(answer.status_code, 405)
                            self.assertEqual(answer.headers["Allow"].lower().split(", "), own)
                            self.assertEqual(self.described(answer, path, method), [])

    def described(self, answer, path: str, method: str) -> list[str]:
        if method == "head":
            return []
        return self.description.faults(answer, path)

    def test_there_is_nothing_elsewhere(self) -> None:
        unknown = "#/components/responses/PathUnknown/content/application~1json/schema"
        for path in ABSENT:
            for side in ("merchant", "admin"):
                for method in ("GET", "POST"):
                    answer = self.ask(side, method, path)
                    with self.subTest(side=side, path=path, method=method):
                        self.assertEqual(answer.status_code, 404)
                        self.assertEqual(self.description.problems(answer.json(), unknown), [])

    def test_reports_are_nowhere_without_a_file_of_tokens(self) -> None:
        gateway = self.stand.gateway("without-tokens")
        answer = gateway.get(gateway.admin + "/reports/usage?period=2026-10")
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.description.faults(answer, "/reports/usage"), [])
