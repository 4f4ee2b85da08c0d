"""The threat model claims nothing that no test shows, and the documents of deploying hang together."""

import re
import unittest

from deploy_files import ROOT

PAGE = ROOT / "docs/THREAT_MODEL.md"


class ThreatModelTests(unittest.TestCase):
    def test_every_test_that_it_names_is_there(self) -> None:
        claims = set(re.findall(r"`(\w+Tests)\.(\w+)`", PAGE.read_text()))
        self.assertGreater(len(claims), 40)
        for suite, test in claims:
            files = [*(ROOT / "Tests").rglob(f"{suite}.swift"), *(ROOT / "Tests").rglob(f"{suite}+*.swift")]
            there = any(re.search(rf"\bfunc {test}\(", file.read_text()) for file in files)
            self.assertTrue(there, f"{suite}.{test}")

    def test_every_file_that_it_names_is_there(self) -> None:
        text = PAGE.read_text()
        for path in re.findall(r"`((?:Sources|Tests|docs|deploy)/[\w./-]+)`", text):
            self.assertTrue((ROOT / path).exists(), path)
        for name in re.findall(r"`(test_\w+\.py)`", text):
            self.assertTrue((ROOT / "Tests/Operations" / name).exists(), name)

    def test_every_boundary_of_the_picture_has_its_section(self) -> None:
        text = PAGE.read_text()
        picture = re.search(r"```\n(.*?)```", text, re.DOTALL).group(1)
        numbers = set(re.findall(r"│ (\d)\b", picture))
        self.assertEqual(numbers, set(re.findall(r"^## (\d)\.", text, re.MULTILINE)))


if __name__ == "__main__":
    unittest.main()
