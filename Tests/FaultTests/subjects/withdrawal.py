"""A revoked client and a suspended tenant are refused by every gateway, and how soon."""

import time

from bench import Bench
from callers import Call, token_call
from programs import until
from servers import Client
from table import Table, scale


def run(table: Table) -> None:
    with Bench() as bench:
        bench.start_gateways(3)
        _measure(table, bench, "by NOTIFY", 0.5, scale(3, 30))
        demanded = "0 accepted once the command has returned"
        with table.row("client revoke --wait, tenant suspend --wait", demanded) as row:
            _wait(bench, row)
            bench.check(row)
    with Bench() as bench:
        bench.start_gateways(3, BURSAR_DATABASE_LISTEN="false")
        _measure(table, bench, "by poll", 5, scale(2, 10))


def _measure(table: Table, bench: Bench, way: str, most: float, count: int) -> None:
    for what in ("revoked client", "suspended tenant"):
        with table.row(f"{what}, {way}, ×{count}", f"refused everywhere ≤ {most} s") as row:
            late = []
            for _ in range(count):
                call, command = _prepared(bench, what)
                late.append(_accepted_after(bench, call, command)[0])
            row.found(f"last accepted {max(late):+.2f} s from the commit", max(late) <= most)


def _wait(bench: Bench, row) -> None:
    for what in ("revoked client", "suspended tenant"):
        call, command = _prepared(bench, what)
        _, after = _accepted_after(bench, call, [*command, "--wait"])
        row.found(f"{what}: {after} accepted", after == 0)


def _prepared(bench: Bench, what: str) -> tuple[Call, list[str]]:
    """A client that every gateway knows, and the command that ends it."""
    call = bench.slots(1)[0]
    client = bench.issue([call.tenant], "zertiban")
    call = token_call(call.tenant, client)
    bench.warm(bench.gateways, [call])
    return call, _command(what, call, client)


def _command(what: str, call: Call, client: Client) -> list[str]:
    return ["client", "revoke", client.id] if what == "revoked client" else ["tenant", "suspend", call.tenant]


def _accepted_after(bench: Bench, call: Call, command: list[str]) -> tuple[float, int]:
    """When the last request was sent that was accepted, from the commit on; and how many were sent after the
    command had returned."""
    with bench.callers.load(bench.gateways, [call], workers=6, pause=0.01) as log:
        time.sleep(0.3)
        bench.bursar(*command)
        returned = time.time()
        refused = 200

        def refused_for_a_while() -> bool:
            answers = list(log)[-refused:]
            return len(answers) == refused and all(answer.status != 200 for answer in answers)

        until("everybody refuses", refused_for_a_while, 15)
    commit = "extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8"
    (committed,) = bench.sql(f"SELECT {commit} FROM bursar.config_version")[0]
    accepted = [answer.sent for answer in log if answer.status == 200]
    return max(accepted) - committed, sum(sent > returned for sent in accepted)
