"""What callers got, compared with what PostgreSQL counted and with what the provider really issued."""

from collections import Counter

from programs import Failed, until

# Seconds: from the provider's clock to PostgreSQL's on a machine that is busy.
TOLERANCE = 0.25


class Checker:
    """Reads the log of all callers of a bench."""

    def __init__(self, bench):
        self._bench = bench

    def check(self, row, lost_at_most: int, exchanges: bool) -> None:
        """`lost_at_most`: answers that may be counted although no caller saw them, besides those whose caller
        got none: one for each that was under way when a gateway was killed. `exchanges`: requests to the
        provider are compared, too; not where a killed gateway or a command made some."""
        answers = self._bench.callers.answers
        row.found(*self._tokens([answer for answer in answers if answer.status == 200]))
        row.found(*self._sums(answers, lost_at_most))
        if exchanges:
            row.found(*self._exchanges())

    def _tokens(self, answers) -> tuple[str, bool]:
        """No token that had ended, none that belongs to somebody else, no life that is made up."""
        records = {token: self._bench.record(token) for token in {answer.token for answer in answers}}
        expired = foreign = promised = 0
        worst = 0.0
        for answer in answers:
            record = records[answer.token]
            ends = record["expires_at_us"] / 1e6
            expired += ends <= answer.sent
            foreign += record["client_id"] not in self._bench.known_as[answer.call.tenant]
            # From the request on, the token lived this long at least when it was answered.
            excess = answer.body["expires_in"] - (ends - answer.sent)
            promised += excess > TOLERANCE
            worst = max(worst, excess)
        figure = f"{expired} expired, {foreign} foreign, {promised} promised too long"
        figure += f" (by {worst:.1f} s at most)" if promised else ""
        figure += f" of {len(answers)} tokens"
        return figure, expired + foreign + promised == 0

    def _sums(self, answers, lost_at_most: int) -> tuple[str, bool]:
        """The ledger against the log, tenant by tenant."""
        least = Counter(answer.call.tenant for answer in answers if answer.status == 200)
        unseen = Counter(answer.call.tenant for answer in answers if answer.status == 0)

        def look() -> bool:
            counted = self._counted()
            return all(counted[tenant] >= count for tenant, count in least.items())

        try:
            until("the ledger has every answer", look, 30)
        except Failed:
            pass  # the figure says so
        counted = self._counted()
        missing = sum(max(0, count - counted[tenant]) for tenant, count in least.items())
        beyond = sum(max(0, counted[tenant] - least[tenant] - unseen[tenant]) for tenant in counted)
        figure = f"ledger {counted.total()}, log {least.total()}, {missing} missing, {beyond} beyond"
        if missing:
            figure += f" ({self._pending()} frames pending)"
        return figure, missing == 0 and beyond <= lost_at_most

    def _exchanges(self) -> tuple[str, bool]:
        """Renewals go on meanwhile: what had arrived before is counted, and nothing that never arrived."""
        arrived = self._bench.asked()
        query = "SELECT coalesce(sum(exchanges), 0)::bigint FROM finance.usage_monthly"
        try:
            until("every exchange is counted", lambda: self._bench.sql(query)[0][0] >= arrived, 20)
        except Failed:
            pass  # the figure says so
        counted, last = self._bench.sql(query)[0][0], self._bench.asked()
        return f"{counted} exchanges counted of {arrived} to {last}", arrived <= counted <= last

    def _counted(self) -> Counter:
        rows = self._bench.sql(
            "SELECT business_uuid::text, sum(answers)::bigint FROM finance.usage_monthly GROUP BY 1"
        )
        return Counter({tenant: int(count) for tenant, count in rows if tenant and count})

    def _pending(self) -> int:
        pending = (gateway.metric("bursar_journal_frames_pending") or 0 for gateway in self._bench.gateways)
        return int(sum(pending))
