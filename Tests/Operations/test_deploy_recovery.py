"""What deploy/README.md says of restoring a backup and of a lost keyring, carried out as it stands."""

import base64
import datetime
import os
import re
import unittest
import uuid

import psycopg
from deploy_files import DEPLOY, fenced, require, run, walk
from servers import Client
from stand import Stand

PLACE = ["--provider", "zatlas", "--environment", "sandbox"]


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}\n"


class LostKeyringTests(unittest.TestCase):
    def setUp(self) -> None:
        self.stand = self.enterContext(Stand())
        self.tenant = self.stand.tenant(["zatlas"])
        gateway = self.stand.gateway("before")
        self.assertEqual(gateway.token(self.tenant.clients["zatlas"]).status_code, 200)
        gateway.stop()
        self.stand.write("keyring", key("other"))

    def test_it_is_seen(self) -> None:
        self.assertEqual(self.stand.run("doctor").status, 1)
        self.assertEqual(self.stand.run("keys", "status").status, 1)
        self.assertEqual(self.stand.run("client", "issue", "--tenant", self.tenant.uuid).status, 1)

    def test_the_lines_of_the_readme_lead_back_to_serving(self) -> None:
        blocks = fenced(DEPLOY / "README.md", "sql")
        self.assertEqual(len(blocks), 1)
        self.stand.sql(blocks[0])
        self.assertEqual(self.stand.run("doctor").status, 0)
        (credential,) = self.stand.bursar("credential", "list")
        self.assertEqual((credential["state"], credential["secret"]), ("pending", "missing"))
        gateway = self.stand.gateway("after")
        client_id, secret = self.tenant.credentials["zatlas"]
        given = ["--tenant", self.tenant.uuid, "--client-id", client_id, "--secret-stdin"]
        self.stand.bursar("credential", "set", *PLACE, *given, stdin=secret)
        issued = self.stand.bursar("client", "issue", "--tenant", self.tenant.uuid, *PLACE)
        client = Client(issued["client_id"], issued["client_secret"])
        self.assertEqual(gateway.token(client).status_code, 200)
        self.assertEqual(gateway.token(self.tenant.clients["zatlas"]).status_code, 401)


class RestoreTests(unittest.TestCase):
    """The lines of the README on another database of the same server; roles are there already."""

    def setUp(self) -> None:
        self.stand = self.enterContext(Stand())
        self.tenant = self.stand.tenant(["zatlas", "paymentapi"])
        gateway = self.stand.gateway("before")
        self.answers = {
            provider: gateway.token(client).json() for provider, client in self.tenant.clients.items()
        }
        gateway.stop()

    def _restored(self, dump: str) -> str:
        name = f"test_{uuid.uuid4().hex[:16]}"
        _administrate(f"CREATE DATABASE {name}")
        self.addCleanup(_administrate, f"DROP DATABASE {name} WITH (FORCE)")
        url = self.stand.database_url.replace(self.stand.database, name)
        self._carry_out("pg_restore", dump, url)
        return url

    def _carry_out(self, program: str, dump: str, url: str) -> None:
        lines = [line for block in fenced(DEPLOY / "README.md", "sh") for line in block.splitlines()]
        (line,) = [line for line in lines if line.startswith(program + " ")]
        line = re.sub(r"\bbursar\.dump\b", dump, line).replace(program, require(program), 1)
        ended = run("/bin/bash", "-ec", line, env=os.environ | {"DATABASE_URL": url})
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), line)

    def test_a_restored_dump_serves_and_adds_up(self) -> None:
        dump = str(self.stand.folder / "bursar.dump")
        self._carry_out("pg_dump", dump, self.stand.database_url)
        restored = {"BURSAR_DATABASE_URL": self._restored(dump)}
        # Rights on the database itself are no part of a dump.
        self.assertEqual(self.stand.bursar("migrate", environment=restored)["steps"], ["roles.sql"])
        findings = self.stand.bursar("doctor", environment=restored)
        self.assertTrue(all(finding["ok"] for finding in findings), findings)
        verified = self.stand.bursar("report", "verify", "--period", _month(), environment=restored)
        self.assertTrue(verified["verified"])
        exchanges = self._exchanges()
        gateway = self.stand.gateway("restored", restored)
        for provider, client in self.tenant.clients.items():
            answer = gateway.token(client).json()
            self.assertEqual(answer["access_token"], self.answers[provider]["access_token"])
        self.assertEqual(self._exchanges(), exchanges, "tokens come out of the backup")

    def _exchanges(self) -> int:
        counts = self.stand.simulator.counts()
        issued = [v["issued"] for v in walk(counts) if isinstance(v, dict) and "issued" in v]
        self.assertGreaterEqual(sum(issued), 2)
        return sum(issued)


def _month() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m")


def _administrate(text: str) -> None:
    with psycopg.connect(os.environ["BURSAR_TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(text)


if __name__ == "__main__":
    unittest.main()
