"""Provider URLs that lead into the gateway's own network: not one byte may arrive there."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

from programs import until
from provider_matrix import server_context
from stand import Stand
from table import Row, Table
from wire_server import Port, WireServer, reply, send

# Every way to write 127.0.0.1, ::1 and other addresses that are nobody's business, with the sink's port.
HOSTS = """
127.0.0.1 127.1 127.0.1 0177.0.0.1 0177.1 0x7f.0.0.1 0x7f.1 0x7f000001 2130706433 017700000001 127.0.0.1.
127.000.000.001 127.255.255.254 127.0.0.2 0.0.0.0 0 00 localhost LOCALHOST localhost. localhost.localdomain
sub.localhost ip6-localhost ip6-loopback [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::] [::ffff:127.0.0.1]
[::ffff:7f00:1] [::127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1]
[2002:7f00:1::] [2002:7f00:1::1] [fe80::1] [fe80::1%25lo] [fc00::1] [fd00:ec2::254] 169.254.169.254
2852039166 0xa9fea9fe 0251.0376.0251.0376 [::ffff:169.254.169.254] 10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1
198.18.0.1 224.0.0.1 255.255.255.255 127.0.0.1%00.example.com 127。0。0。1 ①②⑦.⓪.⓪.① 127.0.0.1#.example.com
example.com@127.0.0.1 127.0.0.1\\@example.com user:password@127.0.0.1
""".split()
# Why a form is refused: by its address, by a name that nobody has, or by its text, before anything is asked.
REASONS = ["address_refused", "name_not_resolved", "'environments.sandbox.base_url'"]
SCHEMES = ["http", "ftp", "file", "gopher", "HTTP"]


class Sink:
    """Listens on every address of this machine, IPv4 and IPv6, and keeps what comes."""

    def __init__(self) -> None:
        self._listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._listener.bind(("::", 0))
        self._listener.listen(200)
        self.port = self._listener.getsockname()[1]
        self.bytes = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(0.5)
            try:
                self.bytes += len(connection.recv(65_536))
            except OSError:
                pass
            connection.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def run(table: Table) -> None:
    sink = Sink()
    try:
        with Stand() as stand, WireServer() as wire:
            with table.row("forms of a provider's URL", "≥ 50 forms, 0 bytes reach the sink") as row:
                _forms(stand, sink, row)
            with table.row("redirects of a provider, 5 kinds", "0 bytes reach the sink") as row:
                _redirects(stand, wire, sink, row)
    finally:
        sink.close()


def _profile(provider: str, url: str) -> dict:
    token = {"path": "/token", "authentication": "body", "body": "form"}
    return {"id": provider, "environments": {"sandbox": {"base_url": url}}, "token": token}


def _check_of(provider: str) -> list[str]:
    place = ["--environment", "sandbox", "--client-id", "x", "--secret-stdin"]
    return ["provider", "check", provider, *place]


def _forms(stand: Stand, sink: Sink, row: Row) -> None:
    """Each URL as a provider's, with the setting that production has, by the command that really asks."""
    urls = [f"https://{host}:{sink.port}" for host in HOSTS]
    urls += [f"{scheme}://127.0.0.1:{sink.port}" for scheme in SCHEMES]

    def check(numbered: tuple[int, str]) -> str | None:
        said = _check(stand, *numbered, "public")
        return None if any(reason in said for reason in REASONS) else f"{numbered[1]}: {said}"

    with ThreadPoolExecutor(4) as pool:
        odd = [problem for problem in pool.map(check, enumerate(urls)) if problem]
    arrived = sink.bytes
    # The sink would have noticed: where loopback is permitted, the same command reaches it.
    _check(stand, len(urls), f"http://127.0.0.1:{sink.port}", "loopback-too")
    if not until("the sink hears who may come", lambda: sink.bytes):
        odd.append("the sink is deaf")
    measured = f"{arrived} bytes over {len(urls)} forms" + "".join(f"; {problem}" for problem in odd)
    row.found(measured, not arrived and not odd)


def _check(stand: Stand, number: int, url: str, networks: str) -> str:
    """What `provider check` says of a provider at this URL."""
    folder = f"ssrf-{number}"
    stand.write(f"{folder}/sink.yaml", json.dumps(_profile("sink", url)))
    place = {"BURSAR_PROVIDERS_DIR": str(stand.folder / folder), "BURSAR_PROVIDER_NETWORKS": networks}
    ended = stand.run(*_check_of("sink"), stdin="secret", environment=place)
    return f"exit {ended.status}: {ended.output}{ended.errors}"


def _redirects(stand: Stand, wire: WireServer, sink: Sink, row: Row) -> None:
    """A provider at a permitted address that sends the gateway on to a forbidden one."""
    certificate, key = stand.folder / "redirect.pem", stand.folder / "redirect.key"
    stand.authority.issue(certificate, key)
    context = server_context(str(certificate), str(key))
    before, problems = sink.bytes, []
    for number, status in enumerate(("301 Moved", "302 Found", "303 See", "307 Keep", "308 Keep")):
        location = f"Location: http://127.0.0.1:{sink.port}/token"
        port = wire.open(Port(send(reply(status, "", location)), context))
        profile = json.dumps(_profile("redirecting", f"https://127.0.0.1:{port.number}"))
        stand.write(f"redirect-{number}/redirecting.yaml", profile)
        environment = {
            "BURSAR_PROVIDERS_DIR": str(stand.folder / f"redirect-{number}"),
            "BURSAR_PROVIDER_NETWORKS": "127.0.0.1/32",
            "BURSAR_PROVIDER_CA_FILE": str(stand.authority.file),
        }
        ended = stand.run(*_check_of("redirecting"), stdin="secret", environment=environment)
        if ended.status == 0 or "redirect" not in ended.errors + ended.output or port.requests != 1:
            said = f"exit {ended.status}, {port.requests} requests: {ended.errors.strip()}"
            problems.append(f"{status}: {said}")
    arrived = sink.bytes - before
    measured = f"{arrived} bytes" + "".join(f"; {problem}" for problem in problems)
    row.found(measured, not arrived and not problems)
