"""What a provider can do wrong: for each fault the answer, whether it is cached, and the reason counted.

Every row has a provider of its own, on a port of its own, so that no failure can hide another.
"""

import datetime
import gzip
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime

from wire_server import Play, endless, reply, send, silence

# In every reply of these providers; wherever it turns up, somebody has echoed a provider's text.
MARKER = "PROVIDER-TEXT-51c0de"
# What a token of 300 seconds may have left when it has been answered twice, on a busy machine.
FRESH = (270, 300)


@dataclass(frozen=True)
class Fault:
    """A fault of a provider, and what Bursar makes of it."""

    name: str
    play: Play
    # "ok", or the reason that is counted.
    reason: str
    status: int = 503
    error: str | None = "temporarily_unavailable"
    fault: str | None = "provider"
    # What `expires_in` may say: least and most.
    expires: tuple[int, int] | None = None
    # What `Retry-After` may say: least and most.
    retry: tuple[int, int] = (1, 10)
    # How the port is reached: plain, or through TLS with which certificate.
    way: str = "plain"
    # Whether the provider's reply is read at all: it counts its requests only when one came whole.
    asked: bool = True
    profile: dict = field(default_factory=dict)


def good(**changes: object) -> str:
    members = {"access_token": "tok-" + "x" * 64, "expires_in": 300, "token_type": "Bearer", "note": MARKER}
    members |= changes
    return json.dumps({name: value for name, value in members.items() if value != "absent"})


def ok(name: str, body: str, expires: tuple[int, int] = FRESH, **more: object) -> Fault:
    play = send(reply("200 OK", body))
    return Fault(name, play, "ok", 200, None, None, expires, **({"retry": (0, 0)} | more))


def bad(name: str, reason: str, body: str | bytes, *headers: str, kind: str = "application/json") -> Fault:
    return Fault(name, send(reply("200 OK", body, *headers, kind=kind)), reason)


def refused(name: str, status: str, reason: str, *headers: str, **more: object) -> Fault:
    body = json.dumps({"error": "server_error", "error_description": MARKER})
    return Fault(name, send(reply(status, body, *headers)), reason, **more)


def faults() -> Iterator[Fault]:
    yield from _connections()
    yield from _refusals()
    yield from _replies()
    yield from _lifetimes()
    yield from _tokens()


def _connections() -> Iterator[Fault]:
    yield Fault("connection refused", silence, "connect_failed", way="closed", asked=False)
    yield Fault("name not found", silence, "name_not_resolved", way="unresolved", asked=False)
    for way in ("expired", "wrong-host", "unknown-authority"):
        yield Fault(f"TLS: {way}", send(reply("200 OK", good())), "tls_failed", way=way, asked=False)
    plain = send(reply("200 OK", good()))
    yield Fault("TLS: plain HTTP instead", plain, "tls_failed", way="plain-on-tls", asked=False)
    yield ok("TLS: good", good(), way="tls")
    yield Fault("silence", silence, "timed_out")
    drip = [bytes([byte]) for byte in reply("200 OK", good())]
    yield Fault("drip, byte by byte", send(*drip, pause=0.1), "timed_out")
    yield Fault("closes without a word", send(), "connection_lost")
    yield Fault("closes within the headers", send(b"HTTP/1.1 200 OK\r\nContent-"), "reply_malformed")
    half = reply("200 OK", good())[:-40]
    yield Fault("closes within the body", send(half), "reply_malformed")
    yield Fault("speaks another protocol", send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "reply_malformed")


