"""The container file: linted, nothing missing in the build, every shared library in the run stage."""

import os
import re
import unittest
from pathlib import Path

from deploy_files import DEPLOY, ROOT, require, run, tool
from programs import find_program
from stand import StandCase

CONTAINERFILE = DEPLOY / "Containerfile"


def stages() -> dict[str, str]:
    """Each stage's lines by its name, continuation lines joined."""
    text = CONTAINERFILE.read_text().replace("\\\n", " ")
    parts = re.split(r"^FROM \S+ AS (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


class TextTests(unittest.TestCase):
    def test_the_linter_finds_nothing(self) -> None:
        ended = run(tool("hadolint"), CONTAINERFILE)
        self.assertEqual((ended.returncode, ended.stdout), (0, ""))

    def test_nobody_is_root_at_the_end(self) -> None:
        for name in ("gateway", "simulator"):
            users = re.findall(r"^USER (\d+):(\d+)$", stages()[name], re.MULTILINE)
            self.assertTrue(users, name)
            self.assertNotIn("0", users[-1], name)

    def test_whatever_is_copied_is_let_into_the_build(self) -> None:
        lines = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
        self.assertIn("*", lines)
        let_in = [line[1:] for line in lines if line.startswith("!")]
        for stage in stages().values():
            for copied in re.findall(r"^COPY (?!--from)(.*)$", stage, re.MULTILINE):
                for source in [word for word in copied.split() if not word.startswith("--")][:-1]:
                    name = source.replace("[d]", "d")
                    self.assertTrue(
                        any(name == path or name.startswith(path + "/") for path in let_in), source
                    )
                    if "[" not in source:
                        self.assertTrue((ROOT / source).exists(), source)

    def test_every_folder_that_the_package_names_is_there(self) -> None:
        copied = " ".join(re.findall(r"^COPY (.*)$", stages()["build"], re.MULTILINE)).split()
        for folder in ("Sources", "Tests", "Plugins"):
            self.assertIn(folder, copied)
        # The build plugin reads SQL and profiles: whatever folder it names must be copied.
        for folder in re.findall(
            r'"(db|Sources)/', (ROOT / "Plugins/EmbedFiles/EmbedFiles.swift").read_text()
        ):
            self.assertIn(folder, copied)


class LibraryTests(unittest.TestCase):
    """Follows the programs' libraries to the Debian packages that hold them.

    The run stage's programs have Swift's libraries inside; those tested here may load them. So Swift's own
    files are passed over, and what they need of the system counts.
    """

    def test_every_library_is_in_a_package_of_the_run_stage(self) -> None:
        there = _closure(self._installed()) | _closure(_essential())
        for program in ("bursar", "provider-simulator"):
            libraries = _libraries(find_program(program))
            self.assertIn("libc.so.6", {path.name for path in libraries})
            lacking = {str(path): owner for path in libraries if (owner := _owner(path)) not in there}
            self.assertEqual(lacking, {}, program)

    def test_the_programs_need_more_than_the_base_image_has(self) -> None:
        owners = {_owner(path) for path in _libraries(find_program("bursar"))}
        self.assertIn("libpq5", owners - _closure(_essential()))

    def _installed(self) -> list[str]:
        line = re.search(r"apt-get install -y --no-install-recommends (.*?) +&&", stages()["base"])
        packages = line.group(1).split() if line else []
        self.assertLessEqual({"libpq5", "ca-certificates", "tzdata"}, set(packages))
        return packages


def _essential() -> list[str]:
    """What every Debian has, and so the slim image: essential packages, and apt."""
    shown = run("dpkg-query", "-Wf", "${Essential} ${Package}\n").stdout.splitlines()
    return ["apt"] + [line.split()[1] for line in shown if line.startswith("yes ")]


def _closure(packages: list[str]) -> set[str]:
    """These packages and all that they depend on, as dpkg has them here; of alternatives the first."""
    found: set[str] = set()
    left = list(packages)
    while left:
        package = left.pop()
        if package in found:
            continue
        shown = run("dpkg-query", "-Wf", "${Depends}, ${Pre-Depends}", package)
        if shown.returncode:
            continue  # a virtual one
        found.add(package)
        left += re.findall(r"(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)", shown.stdout)
    return found


def _libraries(program: str) -> set[Path]:
    """The files that the loader would take, but Swift's own."""
    ended = run(require("ldd"), program)
    if ended.returncode or "not found" in ended.stdout:
        raise AssertionError(ended.stdout + ended.stderr)
    paths = {Path(path) for path in re.findall(r"(/\S+) \(0x", ended.stdout)}
    return {path for path in paths if "/swift/linux/" not in str(path)}


def _owner(path: Path) -> str | None:
    """The package that holds the file; with merged /usr it may be known by either name."""
    for name in {str(path), os.path.realpath(path), f"/usr{path}", str(path).removeprefix("/usr")}:
        shown = run("dpkg-query", "-S", name)
        if not shown.returncode:
            return shown.stdout.split(":")[0]
    return None


class HealthTests(StandCase):
    """The image's health check against a gateway, with and without TLS."""

    def _health(self, **environment: str) -> int:
        path = {"PATH": os.environ["PATH"]}
        return run(DEPLOY / "bin/bursar-health", env=path | environment).returncode

    def test_it_says_whether_the_gateway_is_ready(self) -> None:
        gateway = self.stand.gateway("plain")
        port = gateway.admin.rsplit(":", 1)[1]
        self.assertEqual(self._health(BURSAR_ADMIN_PORT=port), 0)
        gateway.stop()
        self.assertEqual(self._health(BURSAR_ADMIN_PORT=port), 1)

    def test_it_is_not_healthy_before_the_configuration_was_read(self) -> None:
        gateway = self.stand.gateway(
            "waiting", {"BURSAR_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, start=False
        )
        gateway.start(ready=False)
        self.assertEqual(self._health(BURSAR_ADMIN_PORT=gateway.admin.rsplit(":", 1)[1]), 1)

    def test_it_speaks_tls_where_the_gateway_does(self) -> None:
        files = [self.stand.folder / name for name in ("health.pem", "health.key")]
        self.stand.authority.issue(*files)
        tls = {"BURSAR_TLS_CERTIFICATE_FILE": str(files[0]), "BURSAR_TLS_KEY_FILE": str(files[1])}
        gateway = self.stand.gateway("tls", tls)
        port = gateway.admin.rsplit(":", 1)[1]
        self.assertEqual(self._health(BURSAR_ADMIN_PORT=port, **tls), 0)
        self.assertEqual(self._health(BURSAR_ADMIN_PORT=port), 1)
        gateway.stop()


if __name__ == "__main__":
    unittest.main()
