"""The Kubernetes manifests: by the schema, by the restricted profile, and by what the gateway needs."""

import base64
import binascii
import json
import re
import unittest
from collections.abc import Iterator

import kubernetes_validate
from deploy_files import DEPLOY, ROOT, documents, run, setting_names, walk
from programs import find_program

FOLDER = DEPLOY / "kubernetes"
FILES = sorted(file for file in FOLDER.rglob("*.yaml") if file.name != "kustomization.yaml")


def manifests() -> list[dict]:
    """All that is applied: the examples are not."""
    return [m for file in FILES if file.name != "secrets.example.yaml" for m in documents(file)]


def of_kind(kind: str) -> dict[str, dict]:
    return {m["metadata"]["name"]: m for m in manifests() if m["kind"] == kind}


def templates() -> Iterator[tuple[str, dict]]:
    """Every pod template with the name of what makes pods of it."""
    for manifest in manifests():
        name, spec = manifest["metadata"]["name"], manifest.get("spec", {})
        if manifest["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield name, spec["template"]


def gateway() -> dict:
    return of_kind("StatefulSet")["bursar"]["spec"]


def gateway_container() -> dict:
    return gateway()["template"]["spec"]["containers"][0]


def environment(container: dict) -> dict[str, str]:
    """A container's variables, those of the ConfigMap included."""
    maps = [source["configMapRef"]["name"] for source in container.get("envFrom", [])]
    variables = {name: value for m in maps for name, value in of_kind("ConfigMap")[m]["data"].items()}
    return variables | {entry["name"]: entry["value"] for entry in container.get("env", [])}


class SchemaTests(unittest.TestCase):
    def test_every_manifest_is_valid_with_nothing_unknown_in_it(self) -> None:
        self.assertGreater(len(FILES), 8)
        for version in ("1.30", kubernetes_validate.latest_version()):
            for file in FILES:
                for manifest in documents(file):
                    kubernetes_validate.validate(manifest, version, strict=True)

    def test_each_kustomization_names_its_files_and_they_name_its_image(self) -> None:
        named = {}
        for file in FOLDER.rglob("kustomization.yaml"):
            kustomization = documents(file)[0]
            self.assertEqual(kustomization["namespace"], "bursar")
            named |= {(file.parent / name).resolve(): kustomization for name in kustomization["resources"]}
        examples = {(FOLDER / "secrets.example.yaml").resolve()}
        self.assertEqual(set(named) | examples, {file.resolve() for file in FILES})
        for file, kustomization in named.items():
            images = {value["image"] for m in documents(file) for value in walk(m) if _is_container(value)}
            self.assertLessEqual(images, {image["name"] for image in kustomization["images"]}, file)

    def test_the_release_is_this_one(self) -> None:
        version = run(find_program("bursar"), "--version").stdout.strip()
        for file in FOLDER.rglob("kustomization.yaml"):
            for image in documents(file)[0]["images"]:
                self.assertEqual(image["newTag"], version)
        self.assertIn(f"ARG VERSION={version}\n", (DEPLOY / "Containerfile").read_text())

    def test_example_secrets_cannot_be_applied(self) -> None:
        for secret in documents(FOLDER / "secrets.example.yaml"):
            self.assertNotIn("stringData", secret)
            for name, value in secret["data"].items():
                with self.assertRaises(binascii.Error, msg=name):
                    base64.b64decode(value, validate=True)

    def test_every_secret_that_is_mounted_has_an_example(self) -> None:
        examples = {s["metadata"]["name"]: s for s in documents(FOLDER / "secrets.example.yaml")}
        used = {
            v["secret"]["secretName"] for _, t in templates() for v in t["spec"]["volumes"] if "secret" in v
        }
        self.assertEqual(used, set(examples))


class RestrictedTests(unittest.TestCase):
    """The restricted profile of the pod security standards, and a little more."""

    def test_pods_that_are_less_are_refused_by_the_namespace(self) -> None:
        labels = of_kind("Namespace")["bursar"]["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")

    def test_every_pod_is_restricted(self) -> None:
        self.assertEqual(len(list(templates())), 6)
        for name, template in templates():
            pod = template["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
            self.assertGreater(pod["securityContext"]["runAsUser"], 0, name)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"}, name)
            self.assertIs(pod["automountServiceAccountToken"], False, name)
            for field in ("hostNetwork", "hostPID", "hostIPC"):
                self.assertNotIn(field, pod, name)
            for volume in pod["volumes"]:
                kinds = set(volume) - {"name"}
                self.assertLessEqual(
                    kinds, {"secret", "configMap", "emptyDir", "persistentVolumeClaim"}, name
                )
            for container in pod["containers"] + pod.get("initContainers", []):
                self._assert_confined(name, container)

    def _assert_confined(self, name: str, container: dict) -> None:
        context = container["securityContext"]
        self.assertIs(context["allowPrivilegeEscalation"], False, name)
        self.assertIs(context["readOnlyRootFilesystem"], True, name)
        self.assertEqual(context["capabilities"], {"drop": ["ALL"]}, name)
        self.assertFalse(context["privileged"], name)
        self.assertLessEqual({"cpu", "memory"}, set(container["resources"]["requests"]), name)
        self.assertIn("memory", container["resources"]["limits"], name)
        for port in container.get("ports", []):
            self.assertNotIn("hostPort", port, name)

    def test_secrets_are_files_that_others_cannot_read(self) -> None:
        for name, template in templates():
            pod = template["spec"]
            for volume in pod["volumes"]:
                if "secret" in volume:
                    self.assertEqual(volume["secret"]["defaultMode"] & 0o007, 0, name)
                    self.assertIn("fsGroup", pod["securityContext"], name)
            for container in pod["containers"]:
                self.assertFalse([e for e in container.get("env", []) if "value" not in e], name)
                self.assertFalse([e for e in container.get("envFrom", []) if "secretRef" in e], name)
                # A changed Secret reaches whole folders only.
                self.assertFalse([m for m in container["volumeMounts"] if "subPath" in m], name)

    def test_the_user_is_the_images(self) -> None:
        users = {t["spec"]["securityContext"]["runAsUser"] for _, t in templates()}
        self.assertEqual(users, {10001})
        self.assertIn("USER 10001:10001", (DEPLOY / "Containerfile").read_text())


class GatewayTests(unittest.TestCase):
    def test_the_journal_comes_back_with_its_pod(self) -> None:
        claims = {claim["metadata"]["name"] for claim in gateway()["volumeClaimTemplates"]}
        mounts = {m["name"]: m["mountPath"] for m in gateway_container()["volumeMounts"]}
        state = next(
            name
            for name, path in mounts.items()
            if path == environment(gateway_container())["BURSAR_STATE_DIR"]
        )
        self.assertIn(state, claims)
        self.assertEqual(set(gateway()["persistentVolumeClaimRetentionPolicy"].values()), {"Retain"})

    def test_stopping_has_the_time_that_it_takes(self) -> None:
        wait = int(gateway_container()["lifecycle"]["preStop"]["exec"]["command"][1])
        self.assertGreater(gateway()["template"]["spec"]["terminationGracePeriodSeconds"], wait + 10)

    def test_only_readiness_asks_whether_it_can_serve(self) -> None:
        """Killing gateways while PostgreSQL is away would kill the memory that serves."""
        container = gateway_container()
        admin = [
            port["name"] for port in container["ports"] if str(port["containerPort"]) == self._port("ADMIN")
        ]
        expected = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
        for probe, path in expected.items():
            self.assertEqual(container[probe]["httpGet"], {"path": path, "port": admin[0], "scheme": "HTTPS"})

    def test_ports_are_those_that_it_listens_on(self) -> None:
        ports = {port["name"]: str(port["containerPort"]) for port in gateway_container()["ports"]}
        self.assertEqual(ports, {"merchant": self._port("HTTP"), "admin": self._port("ADMIN")})
        for service in of_kind("Service").values():
            for port in service["spec"]["ports"]:
                self.assertIn(port["targetPort"], ports)

    def _port(self, side: str) -> str:
        return environment(gateway_container())[f"BURSAR_{side}_PORT"]

    def test_it_has_tls(self) -> None:
        settings = environment(gateway_container())
        mounts = [mount["mountPath"] for mount in gateway_container()["volumeMounts"]]
        for name in ("BURSAR_TLS_CERTIFICATE_FILE", "BURSAR_TLS_KEY_FILE"):
            self.assertIn(settings[name].rsplit("/", 1)[0], mounts)
        self.assertNotIn("BURSAR_HTTP_BEHIND_TLS_PROXY", settings)

    def test_secrets_of_merchants_lie_apart_from_the_keyring(self) -> None:
        settings = environment(gateway_container())
        self.assertNotEqual(settings["BURSAR_SECRETS_DIR"], settings["CREDENTIALS_DIRECTORY"])

    def test_every_setting_exists_and_is_taken(self) -> None:
        for name, template in templates():
            settings = environment(template["spec"]["containers"][0])
            self.assertLessEqual(set(settings) - {"CREDENTIALS_DIRECTORY"}, setting_names(), name)
            ended = run(find_program("bursar"), "config", "show", "--json", env=settings)
            shown = {setting["environment"]: setting.get("value") for setting in json.loads(ended.stdout)}
            for variable in set(settings) - {"CREDENTIALS_DIRECTORY"}:
                self.assertEqual(shown[variable], settings[variable], name)

    def test_selectors_meet_the_gateway_and_nothing_else(self) -> None:
        labels = gateway()["template"]["metadata"]["labels"]
        others = [t["metadata"]["labels"] for name, t in templates() if name != "bursar"]
        selectors = [service["spec"]["selector"] for service in of_kind("Service").values()]
        selectors.append(of_kind("PodDisruptionBudget")["bursar"]["spec"]["selector"]["matchLabels"])
        selectors.append(of_kind("NetworkPolicy")["bursar-gateway"]["spec"]["podSelector"]["matchLabels"])
        spread = gateway()["template"]["spec"]["topologySpreadConstraints"]
        selectors += [constraint["labelSelector"]["matchLabels"] for constraint in spread]
        for selector in selectors:
            self.assertLessEqual(selector.items(), labels.items())
            for other in others:
                self.assertFalse(selector.items() <= other.items(), selector)
        self.assertIn(gateway()["serviceName"], of_kind("Service"))

    def test_a_drained_node_takes_one_gateway_at_a_time(self) -> None:
        self.assertEqual(of_kind("PodDisruptionBudget")["bursar"]["spec"]["maxUnavailable"], 1)
        self.assertGreaterEqual(gateway()["replicas"], 2)


class NetworkTests(unittest.TestCase):
    def test_whatever_is_not_named_is_refused(self) -> None:
        spec = of_kind("NetworkPolicy")["bursar-nothing-else"]["spec"]
        self.assertEqual(spec, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})

    def test_only_gateways_speak_with_providers(self) -> None:
        for name, policy in of_kind("NetworkPolicy").items():
            for rule in policy["spec"].get("egress", []):
                if any("ipBlock" in peer for peer in rule["to"]):
                    self.assertEqual(name, "bursar-gateway")
                    self.assertEqual(rule["ports"], [{"protocol": "TCP", "port": 443}])
                    self._assert_no_private(rule["to"][0]["ipBlock"]["except"])

    def _assert_no_private(self, excepted: list[str]) -> None:
        self.assertLessEqual(
            {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"}, set(excepted)
        )

    def test_nobody_comes_in_from_everywhere(self) -> None:
        for name, policy in of_kind("NetworkPolicy").items():
            for rule in policy["spec"].get("ingress", []):
                self.assertTrue(all("namespaceSelector" in peer for peer in rule["from"]), name)
                self.assertEqual(len(rule["ports"]), 1, name)


class ReportTests(unittest.TestCase):
    def test_each_job_runs_a_command_that_is_there(self) -> None:
        for name, template in templates():
            container = template["spec"]["containers"][0]
            if command := container.get("command"):
                self.assertTrue((DEPLOY / "bin" / command[0]).exists(), name)
                continue
            words = [w for w in container["args"] if re.fullmatch("[a-z]+", w)]
            verb = words[:2] if words[0] == "report" else words[:1]
            ended = run(find_program("bursar"), *verb, "--help")
            self.assertEqual(ended.returncode, 0, name)
            for flag in (word for word in container["args"] if word.startswith("--")):
                self.assertIn(flag, ended.stdout, name)

    def test_closing_waits_until_it_may(self) -> None:
        """48 h after a month's end, which the westernmost zone has at noon of the first."""
        minute, hour, day, *rest = of_kind("CronJob")["bursar-report-close"]["spec"]["schedule"].split()
        self.assertEqual(rest, ["*", "*"])
        first_day = int(day.split("-")[0])
        self.assertGreaterEqual((first_day - 1) * 24 + int(hour), 12 + 48)

    def test_no_two_runs_of_a_job_meet(self) -> None:
        for name, job in of_kind("CronJob").items():
            self.assertEqual(job["spec"]["concurrencyPolicy"], "Forbid", name)

    def test_the_runbook_still_says_the_same(self) -> None:
        runbook = (ROOT / "docs/RUNBOOK.md").read_text()
        self.assertIn("SIGTERM stops it within 10 s", runbook)


def _is_container(value: object) -> bool:
    return isinstance(value, dict) and "image" in value and "securityContext" in value


if __name__ == "__main__":
    unittest.main()
