"""The systemd units: loadable, exposed as little as they may be, and asking for what the program has."""

import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from deploy_files import DEPLOY, ROOT, require, run
from programs import find_program

FOLDER = DEPLOY / "systemd"
SERVICES = sorted(file.name for file in FOLDER.glob("*.service"))
DROP_INS = {"tls-credential.conf", "tls-files.conf"}


def settings(unit: str, drop_in: str | None = None) -> dict[str, list[str]]:
    """What a unit's file and those beside it say, by name; a line may go on."""
    files = [FOLDER / unit] + [FOLDER / "bursar-.service.d/hardening.conf"] * unit.startswith("bursar-")
    files += [FOLDER / drop_in] if drop_in else []
    text = "\n".join(file.read_text() for file in files).replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^([A-Z]\w+)=(.*)$", text, re.MULTILINE):
        found.setdefault(name, []).append(value.strip())
    return found


class UnitFolder:
    """The units as installed, but for programs that lie elsewhere here; systemd-analyze looks there first."""

    def __init__(self, folder: str, drop_in: str | None = None):
        self.path = Path(folder)
        shutil.copytree(FOLDER, self.path, dirs_exist_ok=True)
        for file in self.path.glob("*.service"):
            text = file.read_text().replace("/usr/bin/bursar-", f"{DEPLOY}/bin/bursar-")
            file.write_text(text.replace("/usr/bin/bursar ", f"{find_program('bursar')} "))
        if drop_in:
            (self.path / "bursar.service.d").mkdir()
            shutil.copy(FOLDER / drop_in, self.path / "bursar.service.d/tls.conf")
        self._environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{self.path}:"}

    def analyze(self, *arguments: str) -> tuple[int, str]:
        ended = run(require("systemd-analyze"), *arguments, cwd=self.path, env=self._environment)
        return ended.returncode, ended.stdout + ended.stderr


class UnitTests(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="bursar-units."))

    def test_every_unit_can_be_loaded_without_a_complaint(self) -> None:
        self.assertEqual(len(SERVICES), 6)
        for drop_in in (None, *DROP_INS):
            with self.subTest(drop_in), tempfile.TemporaryDirectory(prefix="bursar-units.") as folder:
                units = UnitFolder(folder, drop_in)
                names = sorted(f"./{file.name}" for file in units.path.glob("bursar*.*") if file.is_file())
                self.assertEqual(units.analyze("verify", *names), (0, ""))

    def test_exposure_is_at_most_one_and_a_half(self) -> None:
        for drop_in in (None, *DROP_INS):
            with tempfile.TemporaryDirectory(prefix="bursar-units.") as folder:
                units = UnitFolder(folder, drop_in)
                for name in SERVICES:
                    status, said = units.analyze("security", "--offline=true", "--threshold=15", name)
                    self.assertEqual(status, 0, f"{name} {drop_in}\n{said}")
                    self.assertRegex(said, rf"Overall exposure level for {name}: [01]\.\d")

    def test_the_threshold_would_notice(self) -> None:
        units = UnitFolder(self.folder)
        file = units.path / "bursar.service"
        file.write_text(file.read_text().replace("SystemCallFilter=", "#").replace("CapabilityBounding", "#"))
        self.assertEqual(units.analyze("security", "--offline=true", "--threshold=15", file.name)[0], 1)

    def test_times_of_timers_are_times(self) -> None:
        units = UnitFolder(self.folder)
        for file in FOLDER.glob("*.timer"):
            self.assertTrue((FOLDER / f"{file.stem}.service").exists())
            for when in settings(file.name)["OnCalendar"]:
                self.assertTrue(when.endswith(" UTC"), when)
                self.assertEqual(units.analyze("calendar", when)[0], 0, when)

    def test_closing_waits_until_it_may(self) -> None:
        when = settings("bursar-report-close.timer")["OnCalendar"][0]
        day, hour = re.fullmatch(r"\*-\*-(\d\d)\.\.\d\d (\d\d):00:00 UTC", when).groups()
        self.assertGreaterEqual((int(day) - 1) * 24 + int(hour), 12 + 48)


class AgreementTests(unittest.TestCase):
    """What units and program have to agree on."""

    def test_credentials_have_the_names_that_the_program_looks_for(self) -> None:
        source = (ROOT / "Sources/bursar/Settings/Setting.swift").read_text()
        known = set(re.findall(r'case \.\w+: \("([a-z-]+)", (?:true|false)\)', source))
        self.assertEqual(known, {"database-url", "keyring", "tls-certificate", "tls-key"})
        loaded = set()
        for unit in SERVICES:
            names = {line.split(":")[0] for line in settings(unit)["LoadCredential"]}
            self.assertLessEqual(names, known, unit)
            loaded |= names
        loaded |= {
            line.split(":")[0] for line in settings("bursar.service", "tls-credential.conf")["LoadCredential"]
        }
        self.assertEqual(loaded, known)

    def test_only_the_gateway_and_what_touches_the_audit_trail_have_the_keyring(self) -> None:
        holders = [u for u in SERVICES if any("keyring" in line for line in settings(u)["LoadCredential"])]
        self.assertEqual(
            holders, ["bursar-audit-verify.service", "bursar-report-close.service", "bursar.service"]
        )

    def test_no_secret_is_in_a_variable(self) -> None:
        for unit in SERVICES:
            for line in settings(unit, "tls-files.conf" if unit == "bursar.service" else None).get(
                "Environment", []
            ):
                self.assertRegex(
                    line, r"^BURSAR_(SECRETS_DIR|TLS_CERTIFICATE_FILE|TLS_KEY_FILE)=/etc/bursar/"
                )

    def test_merchants_secrets_lie_apart_from_the_keyring(self) -> None:
        self.assertIn("BURSAR_SECRETS_DIR=/etc/bursar/merchants", settings("bursar.service")["Environment"])

    def test_it_is_watched_and_has_time_to_stop(self) -> None:
        unit = settings("bursar.service")
        self.assertEqual(unit["Type"], ["notify"])
        self.assertGreater(int(unit["WatchdogSec"][0]), 0)
        self.assertGreater(int(unit["TimeoutStopSec"][0]), 10)
        self.assertEqual(unit["RestartPreventExitStatus"], ["2"])

    def test_no_core_and_no_file_for_others(self) -> None:
        for unit in SERVICES:
            self.assertEqual((settings(unit)["LimitCORE"], settings(unit)["UMask"]), (["0"], ["0077"]), unit)

    def test_jobs_are_hardened_as_the_gateway_is(self) -> None:
        """Their lines stand in a file of their own, since units cannot include one another."""
        names = "Capability|Protect|Private|Restrict|System|Memory|Lock|NoNew|Device|Keyring|Remove|Ambient"
        gateway = {n: v for n, v in settings("bursar.service").items() if re.match(names, n)}
        job = {n: v for n, v in settings("bursar-migrate.service").items() if re.match(names, n)}
        self.assertGreater(len(gateway), 20)
        self.assertEqual(job, gateway)

    def test_the_gateway_can_read_when_the_system_started(self) -> None:
        self.assertNotIn("ProcSubset", settings("bursar.service"))


if __name__ == "__main__":
    unittest.main()
