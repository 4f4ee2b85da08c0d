"""Which of a gateway's threads give way to which."""

import os
import unittest
from pathlib import Path

from programs import until
from servers import Gateway
from stand import StandCase


def niceness(gateway: Gateway) -> list[tuple[str, int]]:
    """Name and nice value of each thread."""
    threads = Path(f"/proc/{gateway.program.pid}/task").iterdir()
    return [((each / "comm").read_text().strip(), os.getpriority(os.PRIO_PROCESS, int(each.name))) for each in threads]


class ThreadsTests(StandCase):
    def test_what_runs_in_the_background_gives_way_to_the_event_loops(self) -> None:
        gateway = self.stand.gateway()
        tenant = self.stand.tenant(["zatlas"])
        self.assertTrue(gateway.token(tenant.clients["zatlas"]).ok)
        # A second later the journal is sealed and delivered.
        until("counts are delivered", lambda: self.stand.sql("SELECT 1 FROM bursar.usage_minute LIMIT 1"))
        threads = niceness(gateway)
        loops = {nice for name, nice in threads if name.startswith("NIO-")}
        self.assertEqual(loops, {0}, threads)
        self.assertIn(10, {nice for _, nice in threads}, threads)


if __name__ == "__main__":
    unittest.main()