def _refusals() -> Iterator[Fault]:
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        yield refused(f"redirect {status[:3]}", status, "redirect_refused", "Location: http://127.0.0.1:1/")
    limited = "429 Too Many Requests"
    yield refused("429", limited, "rate_limited")
    yield refused("429, Retry-After: 7", limited, "rate_limited", "Retry-After: 7", retry=(6, 7))
    now = datetime.datetime.now(datetime.UTC)
    later = format_datetime(now + datetime.timedelta(seconds=30), usegmt=True)
    dates = [f"Date: {format_datetime(now, usegmt=True)}", f"Retry-After: {later}"]
    yield refused("429, Retry-After: a date", limited, "rate_limited", *dates, retry=(28, 30))
    past = format_datetime(now - datetime.timedelta(days=1), usegmt=True)
    yield refused("429, Retry-After: a date gone by", limited, "rate_limited", f"Retry-After: {past}")
    yield refused("429, Retry-After: soon", limited, "rate_limited", "Retry-After: soon")
    yield refused("429, Retry-After: -5", limited, "rate_limited", "Retry-After: -5")
    year = "Retry-After: 31536000"
    yield refused("429, Retry-After: a year", limited, "rate_limited", year, retry=(3590, 3600))
    for status in ("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Timeout"):
        yield refused(status, status, "server_error")
    yield refused("503, Retry-After: 9", "503 Busy", "server_error", "Retry-After: 9", retry=(8, 9))
    credential = {"status": 400, "error": "unauthorized_client", "fault": "credential", "retry": (0, 3600)}
    body = json.dumps({"error": "invalid_client", "error_description": MARKER})
    for status in ("401 Unauthorized", "400 Bad Request"):
        play = send(reply(status, body))
        yield Fault(f"invalid_client with {status[:3]}", play, "invalid_client", **credential)
    html = reply("401 Unauthorized", f"<h1>{MARKER}</h1>", kind="text/html")
    yield Fault("401 with HTML", send(html), "invalid_client", **credential)
    invalid = reply("400 Bad Request", json.dumps({"error": "invalid_request", "error_description": MARKER}))
    yield Fault("400 invalid_request", send(invalid), "request_refused")
    for status in ("403 Forbidden", "404 Not Found", "405 Method Not Allowed"):
        yield refused(status, status, "request_refused")
    yield refused("status 999", "999 Odd", "reply_malformed")


def _replies() -> Iterator[Fault]:
    yield bad("HTML with 200", "reply_malformed", f"<html>{MARKER}</html>", kind="text/html")
    yield bad("no content with 200", "reply_malformed", "")
    yield bad("truncated JSON", "reply_malformed", good()[:-10])
    twice = good()[:-1] + ', "access_token": "another"}'
    yield bad("a member twice", "reply_malformed", twice)
    yield bad("JSON 30,000 deep", "reply_malformed", "[" * 30_000)
    yield bad("an array", "reply_malformed", "[1, 2]")
    yield bad("not UTF-8", "reply_malformed", good().encode().replace(b"tok-", b"\xff\xfe"))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    declared = head + b"Content-Length: 100000000\r\n\r\n"
    yield Fault("100 MB, declared", endless(declared, b"x" * 65_536, 100_000_000), "reply_too_large")
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    yield Fault("100 MB in chunks", endless(chunked, chunk, 100_000_000), "reply_too_large")
    yield Fault("a chunk of a size that is none", send(chunked + b"zz\r\n"), "reply_malformed")
    bomb = gzip.compress(b" " * 50_000_000)
    yield bad("gzip bomb", "reply_malformed", bomb, "Content-Encoding: gzip")
    field = b"X-Bomb: " + b"x" * 8_000 + b"\r\n"
    yield Fault("100 MB of headers", endless(head, field, 100_000_000), "reply_too_large")
    error = json.dumps({"error": "server_error", "error_description": MARKER})
    yield bad("an error with 200", "error_in_reply", error)
    both = good(error="access_denied")
    yield bad("a token and an error", "error_in_reply", both)
    yield ok("JSON as text/plain", good())


def _lifetimes() -> Iterator[Fault]:
    yield ok('expires_in "3600"', good(expires_in="3600"), (3590, 3600))
    yield ok("expires_in 3600.9", good(expires_in=3600.9), (3590, 3600))
    yield ok("expires_in missing", good(expires_in="absent"), (30, 60))
    yield ok("expires_in null", good(expires_in=None), (30, 60))
    huge = good(expires_in="absent")[:-1] + ', "expires_in": 1e308}'
    yield ok("expires_in 1e308", huge, (86_390, 86_400))
    for value in (0, -1, "abc", "", True, [300], {"s": 300}, "0x10", "1e999x"):
        yield bad(f"expires_in {json.dumps(value)}", "lifetime_invalid", good(expires_in=value))


def _tokens() -> Iterator[Fault]:
    yield bad("no token", "token_missing", good(access_token="absent"))
    yield bad("token null", "token_missing", good(access_token=None))
    yield bad("token a number", "token_malformed", good(access_token=7))
    yield bad("token empty", "token_missing", good(access_token=""))
    for name, text in {"CR LF": "tok\r\nX: y", "NUL": "tok\0en", "a space": "tok en", "é": "tokén"}.items():
        yield bad(f"token with {name}", "token_malformed", good(access_token=text))
    yield bad("token of 64 KiB", "reply_too_large", good(access_token="x" * 65_536))
    yield ok("token_type missing", good(token_type="absent"))
    yield ok("token_type bearer", good(token_type="bearer"))
    yield bad("token_type mac", "reply_malformed", good(token_type="mac"))


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
