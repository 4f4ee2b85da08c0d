"""Replicas on one database: what is withdrawn stops on all of them, and one that leaves fails nobody."""

import signal
import threading
import time
import unittest

from programs import until
from stand import StandCase

PROVIDER = "zatlas"


class ReplicaTests(StandCase):
    """Two gateways, each with a state directory of its own."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.gateways = [cls.stand.gateway(name) for name in ("a", "b")]

    def _serves(self, client, status: int = 200) -> None:
        for gateway in self.gateways:
            self.assertEqual(gateway.token(client).status_code, status)

    def _shares(self) -> list[float]:
        rows = self.stand.sql("SELECT share FROM ops.replicas ORDER BY started_at", role="bursar_monitor")
        return [float(row[0]) for row in rows]

    def test_they_share_the_limits_equally(self) -> None:
        until("both have half", lambda: self._shares() == [0.5, 0.5])
        for gateway in self.gateways:
            share = "bursar_rate_limit_share_ratio"
            until("its metric says so", lambda found=gateway: found.metric(share) == 0.5)
            # One that was silent is live again in the eyes of the others at their next heartbeat.
            live = 'bursar_replicas{state="live"}'
            until("it has heard of both", lambda found=gateway: found.metric(live) == 2, within=5)

    def test_a_revoked_client_is_refused_everywhere_when_the_command_returns(self) -> None:
        for _ in range(5):
            client = self.stand.tenant([PROVIDER]).clients[PROVIDER]
            self._serves(client)
            begin = time.monotonic()
            ended = self.stand.run("client", "revoke", client.id, "--wait")
            self.assertEqual(ended.status, 0, ended.errors)
            self.assertRegex(ended.errors, r"applied by 2 live replicas in \d+\.\d\d s")
            self._serves(client, 401)
            print(f"revoked everywhere within {time.monotonic() - begin:.2f} s, the program's start included")
            self.assertLess(time.monotonic() - begin, 3)

    def test_a_withdrawal_is_heard_within_half_a_second(self) -> None:
        client = self.stand.tenant([PROVIDER]).clients[PROVIDER]
        self._serves(client)
        self.stand.run("client", "revoke", client.id)
        end = time.monotonic() + 0.5
        while any(gateway.token(client).status_code == 200 for gateway in self.gateways):
            self.assertLess(time.monotonic(), end)

    def test_a_suspended_tenant_is_answered_nowhere_and_resumed_everywhere(self) -> None:
        tenant = self.stand.tenant([PROVIDER])
        self._serves(tenant.clients[PROVIDER])
        self.assertEqual(self.stand.run("tenant", "suspend", tenant.uuid, "--wait").status, 0)
        self._serves(tenant.clients[PROVIDER], 400)
        self.assertEqual(self.stand.run("tenant", "resume", tenant.uuid, "--wait").status, 0)
        self._serves(tenant.clients[PROVIDER])

    def test_doctor_lists_them(self) -> None:
        until("both have half", lambda: self._shares() == [0.5, 0.5])
        lines = [line["replica"] for line in self.stand.bursar("doctor") if line["check"] == "replica"]
        self.assertEqual([line["share"] for line in lines], [0.5, 0.5])
        for line in lines:
            self.assertEqual(line["keys"], ["test-1"])
            self.assertLess(line["heartbeat_age_seconds"], 5)

    def test_a_frozen_replica_is_named_and_so_is_one_that_does_not_follow(self) -> None:
        tenant, frozen = self.stand.tenant([PROVIDER]), self.gateways[1].program
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            ended = self.stand.run("tenant", "rename", tenant.uuid, "--name", "Other", "--wait")
        finally:
            frozen.process.send_signal(signal.SIGCONT)
        # Live at first, it is silent ten seconds after its last heartbeat; the change itself is made.
        self.assertEqual(ended.status, 0, ended.errors)
        self.assertRegex(ended.errors, r"applied by 1 live replicas in ([89]|1\d)\.\d\d s")
        self.assertIn("silent: ", ended.errors)
        until("it is heard again", lambda: "silent" not in self.stand.run("doctor").output)

    def test_nothing_is_confirmed_while_all_are_silent(self) -> None:
        tenant, programs = self.stand.tenant([PROVIDER]), [gateway.program for gateway in self.gateways]
        for program in programs:
            program.process.send_signal(signal.SIGSTOP)
        try:
            ended = self.stand.run("tenant", "rename", tenant.uuid, "--name", "Other", "--wait")
        finally:
            for program in programs:
                program.process.send_signal(signal.SIGCONT)
        self.assertEqual(ended.status, 1, ended.errors)
        self.assertEqual(ended.errors.count("silent: "), 2, ended.errors)
        until("they are heard again", lambda: "silent" not in self.stand.run("doctor").output)


class PollingTests(StandCase):
    """Without a connection to listen on."""

    def test_a_withdrawal_is_found_within_five_seconds(self) -> None:
        gateway = self.stand.gateway("poll", {"BURSAR_DATABASE_LISTEN": "false"})
        client = self.stand.tenant([PROVIDER]).clients[PROVIDER]
        self.assertEqual(gateway.token(client).status_code, 200)
        self.stand.bursar("client", "revoke", client.id)
        until("it is refused", lambda: gateway.token(client).status_code == 401, within=5)
        self.assertEqual(gateway.metric("bursar_config_notices_total"), 0)


class LeavingTests(StandCase):
    """What a replica does between SIGTERM and its end."""

    def test_it_serves_on_says_that_it_leaves_and_gives_its_share_back(self) -> None:
        client = self.stand.tenant([PROVIDER]).clients[PROVIDER]
        gateway = self.stand.gateway("leaving", {"BURSAR_DRAIN_SECONDS": "3"})
        self.assertEqual(gateway.token(client).status_code, 200)
        gateway.program.process.send_signal(signal.SIGTERM)
        ready = until("it is not ready", lambda: self._answer(gateway, "/readyz", 503))
        self.assertEqual(ready, {"status": "leaving"})
        answer = gateway.token(client)
        self.assertEqual((answer.status_code, answer.headers["Connection"]), (200, "close"))
        self.assertEqual(gateway.program.stop(within=10), 0)
        self.assertEqual(self.stand.sql("SELECT count(*) FROM bursar.replica"), [(0,)])

    def _answer(self, gateway, path: str, status: int) -> dict | None:
        answer = gateway.get(gateway.admin + path)
        return answer.json() if answer.status_code == status else None

    def test_an_interrupt_does_not_wait(self) -> None:
        gateway = self.stand.gateway("interrupted", {"BURSAR_DRAIN_SECONDS": "8"})
        gateway.session.close()
        begin = time.monotonic()
        self.assertEqual(gateway.program.stop(signal.SIGINT, within=10), 0)
        self.assertLess(time.monotonic() - begin, 6)

    def test_one_that_is_killed_and_starts_again_is_ready_at_once(self) -> None:
        gateway = self.stand.gateway("killed")
        replicas = self.stand.sql("SELECT count(*) FROM bursar.replica")
        gateway.kill()
        gateway.start()  # waits for 20 s at most, and the dead one's share is kept for 60
        self.assertEqual(self.stand.sql("SELECT count(*) FROM bursar.replica"), replicas)

    def test_no_caller_fails_while_replicas_are_replaced_one_by_one(self) -> None:
        client = self.stand.tenant([PROVIDER]).clients[PROVIDER]
        gateways = [self.stand.gateway(f"r{n}", {"BURSAR_DRAIN_SECONDS": "2"}) for n in range(2)]
        in_front, failed, answered, end = set(gateways), [], [0], threading.Event()

        def call() -> None:
            """As a balancer does: only those that are ready, as far as it has noticed."""
            while not end.is_set():
                for gateway in gateways:
                    if gateway not in in_front:
                        continue
                    try:
                        status = gateway.token(client).status_code
                    except OSError as error:
                        status = repr(error)
                    answered[0] += 1
                    if status != 200:
                        failed.append(status)

        caller = threading.Thread(target=call)
        caller.start()
        try:
            for gateway in gateways:
                gateway.program.process.send_signal(signal.SIGTERM)
                until("it is not ready", lambda found=gateway: self._answer(found, "/readyz", 503))
                in_front.discard(gateway)
                # Not `stop`: a second signal would end the time in which a late caller is served.
                self.assertEqual(gateway.program.process.wait(10), 0)
                in_front.add(gateway.start())
        finally:
            end.set()
            caller.join()
        self.assertEqual(failed, [])
        self.assertGreater(answered[0], 10)


if __name__ == "__main__":
    unittest.main()
