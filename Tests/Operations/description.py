"""The OpenAPI document, and whether an answer is one that it describes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import requests
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "Sources" / "BursarHTTP" / "openapi.json"
METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]
PLACE = "urn:bursar"


class Description:
    """Operations by path and method, and validators for everything below."""

    def __init__(self) -> None:
        self.document = json.loads(FILE.read_text())
        resource = Resource(contents=self.document, specification=DRAFT202012)
        self._registry = Registry().with_resource(PLACE, resource)
        self.seen: set[tuple[str, str, str]] = set()

    def operations(self) -> Iterator[tuple[str, str, dict]]:
        """Path, method and operation."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def side(self, path: str) -> str:
        """`merchant`, `admin` or `both`."""
        [tag] = {
            tag for place, _, operation in self.operations() if place == path for tag in operation["tags"]
        }
        return tag

    def methods(self, path: str) -> list[str]:
        return [method for method in METHODS if method in self.document["paths"][path]]

    def find(self, thing: dict, pointer: str) -> tuple[dict, str]:
        """What a reference leads to, and where that is; anything else as it is."""
        while "$ref" in thing:
            pointer = thing["$ref"]
            thing = self.document
            for step in pointer.removeprefix("#/").split("/"):
                thing = thing[step.replace("~1", "/").replace("~0", "~")]
        return thing, pointer

    def problems(self, value: object, pointer: str) -> list[str]:
        """What is wrong with a value by the schema at this place; `format` counts."""
        schema = {"$ref": PLACE + pointer}
        validator = Draft202012Validator(
            schema, registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def faults(self, answer: requests.Response, path: str) -> list[str]:
        """What of an answer is not as described; none when all is."""
        method, status = answer.request.method.lower(), str(answer.status_code)
        own = self.methods(path)
        # A method that the path lacks is answered as those that it has say.
        methods = [method] if method in own else own
        described = self.document["paths"][path][methods[0]]["responses"].get(status)
        if described is None:
            return [f"{method} {path}: {status} is not described"]
        self.seen |= {(path, name, status) for name in methods}
        at = f"#/paths/{_step(path)}/{methods[0]}/responses/{status}"
        described, at = self.find(described, at)
        return self._header_faults(answer, described, at) + self._body_faults(answer, described, at, method)

    def _header_faults(self, answer: requests.Response, described: dict, at: str) -> list[str]:
        faults = []
        for name, header in described.get("headers", {}).items():
            header, place = self.find(header, f"{at}/headers/{name}")
            if name not in answer.headers:
                faults += [f"the header {name} is missing"] if header.get("required") else []
                continue
            text = answer.headers[name]
            value = int(text) if header["schema"].get("type") == "integer" and text.isdigit() else text
            faults += [f"{name}: {problem}" for problem in self.problems(value, f"{place}/schema")]
        known = {name.lower() for name in described.get("headers", {})}
        usual = {"content-type", "content-length", "transfer-encoding", "connection"}
        more = [name for name in answer.headers if name.lower() not in known | usual]
        return faults + [f"the header {name} is not described" for name in more]

    def _body_faults(self, answer: requests.Response, described: dict, at: str, method: str) -> list[str]:
        if method == "head":
            return ["HEAD has a body"] if answer.content else []
        kind = answer.headers["Content-Type"].split(";")[0]
        if kind not in described["content"]:
            return [f"the type {kind} is not described"]
        value = answer.json() if kind == "application/json" else answer.text
        return self.problems(value, f"{at}/content/{_step(kind)}/schema")


def routes() -> dict[str, list[str]]:
    """The paths that the sources have, with their methods."""
    text = (ROOT / "Sources" / "BursarHTTP" / "Server" / "Route.swift").read_text()
    paths = dict(re.findall(r'case \.(\w+): "(/[^"]*)"', text))
    switch = text[text.index("var methods: ") : text.index("var isForTokens")]
    found: dict[str, list[str]] = {}
    for names, methods in re.findall(r"case ([^:\[]+): \[([^\]]*)\]", switch):
        for name in re.findall(r"\.(\w+)", names):
            if name in paths:
                found[paths[name]] = sorted(re.findall(r"\.(\w+)", methods))
    return found


def _step(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
