"""Release builds, and the profile that they are guided by (docs/adr/0029)."""

import json
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from deploy_files import DEPLOY, ROOT, require, run

PROFILE = ROOT / "scripts/bursar.profdata"
# What every hit runs, by the names that the sources give.
HIT_PATH = (
    "RequestDecoder", "HTTPConnection", "MerchantHandler", "TokenCall", "Directory", "TokenSlot",
    "TokenAnswer",
)  # fmt: skip


class ProfileTests(unittest.TestCase):
    def setUp(self) -> None:
        target = json.loads(run(require("swift"), "-print-target-info").stdout)
        tool = Path(target["paths"]["runtimeResourcePath"]).parents[1] / "bin/llvm-profdata"
        shown = run(tool, "show", "--all-functions", PROFILE)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        self.profile = shown.stdout

    def test_it_is_of_the_kind_that_the_build_takes(self) -> None:
        self.assertIn("Instrumentation level: IR", self.profile)

    def test_it_knows_the_hit_path(self) -> None:
        """Whoever renames one of these makes the profile anew, by `./dev profile`."""
        for name in HIT_PATH:
            declared = re.compile(rf"\b(class|struct) {name}\b")
            sources = (ROOT / "Sources").rglob("*.swift")
            self.assertTrue(any(declared.search(file.read_text()) for file in sources), name)
            self.assertRegex(self.profile, rf"{len(name)}{name}[VC]")
        self.assertIn("c_nio_llhttp__internal__run", self.profile)

    def test_it_says_nothing_of_the_machine_that_it_was_made_on(self) -> None:
        names = re.findall(r"^  (\S.*):$", self.profile, re.MULTILINE)
        self.assertGreater(len(names), 1_000)
        self.assertEqual([name for name in names if "/" in name], [])

    def test_whoever_builds_for_use_builds_by_it(self) -> None:
        for file in (DEPLOY / "Containerfile", ROOT / "scripts/build.sh"):
            self.assertIn("scripts/release.sh", file.read_text())
        self.assertIn(PROFILE.name, (ROOT / "scripts/release.sh").read_text())


class BuildTests(unittest.TestCase):
    """With a compiler that only notes what it is told."""

    SWIFT = """#!/bin/sh
case "$*" in
*--show-bin-path*) [ ! -e "$FAILS" ] || exit 3; echo "$FOLDER" ;;
*) echo "$@" >>"$FOLDER/../told"; touch "$FOLDER/object" ;;
esac
"""

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/release.sh", self.root / "scripts")
        self.profile = self.root / "scripts" / PROFILE.name
        self.profile.write_text("one")
        self.folder = self.root / "built/release"
        self.folder.parent.mkdir()
        compiler = self.root / "swift"
        compiler.write_text(self.SWIFT)
        compiler.chmod(0o755)

    def build(self, *products: str, folder: str | None = None) -> int:
        path = f"{self.root}:{os.environ['PATH']}"
        names = {"PATH": path, "FOLDER": folder or str(self.folder), "FAILS": str(self.root / "fails")}
        return run(self.root / "scripts/release.sh", *products, env=names).returncode

    def test_the_product_is_built_by_the_profile(self) -> None:
        self.assertEqual(self.build("bursar"), 0)
        told = (self.root / "built/told").read_text()
        self.assertTrue(told.endswith(" --product bursar\n"), told)
        self.assertIn(f"-Xfrontend -Xswiftc -ir-profile-use={self.profile} ", told)
        self.assertIn(f"-Xcc -fprofile-use={self.profile} ", told)

    def test_what_another_profile_has_built_is_built_anew(self) -> None:
        self.build("bursar")
        kept = self.folder / "kept"
        kept.touch()
        self.build("provider-simulator")
        self.assertTrue(kept.exists())
        self.profile.write_text("two")
        self.build("bursar")
        self.assertFalse(kept.exists())
        self.assertTrue((self.folder / "object").exists())

    def test_nothing_is_removed_that_is_no_folder_of_builds(self) -> None:
        other = self.root / "other"
        other.mkdir()
        self.assertEqual(self.build("bursar", folder=str(other)), 1)
        (self.root / "fails").touch()
        self.assertEqual(self.build("bursar"), 3)
        self.assertTrue(other.exists())
        self.assertFalse((self.root / "built/told").exists())

    def test_a_product_is_named(self) -> None:
        self.assertEqual([self.build(), self.build("bursar", "more")], [2, 2])
