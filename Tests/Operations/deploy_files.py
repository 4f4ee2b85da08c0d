"""The files of deploy/, as the tests read them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def documents(file: Path) -> list[dict]:
    """The documents of a YAML file, merge keys carried out."""
    return [document for document in yaml.safe_load_all(file.read_text()) if document is not None]


def tool(name: str) -> str:
    """A program that a Python package of the tests brings."""
    return str(Path(sys.executable).parent / name)


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess:
    """Runs a program to its end; its output is text."""
    return subprocess.run(
        [str(word) for word in command], **({"capture_output": True, "text": True, "timeout": 120} | options)
    )


def setting_names() -> set[str]:
    """The variables of all settings, as the sources declare them."""
    source = (ROOT / "Sources/bursar/Settings/Setting.swift").read_text()
    keys = re.findall(r'^    case \w+ = "([a-z-]+)"$', source, re.MULTILINE)
    return {"BURSAR_" + key.upper().replace("-", "_") for key in keys}


def text_files() -> Iterator[Path]:
    for folder, _, names in os.walk(DEPLOY):
        yield from (Path(folder) / name for name in sorted(names))


def walk(value: object) -> Iterator[object]:
    """A YAML value and all within it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from walk(item)


def fenced(markdown: Path, *languages: str) -> list[str]:
    """The code blocks of these languages."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", markdown.read_text(), re.MULTILINE | re.DOTALL)
    return [text for language, text in blocks if language in languages]


def require(program: str) -> str:
    """Where this program is; a check that cannot be made is a failure."""
    found = shutil.which(program)
    if not found:
        raise AssertionError(f"there is no {program}: ./dev test installs it")
    return found
