"""Settings, ports and shell lines in deploy/ are those that the program has."""

import json
import re
import tempfile
import unittest
from pathlib import Path

from deploy_files import DEPLOY, ROOT, documents, fenced, require, run, setting_names, text_files
from programs import find_program

EXAMPLE = DEPLOY / "bursar.example.yaml"


def config_show(file: object, **environment: str) -> list[dict]:
    """What `bursar config show` says of this configuration alone."""
    ended = run(find_program("bursar"), "config", "show", "--json", "--config", file, env=environment)
    if ended.returncode:
        raise AssertionError(ended.stderr)
    return json.loads(ended.stdout)


class ExampleTests(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="bursar-example.")))

    def _shown(self, text: str) -> list[dict]:
        (self.folder / "bursar.yaml").write_text(text)
        return config_show(self.folder / "bursar.yaml")

    def test_everything_that_is_set_is_the_default(self) -> None:
        written = documents(EXAMPLE)[0]
        self.assertGreater(len(written), 7)
        defaults = {setting["setting"]: setting.get("value") for setting in self._shown("")}
        for setting in config_show(EXAMPLE):
            if setting["setting"] in written:
                self.assertIn(EXAMPLE.name, setting["source"])
                self.assertEqual(setting["value"], defaults[setting["setting"]], setting["setting"])

    def test_it_leaves_to_the_service_manager_what_that_sets(self) -> None:
        credentials = "/run/credentials/bursar.service"
        given = {"STATE_DIRECTORY": "/var/lib/bursar", "CREDENTIALS_DIRECTORY": credentials}
        shown = {setting["setting"]: setting for setting in config_show(EXAMPLE, **given)}
        self.assertEqual(shown["state-dir"]["source"], "STATE_DIRECTORY")
        self.assertEqual(shown["secrets-dir"]["source"], "CREDENTIALS_DIRECTORY")

    def test_it_names_every_setting_and_no_other(self) -> None:
        shown = self._shown(re.sub(r"^# ([a-z-]+: )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE))
        self.assertEqual({s["setting"] for s in shown if "bursar.yaml" not in s["source"]}, set())


class NameTests(unittest.TestCase):
    # Those that are no settings: where the file of settings is, and the prefix of secrets in variables.
    OTHERS = {"BURSAR_CONFIG", "BURSAR_SECRET_"}

    def test_every_variable_is_a_setting(self) -> None:
        grafana = (ROOT / "dashboards/provisioning/datasources/bursar.yaml").read_text()
        known = setting_names() | self.OTHERS | set(re.findall(r"\$(BURSAR_[A-Z_]+)", grafana))
        self.assertGreater(len(known), 20)
        for file in text_files():
            used = set(re.findall(r"\bBURSAR_[A-Z_]+", file.read_text()))
            self.assertEqual(used - known, set(), file)

    def test_every_path_is_one_that_the_admin_side_has(self) -> None:
        api = (ROOT / "docs/API.md").read_text()
        admin = api[api.index("## 6. Admin side") : api.index("## 7. Database")]
        for file in text_files():
            for path in re.findall(r"/(?:livez|readyz|metrics|version|healthz|startupz)\b", file.read_text()):
                self.assertIn(f"`GET {path}`", admin, file)

    def test_every_command_exists(self) -> None:
        commands = set()
        for block in fenced(DEPLOY / "README.md", "sh"):
            commands |= set(
                re.findall(r"(?<!-n )\bbursar ((?:[a-z]+ )*[a-z]+)(?= --| -|\n|$| [\"$<A-Z])", block)
            )
        for file in (*(DEPLOY / "systemd").glob("*.service"), *(DEPLOY / "bin").iterdir()):
            commands |= set(
                re.findall(r"^ExecStart=/usr/bin/bursar ((?:[a-z]+ ?)+)", file.read_text(), re.MULTILINE)
            )
        for span in re.findall(r"`bursar ([^`]+)`", (DEPLOY / "README.md").read_text()):
            commands.add(re.match(r"[a-z ]+", span).group().strip())
        self.assertGreater(len(commands), 8)
        for command in commands:
            ended = run(find_program("bursar"), *command.split(), "--help", env={})
            self.assertEqual(ended.returncode, 0, command)
            self.assertIn(f"USAGE: bursar {command.strip()}", ended.stdout)

    def test_shell_is_clean(self) -> None:
        scripts = [*(DEPLOY / "bin").iterdir(), *(DEPLOY / "compose").glob("*.sh")]
        ended = run(require("shellcheck"), *scripts)
        self.assertEqual(ended.returncode, 0, ended.stdout)

    def test_shell_lines_of_the_readme_are_clean(self) -> None:
        blocks = fenced(DEPLOY / "README.md", "sh")
        self.assertGreater(len(blocks), 5)
        for block in blocks:
            ended = run(require("shellcheck"), "--shell=bash", "-", input=block)
            self.assertEqual(ended.returncode, 0, block + ended.stdout)

    def test_every_file_that_the_readme_names_exists(self) -> None:
        readme = (DEPLOY / "README.md").read_text()
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme):
            self.assertTrue((DEPLOY / target).exists(), target)
        for file in re.findall(r"\bdeploy/[\w./-]*\w", readme):
            self.assertTrue((ROOT / file).exists(), file)


if __name__ == "__main__":
    unittest.main()
