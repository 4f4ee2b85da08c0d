"""What release builds are guided by: a gateway that counts what it runs does what gateways do most.

Hits by GET and by POST, over connections that stay, over new ones and over TLS; renewals; what goes on beside them.
`./dev profile` calls it with llvm-profdata of the Swift toolchain and the file to write.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import load, peers
from bench.processes import LOAD_CORE, Processes
from bench.stand import Ports, Stand

TENANTS = 10_000
# Some are always being renewed.
WARM = TENANTS * 9 // 10
# Seconds of each way to ask, as much as it matters.
PLAIN = {load.get: 8, load.post: 5}
CLOSING, TLS = 2, 6
# Short, so that tokens are renewed while it lasts.
LIFE = 60
# Functions of which no part ran so often are left to the compiler: being rare here, they would be made small and
# slow, and other work than this may need them.
LEAST = 1_000


def train(processes):
    """Answers the files that the gateways wrote when they ended."""
    folder = processes.folder
    written = [folder / "plain.profraw", folder / "tls.profraw"]
    token = json.dumps({"access_token": "t" * 1_024, "token_type": "Bearer", "expires_in": LIFE})
    peers.nginx_constant(processes, token, Ports().simulator, Ports().simulator + 1, core=LOAD_CORE)
    stand = Stand(processes, "training", LLVM_PROFILE_FILE=str(folder / "beside-%p.profraw"))
    stand.profile("limits: { concurrency: 64 }\n")
    stand.seed(TENANTS, "--keep-warm")
    callers, port = stand.callers(), stand.ports.merchant
    requests = {way: load.write_requests(folder / way.__name__, map(way, callers)) for way in PLAIN}
    closing = load.write_requests(folder / "closing", [load.get(each, close=True) for each in callers])
    gateway = stand.gateway(LLVM_PROFILE_FILE=str(written[0]))
    load.warm(stand, port, requests[load.get], WARM)
    for _ in range(2):
        for way, seconds in PLAIN.items():
            load.wrk(port, requests[way], seconds)
        load.wrk(port, closing, CLOSING)
    processes.stop(gateway)
    public, private = peers.certificate(folder)
    files = {"BURSAR_TLS_CERTIFICATE_FILE": str(public), "BURSAR_TLS_KEY_FILE": str(private)}
    gateway = stand.gateway(LLVM_PROFILE_FILE=str(written[1]), **files)
    load.warm(stand, port, requests[load.get], WARM, tls=True)
    load.wrk(port, requests[load.get], TLS, tls=True)
    processes.stop(gateway)
    return written


def usable(text):
    """The profile without functions that ran rarely, and without what every module has its own copy of, whose
    counters are added up wrongly. Local functions are named as scripts/release.sh has them named."""
    kept = [":ir"]
    for record in text.strip("\n").split("\n\n"):
        lines = [re.sub(r"^.*/(?=[^/;]+;)", "", line) for line in record.split("\n") if line[0] not in "#:"]
        name, count = lines[0], int(lines[2])
        if name.startswith("__swift_") or max(map(int, lines[3 : 3 + count])) < LEAST:
            continue
        # No bytes of a bitmap. Without it the reader takes the next Swift name, which begins so too, for their number.
        lines.insert(3 + count, "$0")
        kept.append("\n".join(lines) + "\n")
    return "\n".join(kept) + "\n"


def main():
    profdata, target = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as name:
        folder = Path(name)
        # Servers that drop their rights must get in.
        folder.chmod(0o755)
        with Processes(folder) as processes:
            raw = train(processes)
        text = folder / "text"
        subprocess.run([profdata, "merge", "--sparse", "--text", "-o", text, *raw], check=True)
        text.write_text(usable(text.read_text()))
        subprocess.run([profdata, "merge", "-o", target, text], check=True)


if __name__ == "__main__":
    main()
