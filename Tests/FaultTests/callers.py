"""Merchants' backends: raw HTTP/1.1 on kept connections, and a log of every answer.

They run in a thread of their own, so that whoever breaks things meanwhile may wait.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from servers import Client, Gateway


@dataclass(frozen=True)
class Call:
    """A request that is the same each time."""

    tenant: str
    request: bytes
    is_scoped: bool = False


@dataclass(slots=True)
class Answer:
    """`sent` is seconds since 1970; status 0 is no answer at all."""

    sent: float
    took: float
    gateway: str
    call: Call
    status: int
    body: dict

    @property
    def token(self) -> str | None:
        return self.body.get("token" if self.call.is_scoped else "access_token")


def token_call(tenant: str, client: Client, **form: str) -> Call:
    """POST /oauth2/token with the secret as bearer; `x-tenant-id` serves clients of several tenants."""
    members = {"grant_type": "client_credentials"} | form
    body = "&".join(f"{name}={value}" for name, value in members.items())
    return Call(tenant, _post("/oauth2/token", client, tenant, "application/x-www-form-urlencoded", body))


def scoped_call(tenant: str, client: Client) -> Call:
    body = json.dumps({"customer_id": "c-1", "invoice_id": "i-1", "subject": "u-1"})
    return Call(tenant, _post("/v1/checkout-auth/init", client, tenant, "application/json", body), True)


def _post(path: str, client: Client, tenant: str, media: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {client.secret}\r\n"
        f"x-tenant-id: {tenant}\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Connection:
    """One kept connection to a gateway, opened again after it was closed; one request at a time."""

    def __init__(self, gateway: Gateway, log: list[Answer], patience: float):
        self._gateway = gateway
        self._log = log
        self._patience = patience
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        place = urlsplit(self._gateway.merchant)
        self._reader, self._writer = await asyncio.open_connection(place.hostname, place.port)

    async def ask(self, call: Call) -> Answer:
        sent, begin = time.time(), time.monotonic()
        try:
            status, body = await asyncio.wait_for(self._ask(call.request), self._patience)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as problem:
            self.close()
            status, body = 0, {"problem": f"{type(problem).__name__}: {problem}"}
        answer = Answer(sent, time.monotonic() - begin, self._gateway.name, call, status, body)
        self._log.append(answer)
        return answer

    async def _ask(self, request: bytes) -> tuple[int, dict]:
        if self._writer is None:
            await self.open()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        body = await self._reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return int(head[9:12]), json.loads(body) if body else {}

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self._writer = None


class Callers:
    """All callers of a bench and their log, which the checker reads at the end."""

    def __init__(self):
        self.answers: list[Answer] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _wait(self, work: Coroutine):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def ask(self, gateway: Gateway, call: Call, patience: float = 65) -> Answer:
        return self.burst([(gateway, call)], patience)[0]

    def burst(self, requests: Sequence[tuple[Gateway, Call]], patience: float = 65) -> list[Answer]:
        """Opens a connection for each, and then asks on all of them at once."""
        return self._wait(self._burst(requests, patience))

    async def _burst(self, requests: Sequence[tuple[Gateway, Call]], patience: float) -> list[Answer]:
        connections = [Connection(gateway, self.answers, patience) for gateway, _ in requests]
        opening = (connection.open() for connection in connections)
        await asyncio.gather(*opening, return_exceptions=True)
        asking = (connection.ask(call) for connection, (_, call) in zip(connections, requests))
        answers = await asyncio.gather(*asking)
        for connection in connections:
            connection.close()
        return answers

    @contextmanager
    def load(
        self,
        gateways: Sequence[Gateway],
        calls: Sequence[Call],
        workers: int = 8,
        pause: float = 0.01,
        choose: Callable[[], Sequence[Gateway]] | None = None,
        patience: float = 65,
    ) -> Iterator[list[Answer]]:
        """Asks on and on, each worker by its own connections, going round the gateways (those that `choose`
        names at the time, as a load balancer would). Gives this load's own log."""
        log: list[Answer] = []
        ends = asyncio.Event()
        jobs = [
            asyncio.run_coroutine_threadsafe(
                self._work(each, choose or (lambda: gateways), calls, pause, patience, log, ends), self._loop
            )
            for each in range(workers)
        ]
        try:
            yield log
        finally:
            self._loop.call_soon_threadsafe(ends.set)
            for job in jobs:
                job.result()
            self.answers += log

    async def _work(self, number, choose, calls, pause, patience, log, ends) -> None:
        connections: dict[str, Connection] = {}
        # A step through the calls that kept time with the gateways would ask each for its own few.
        turn, dice = number, random.Random(number)
        while not ends.is_set():
            if not (gateways := choose()):
                await asyncio.sleep(0.02)
                continue
            for gone in connections.keys() - {gateway.name for gateway in gateways}:
                connections.pop(gone).close()
            gateway = gateways[turn % len(gateways)]
            connection = connections.get(gateway.name)
            if connection is None:
                connection = connections[gateway.name] = Connection(gateway, log, patience)
            await connection.ask(dice.choice(calls))
            turn += 1
            await asyncio.sleep(pause)
        for connection in connections.values():
            connection.close()


def statuses(answers: Sequence[Answer]) -> str:
    """How often each status came, for people."""
    counts: dict[int, int] = {}
    for answer in answers:
        counts[answer.status] = counts.get(answer.status, 0) + 1
    return ", ".join(f"{count} × {status or 'none'}" for status, count in sorted(counts.items()))


def failed(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.status != 200]
