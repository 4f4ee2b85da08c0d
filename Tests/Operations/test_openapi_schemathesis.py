"""Schemathesis asks the gateway what the OpenAPI document allows and what it does not, by a fixed seed."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

from description import FILE
from servers import Gateway
from stand import StandCase

FINANCE = "a-token-of-finance"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# 503 is an answer and no defect: there may be no generation after `rejected`. No other 5xx is allowed.
SETTINGS = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]
"""
PINNED = """
[parameters]
"query.provider" = "alternative"
"query.environment" = "sandbox"
"query.scope" = "openid"
"header.x-tenant-id" = "{tenant}"
"""


class SchemathesisTests(StandCase):
    gateway: Gateway
    profiles = {
        "alternative": {"token": {"path": "/oauth2/token"}, "scopes": {"ignored": ["openid"]}},
    }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        digest = hashlib.sha256(FINANCE.encode()).hexdigest()
        file = cls.stand.write("admin-tokens", f"finance:alice:{digest}\n")
        cls.gateway = cls.stand.gateway(environment={"BURSAR_ADMIN_TOKENS_FILE": str(file)})
        cls.tenant = cls.stand.tenant(["alternative"])
        cls.client = cls.tenant.clients["alternative"]

    def explore(self, url: str, tag: str, settings: str, *arguments: str) -> None:
        """Asks every operation of one side; the seed stands for the same questions every time."""
        file = self.stand.write("schemathesis.toml", settings)
        long = os.environ.get("BURSAR_TEST_LONG") == "1"
        command = [Path(sys.executable).with_name("schemathesis"), "--config-file", file, "run", FILE]
        command += ["--url", url, "--include-tag", tag, "--include-tag", "both", "--checks", ",".join(CHECKS)]
        command += [
            "--phases",
            "examples,coverage,fuzzing",
            "--continue-on-failure",
            "--no-color",
            "--seed",
            "1",
        ]
        command += ["--max-examples", "200" if long else "15", *arguments]
        ended = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=3_600, cwd=self.stand.folder
        )
        self.assertEqual(ended.returncode, 0, ended.stdout[-8_000:] + ended.stderr)
        tested = re.search(r"(\d+) generated, (\d+) passed", ended.stdout)
        assert tested, ended.stdout
        self.assertGreater(int(tested[2]), 300)

    def answered(self, route: str, family: str) -> float:
        lines = self.gateway.metrics().splitlines()
        wanted = f'route="{route}"'
        own = [line for line in lines if line.startswith("bursar_http_requests_total") and wanted in line]
        return sum(float(line.split()[-1]) for line in own if f'status_class="{family}"' in line)

    def test_the_merchant_side(self) -> None:
        auth = ["--auth", f"{self.client.id}:{self.client.secret}"]
        self.explore(self.gateway.merchant, "merchant", SETTINGS, *auth)
        pinned = SETTINGS + PINNED.format(tenant=self.tenant.uuid)
        self.explore(self.gateway.merchant, "merchant", pinned, *auth)
        for route in ("/oauth2/token", "/v1/token", "/api/payment-token", "/oauth2/revoke"):
            self.assertGreater(self.answered(route, "2xx"), 10, f"{route} refused nearly everything")

    def test_the_admin_side(self) -> None:
        self.explore(self.gateway.admin, "admin", SETTINGS, "--header", f"Authorization: Bearer {FINANCE}")
        self.assertGreater(self.answered("/reports/usage", "2xx"), 10)
