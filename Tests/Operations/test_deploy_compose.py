"""The compose stand: valid, closed to the outside, and what its scripts make is what its programs take."""

import json
import os
import re
import stat
import tempfile
import unittest
from importlib import resources
from pathlib import Path

import jsonschema
from deploy_files import DEPLOY, ROOT, documents, require, run
from programs import Program, find_program
from stand import PROVIDERS, StandCase

FOLDER = DEPLOY / "compose"


def compose() -> dict:
    return documents(DEPLOY / "compose.yaml")[0]


def sources(service: dict) -> list[tuple[str, str, bool]]:
    """A service's volumes: source, target, whether it may only be read."""
    parts = [volume.split(":") for volume in service.get("volumes", [])]
    return [(part[0], part[1], part[2:] == ["ro"]) for part in parts]


class FileTests(unittest.TestCase):
    def test_it_is_valid_by_the_schema_of_the_compose_specification(self) -> None:
        package = resources.files("check_jsonschema")
        schema = json.loads(package.joinpath("builtin_schemas/vendor/compose-spec.json").read_text())
        jsonschema.validators.validator_for(schema)(schema).validate(compose())

    def test_only_loopback_ports_are_published(self) -> None:
        ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
        self.assertGreater(len(ports), 5)
        for port in ports:
            self.assertTrue(port.startswith("127.0.0.1:"), port)
        self.assertEqual(len({port.split(":")[1] for port in ports}), len(ports))

    def test_every_container_is_confined(self) -> None:
        for name, service in compose()["services"].items():
            self.assertTrue(service["read_only"], name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertIn("no-new-privileges:true", service["security_opt"], name)
            self.assertFalse(service.get("privileged") or service.get("network_mode") == "host", name)
            if service.get("user") == "root":
                self.assertEqual(service["network_mode"], "none", name)

    def test_no_secret_stands_in_the_file(self) -> None:
        for name, service in compose()["services"].items():
            for variable, value in service.get("environment", {}).items():
                if re.search("PASSWORD|SECRET|KEY|CREDENTIAL|TOKEN|DATABASE", variable):
                    self.assertTrue(str(value).startswith("/stand/"), f"{name} {variable}")
                self.assertNotRegex(str(value), "://[^/]*@", f"{name} {variable}")

    def test_what_is_mounted_exists_and_only_own_data_is_written(self) -> None:
        named = set(compose()["volumes"])
        writable: list[str] = []
        for name, service in compose()["services"].items():
            for source, target, read_only in sources(service):
                if source.startswith("."):
                    self.assertTrue((DEPLOY / source).exists(), source)
                    self.assertTrue(read_only, f"{name} {target}")
                else:
                    self.assertIn(source, named)
                    writable += [] if read_only else [source]
        self.assertEqual(len(writable), len(set(writable)), "a volume has one writer")
        self.assertEqual(set(writable), named)

    def test_gateways_wait_for_the_migration_and_have_time_to_stop(self) -> None:
        services = compose()["services"]
        for name in ("gateway-1", "gateway-2"):
            needed = services[name]["depends_on"]["migrate"]["condition"]
            self.assertEqual(needed, "service_completed_successfully")
            self.assertGreater(int(services[name]["stop_grace_period"].removesuffix("s")), 10)
        for service in services.values():
            for needed, how in service.get("depends_on", {}).items():
                self.assertIn(needed, services)
                is_job = services[needed]["restart"].startswith("on-failure")
                self.assertEqual(how["condition"] == "service_completed_successfully", is_job, needed)

    def test_stages_are_those_of_the_container_file(self) -> None:
        text = (DEPLOY / "Containerfile").read_text()
        for service in compose()["services"].values():
            if build := service.get("build"):
                self.assertTrue((DEPLOY / build["context"] / build["dockerfile"]).exists())
                self.assertRegex(text, rf"(?m)^FROM \S+ AS {build['target']}$")

    def test_prometheus_takes_its_configuration(self) -> None:
        """With the paths of the container changed for those here."""
        services = compose()["services"]
        targets = documents(FOLDER / "prometheus.yml")[0]["scrape_configs"][0]["static_configs"][0]["targets"]
        self.assertEqual([target.split(":")[0] for target in targets], ["gateway-1", "gateway-2"])
        self.assertLessEqual({target.split(":")[0] for target in targets}, set(services))
        with tempfile.TemporaryDirectory() as folder:
            text = (FOLDER / "prometheus.yml").read_text()
            text = text.replace("/etc/prometheus/alerts.yaml", str(ROOT / "dashboards/alerts.yaml"))
            (Path(folder) / "ca.pem").touch()
            text = text.replace("/stand/public/ca.pem", f"{folder}/ca.pem")
            (Path(folder) / "prometheus.yml").write_text(text)
            ended = run(require("promtool"), "check", "config", f"{folder}/prometheus.yml")
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_grafana_has_every_variable_that_its_files_name(self) -> None:
        exported = re.findall(r"^export (.*)$", (FOLDER / "grafana.sh").read_text(), re.MULTILINE)
        given = set(" ".join(exported).split()) | set(compose()["services"]["grafana"]["environment"])
        files = [*(ROOT / "dashboards/provisioning").rglob("*.y*ml")]
        self.assertGreater(len(files), 1)
        for file in files:
            wanted = set(re.findall(r"\$\{?([A-Z][A-Z_0-9]+)", file.read_text()))
            self.assertLessEqual(wanted, given, file)

    def test_grafana_logs_in_as_the_logins_that_are_made(self) -> None:
        made = dict(
            line.split() for line in re.findall(r"^\w+ bursar_\w+$", (FOLDER / "logins.sh").read_text(), re.M)
        )
        for file in (ROOT / "dashboards/provisioning/datasources").iterdir():
            users = {source["user"] for source in documents(file)[0]["datasources"] if "user" in source}
            self.assertEqual({made[user] for user in users}, {"bursar_finance", "bursar_monitor"})

    def test_the_dashboards_lie_where_grafana_looks(self) -> None:
        targets = {target for _, target, _ in sources(compose()["services"]["grafana"])}
        for file in (ROOT / "dashboards/provisioning/dashboards").iterdir():
            for provider in documents(file)[0]["providers"]:
                self.assertIn(provider["options"]["path"], targets)


class Prepared:
    """What prepare.sh makes, in a folder of ours; giving files away takes root, so that is only noted."""

    def __init__(self, folder: Path):
        self.stand = folder / "stand"
        tools = folder / "tools"
        tools.mkdir()
        (tools / "chown").write_text(f'#!/bin/sh\necho "$@" >>"{folder}/owners"\n')
        (tools / "chown").chmod(0o755)
        # With the container's bounding set a file's mode does not hold its maker up; here it would.
        (tools / "chmod").write_text(
            '#!/bin/sh\ncase $1 in 0500) set -- 0700 "$2" ;; esac\nexec /bin/chmod "$@"\n'
        )
        (tools / "chmod").chmod(0o755)
        self._environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
        self._owners = folder / "owners"
        self.run()

    def run(self) -> str:
        ended = run("/bin/sh", FOLDER / "prepare.sh", self.stand, env=self._environment)
        if ended.returncode:
            raise AssertionError(ended.stdout + ended.stderr)
        return ended.stdout

    def owners(self) -> dict[str, str]:
        lines = [line.split() for line in self._owners.read_text().splitlines()]
        return {path.removeprefix(f"{self.stand}/").removesuffix(".new"): owner for owner, path in lines}

    def files(self) -> dict[str, Path]:
        return {str(p.relative_to(self.stand)): p for p in self.stand.rglob("*") if p.is_file()}


class PreparedTests(StandCase):
    prepared: Prepared

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.prepared = Prepared(cls.stand.folder)

    def test_every_secret_is_its_readers_alone(self) -> None:
        files, owners = self.prepared.files(), self.prepared.owners()
        self.assertGreater(len(files), 20)
        for name, file in files.items():
            if name in ("made", "public/ca.pem"):
                continue
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o400, name)
            folder = name.split("/")[0]
            self.assertEqual(owners[name], owners[folder], name)

    def test_owners_are_the_users_of_the_containers(self) -> None:
        owners, services = self.prepared.owners(), compose()["services"]
        text = (DEPLOY / "Containerfile").read_text()
        self.assertIn(f"USER {owners['gateway']}", text)
        self.assertIn(f"USER {owners['simulator']}", text)
        for service in ("postgres", "migrate"):
            self.assertEqual(services[service]["user"], owners[service])
        self.assertEqual(services["grafana"]["user"].split(":")[0], owners["grafana"].split(":")[0])

    def test_a_second_run_changes_nothing(self) -> None:
        before = {name: file.read_bytes() for name, file in self.prepared.files().items()}
        self.assertIn("already", self.prepared.run())
        self.assertEqual({name: file.read_bytes() for name, file in self.prepared.files().items()}, before)

    def test_no_two_secrets_are_the_same(self) -> None:
        kinds = re.compile("password|merchants/|postgres/[a-z]+$|keyring|tls-key")
        secrets = [file.read_text() for name, file in self.prepared.files().items() if kinds.search(name)]
        self.assertGreater(len(secrets), 12)
        # Finance's and monitor's stand on both sides, the server's and Grafana's.
        self.assertEqual(len(set(secrets)), len(secrets) - 2)

    def test_certificates_are_the_authoritys_and_name_their_services(self) -> None:
        hosts = {"gateway-1": "gateway", "gateway-2": "gateway", "localhost": "gateway"}
        authority = ["-CAfile", self.prepared.stand / "public/ca.pem", "-purpose", "sslserver"]
        for host, folder in (hosts | {"simulator": "simulator", "postgres": "postgres"}).items():
            file = self.prepared.stand / folder / "tls-certificate"
            ended = run(require("openssl"), "verify", *authority, "-verify_hostname", host, file)
            self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_the_gateway_takes_the_files_as_its_credentials(self) -> None:
        environment = compose()["services"]["gateway-1"]["environment"]
        self.assertEqual(environment["CREDENTIALS_DIRECTORY"], "/stand/gateway")
        settings = {
            name: str(value).replace("/stand/", f"{self.prepared.stand}/").replace("/etc/bursar", str(FOLDER))
            for name, value in environment.items()
        }
        ended = run(find_program("bursar"), "config", "show", "--json", env=settings)
        shown = {setting["setting"]: setting for setting in json.loads(ended.stdout)}
        for name in ("database-url", "keyring-file", "tls-certificate-file", "tls-key-file"):
            self.assertEqual(shown[name]["source"], "credentials directory", name)
        self.assertNotEqual(shown["secrets-dir"]["value"], settings["CREDENTIALS_DIRECTORY"])

    def test_the_merchant_is_enrolled_once_with_all_five_providers(self) -> None:
        gateway = compose()["services"]["gateway-1"]["environment"]
        environment = self.stand.environment | {
            "BURSAR_PROVIDERS_DIR": str(FOLDER / "providers"),
            "BURSAR_PROVIDER_NETWORKS": gateway["BURSAR_PROVIDER_NETWORKS"],
            "BURSAR_SECRETS_DIR": str(self.prepared.stand / "merchants"),
            "PATH": f"{Path(find_program('bursar')).parent}:{os.environ['PATH']}",
        }
        for expected in ("5 connections", "already"):
            ended = run("/bin/sh", FOLDER / "enrol.sh", FOLDER / "tenants.yaml", env=environment)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertIn(expected, ended.stdout + ended.stderr)
        connections = self.stand.bursar("connection", "list", environment=environment)
        self.assertEqual({c["provider"] for c in connections}, set(PROVIDERS))
        self.assertEqual({c["credential_state"] for c in connections}, {"active"})

    def test_the_simulator_knows_what_the_merchant_was_given(self) -> None:
        folder = self.prepared.stand
        given = [
            argument.replace("/stand", str(folder))
            for argument in compose()["services"]["simulator"]["command"]
            if not argument.startswith(("--host", "--port"))
        ]
        command = [find_program("provider-simulator"), "--port=0", *given]
        program = Program("compose-simulator", command, self.stand.folder / "compose-simulator.log")
        try:
            url = program.line("listening on ").split()[-1]
            self.assertTrue(url.startswith("https://"))
        finally:
            program.stop()
        entries = json.loads((folder / "simulator/credentials.json").read_text())
        known = {entry["provider"]: entry for entry in entries}
        for connection in documents(FOLDER / "tenants.yaml")[0]["tenants"][0]["connections"]:
            entry = known[connection["provider"]]
            self.assertEqual(entry["client_id"], connection["client_id"])
            secret = folder / "merchants" / connection["secret_ref"].removeprefix("file:")
            self.assertEqual(entry["client_secret"], secret.read_text())


if __name__ == "__main__":
    unittest.main()
