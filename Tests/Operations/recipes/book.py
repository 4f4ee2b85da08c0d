"""The fenced blocks of docs/MERCHANTS.md, as files and as programs."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "MERCHANTS.md"
LANGUAGES = {".mjs": "js", ".py": "python", ".java": "java", ".kt": "kotlin", ".sh": "bash"}


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line of the page where it begins."""

    language: str
    text: str
    line: int

    @property
    def name(self) -> str | None:
        """The file that its first comment says it is."""
        found = re.search(r"\A(?:#!.*\n)?(?://|#) ([\w.]+): ", self.text)
        return found[1] if found else None


def blocks() -> list[Block]:
    """All of the page; a fence that is never closed is an error."""
    found: list[Block] = []
    lines = PAGE.read_text().splitlines(keepends=True)
    begin: int | None = None
    for number, line in enumerate(lines, 1):
        if not line.startswith("```"):
            continue
        if begin is None:
            begin = number
            continue
        found.append(Block(lines[begin - 1][3:].strip(), "".join(lines[begin : number - 1]), begin))
        begin = None
    if begin is not None:
        raise ValueError(f"{PAGE.name}:{begin}: the fence is not closed")
    return found


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    status: int
    output: str
    errors: str


class Book:
    """The programs as printed, in a folder of their own; Kotlin compiled, the rest run as it is."""

    def __init__(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="bursar-recipes.")
        self.folder = Path(self._temporary.name)
        for block in blocks():
            if block.name:
                (self.folder / block.name).write_text(block.text)

    def __enter__(self) -> "Book":
        return self

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()

    def compile(self, name: str) -> None:
        """Java for drivers that call into it; Kotlin to run at all."""
        self._tool("javac", "-Xlint:all", "-Werror", "-d", "java", f"{name}.java")
        self._tool("kotlinc", f"{name}.kt", "-include-runtime", "-d", f"{name}.jar")

    def _tool(self, *command: str) -> None:
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=300)
        if ended.returncode:
            raise AssertionError(f"{' '.join(command)}: {ended.stderr}{ended.stdout}")

    def command(self, name: str) -> list[str]:
        """How a merchant starts it."""
        match Path(name).suffix:
            case ".mjs":
                return ["node", name]
            case ".py":
                return ["python3", name]
            case ".java":
                return ["java", name]
            case ".kt":
                return ["java", "-jar", name.replace(".kt", ".jar")]
            case ".sh":
                return ["bash", name]
        raise ValueError(name)

    def run(self, command: list[str], variables: dict[str, str]) -> Ran:
        ended = subprocess.run(
            command, cwd=self.folder, env=plain(variables), capture_output=True, text=True, timeout=120
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)


def plain(variables: dict[str, str]) -> dict[str, str]:
    """An environment of these variables and no settings of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"} | variables


def missing_programs() -> list[str]:
    """What the recipes need and this machine lacks."""
    return [name for name in ("node", "java", "javac", "kotlinc", "curl", "bash") if not shutil.which(name)]
