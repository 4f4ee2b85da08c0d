"""A tenant's rate limit holds over three gateways: asked evenly, mostly at one, without PostgreSQL."""

import time

from bench import Bench
from callers import statuses
from table import Table, scale

RATE, BURST = 60, 20
SECONDS = scale(8, 60)


def run(table: Table) -> None:
    with Bench() as bench:
        gateways = bench.start_gateways(3)
        every_window = f"≤ {RATE}/s + {BURST} in every window"
        # A tenant of its own for each: none begins with what another has spent.
        calls = bench.slots(3, rate=f"{RATE}/s", burst=BURST)
        with table.row("rate limit over 3 replicas, even load", f"{every_window}; ≥ 95 % of it") as row:
            _, share = _demand(bench, gateways, calls[0], row)
            row.found(f"{share:.0%} of what the limit lets through of these requests", share >= 0.95)
        with table.row("rate limit over 3 replicas, 8 of 10 requests at one", f"{every_window}") as row:
            share, _ = _demand(bench, [*[gateways[0]] * 8, *gateways[1:]], calls[1], row)
            row.found(f"{share:.0%} of the limit", share > 0)
            bench.check(row)
        with table.row("rate limit over 3 replicas, PostgreSQL down", every_window) as row:
            bench.server.kill()
            share, _ = _demand(bench, gateways, calls[2], row)
            row.found(f"{share:.0%} of the limit", share > 0)
            bench.server.start()
            bench.check(row)


def _demand(bench: Bench, gateways, call, row) -> tuple[float, float]:
    """More than twice the limit. Gives which part of the rate was admitted once the burst was spent, and which
    part of what even shares admit of the same requests: where nobody asks for a while, nothing is admitted."""
    bench.callers.ask(bench.gateways[0], call)  # everybody else finds the token, or asks for it, too
    with bench.callers.load(gateways, [call], workers=15, pause=0.1) as log:
        time.sleep(SECONDS)
    admitted = sorted((answer.sent, answer.sent + answer.took) for answer in log if answer.status != 429)
    excess = _most_beyond(admitted)
    answered = f"{statuses(log)}, ≤ {excess:.0f} beyond the rate in any window"
    row.found(answered, excess <= BURST and len(log) > 1.3 * RATE * SECONDS)
    begin, end = admitted[0][0] + 2, max(answer.sent for answer in log)

    def count(sent) -> int:
        return sum(begin <= each < end for each in sent)

    names = {answer.gateway for answer in log}
    possible = [_admitted([answer.sent for answer in log if answer.gateway == name], len(names)) for name in names]
    found = count(sent for sent, _ in admitted)
    return found / (RATE * (end - begin)), found / sum(map(count, possible))


def _admitted(asked: list[float], shares: int) -> list[float]:
    """What a bucket with so small a share of the limit lets through, when it is full at first."""
    level, last, admitted = BURST / shares, min(asked), []
    for sent in sorted(asked):
        level = min(BURST / shares, level + RATE / shares * (sent - last))
        last = sent
        if level >= 1:
            level -= 1
            admitted.append(sent)
    return admitted


def _most_beyond(admitted: list[tuple[float, float]]) -> float:
    """The most that was admitted between any two moments, beyond the rate. A request was admitted at some
    time between `sent` and `received`, and what cannot be told apart is taken for the gateway's good."""
    least, most = float("inf"), 0.0
    for number, (sent, received) in enumerate(admitted):
        least = min(least, number - RATE * sent)
        most = max(most, number + 1 - RATE * received - least)
    return most
