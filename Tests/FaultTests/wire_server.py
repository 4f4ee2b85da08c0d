"""Providers that speak to the gateway byte by byte: each port plays one fault, however wrong it is."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

# What a port does with a request that it has read; the connection closes when it returns.
Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Port:
    """One listening port and what has come to it."""

    play: Play
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    number: int = 0
    # Whether a whole request is read before anything is played.
    reads: bool = True
    connections: int = 0
    requests: int = 0
    bytes: int = 0
    servers: list[asyncio.Server] = field(default_factory=list)


class WireServer:
    """Serves ports from a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._ports: list[Port] = []

    def __enter__(self) -> "WireServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def open(self, port: Port) -> Port:
        asyncio.run_coroutine_threadsafe(self._open(port), self._loop).result(10)
        self._ports.append(port)
        return port

    async def _open(self, port: Port) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            port.connections += 1
            try:
                if not port.reads or await _read_request(reader, port):
                    await port.play(reader, writer)
                    await writer.drain()
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                pass  # the gateway hung up, as it may
            except asyncio.CancelledError:
                pass  # the bench is over
            finally:
                writer.close()

        server = await asyncio.start_server(connected, port.host, port.number, ssl=port.tls, limit=1 << 20)
        port.number = server.sockets[0].getsockname()[1]
        port.servers.append(server)

    async def _close(self) -> None:
        for port in self._ports:
            for server in port.servers:
                server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader, port: Port) -> bool:
    """A whole request with its body; False when the connection ended before one came."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = await reader.readexactly(length)
    port.bytes += len(head) + len(body)
    port.requests += 1
    return True


def send(*pieces: bytes, pause: float = 0) -> Play:
    """Writes these pieces, with a pause before each."""

    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()

    return play


def endless(head: bytes, piece: bytes, most: int) -> Play:
    """`head`, then the same piece again and again until `most` bytes are out or nobody reads."""

    async def play(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for _ in range(most // len(piece)):
            writer.write(piece)
            await writer.drain()

    return play


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says nothing until the caller goes."""
    await reader.read()


def reply(
    status: str, body: bytes | str = b"", *headers: str, kind: str | None = "application/json"
) -> bytes:
    """A well-formed reply, unless the headers make it something else."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body
