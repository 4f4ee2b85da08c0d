"""SIGTERM ends a gateway in time, whatever its callers do; and what it takes from the system at its start."""

import re
import unittest
from pathlib import Path

from stand import StandCase


class StoppingTests(StandCase):
    """Callers with idle connections that say nothing any more."""

    def test_an_idle_connection_with_tls_does_not_hold_up_the_end(self) -> None:
        certificate, key = self.stand.folder / "certificate.pem", self.stand.folder / "key.pem"
        self.stand.authority.issue(certificate, key)
        files = {"BURSAR_TLS_CERTIFICATE_FILE": str(certificate), "BURSAR_TLS_KEY_FILE": str(key)}
        gateway = self.stand.gateway("idle", files)
        for url in (gateway.merchant, gateway.admin):
            self.assertEqual(gateway.get(url + "/livez").status_code, 200)
        # The session keeps both connections open, and nobody reads from them. docs/RUNBOOK.md says 10 s.
        self.assertEqual(gateway.program.stop(within=10), 0)

    def test_it_takes_as_many_open_files_as_it_may(self) -> None:
        gateway = self.stand.gateway("files", launcher=["/bin/sh", "-c", 'ulimit -Sn 1024; exec "$0" "$@"'])
        limits = Path(f"/proc/{gateway.program.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files +(\w+) +(\w+)", limits).groups()
        self.assertEqual(soft, hard)
        self.assertEqual(gateway.metric("bursar_process_max_fds"), float(hard))


if __name__ == "__main__":
    unittest.main()
