"""What the gateway is measured against, each on the servers' core."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from bench.processes import SERVER_CORE, children, wait_for

PEERS = Path(__file__).parent.parent / "peers"
MODULES = Path("/usr/lib/nginx/modules")


def certificate(folder):
    """A self-signed one with a key on P-256, as renewed certificates have it today."""
    files = folder / "certificate.pem", folder / "key.pem"
    if not files[0].exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-out", files[0], "-keyout", files[1]],
            check=True, capture_output=True,
        )  # fmt: skip
        files[1].chmod(0o600)
    return files


def _nginx(processes, name, main, http, environment=None, core=SERVER_CORE):
    folder = processes.folder
    configuration = folder / f"{name}.conf"
    configuration.write_text(
        f"daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.error;\n{main}\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 300s;\n{http}\n}}\n"
    )
    command = ["nginx", "-c", configuration, "-e", folder / f"{name}.error"]
    return processes.start(name, command, core=core, environment=environment)


def nginx_constant(processes, body, port, tls_port, core=SERVER_CORE, name="nginx"):
    """`return 200` with these bytes, over HTTP and TLS. Answers the worker's process id."""
    public, private = certificate(processes.folder)
    server = f"default_type application/json; location / {{ return 200 '{body}'; }}"
    process = _nginx(
        processes, name, "",
        f"server {{ listen 127.0.0.1:{port} backlog=1024; {server} }}\n"
        f"server {{ listen 127.0.0.1:{tls_port} ssl backlog=1024; ssl_protocols TLSv1.3;"
        f" ssl_certificate {public}; ssl_certificate_key {private}; {server} }}",
        core=core,
    )  # fmt: skip
    wait_for(f"http://127.0.0.1:{port}/", process=process)
    return children(process.pid)


def nginx_lua(processes, clients, body, port):
    """The gateway's work in Lua, in tables of one worker. `clients`: a file, a line each: id, secret, tenant."""
    process = _nginx(
        processes, "nginx-lua",
        f"load_module {MODULES}/ndk_http_module.so; load_module {MODULES}/ngx_http_lua_module.so;"
        " env BENCH_CLIENTS; env BENCH_TOKEN;",
        'lua_package_path "/usr/share/lua/5.1/?.lua;;";\n'
        f"init_by_lua_file {PEERS}/tokens.lua;\n"
        f"server {{ listen 127.0.0.1:{port} backlog=1024; default_type application/json;\n"
        " location = /v1/token { content_by_lua_block { answer_token() } } }",
        _environment(clients, body),
    )  # fmt: skip
    _wait_for_port(port, process)
    return children(process.pid)


def node(processes, clients, body, port):
    """The cache that providers' samples tell people to write, with the gateway's checks. Answers process ids."""
    process = processes.start(
        "node", ["node", PEERS / "tokens.js", port], environment=_environment(clients, body)
    )
    _wait_for_port(port, process)
    return [process.pid]


def decoder(processes, tool, body, port, environment=None):
    """NIO's decoder with a constant answer: the floor of whoever builds on NIO. Answers process ids."""
    command = [tool, "decoder", "--port", port, "--body-bytes", len(body)]
    process = processes.start("decoder", command, environment=os.environ | (environment or {}))
    _wait_for_port(port, process)
    return [process.pid]


def _environment(clients, body):
    token = json.loads(body)["access_token"]
    return os.environ | {"BENCH_CLIENTS": str(clients), "BENCH_TOKEN": token}


def _wait_for_port(port, process, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    raise SystemExit(f"nobody listens on port {port}: see the log of the peer")
