"""The gateway's own clock on its answers: from the request decoded to the answer written."""

from servers import Gateway

FAMILY = "bursar_token_request_duration_seconds_bucket"


class Latency:
    """What is answered from now on, from memory."""

    def __init__(self, gateway: Gateway):
        self._gateway = gateway
        self._before = self._buckets()

    def _buckets(self) -> dict[float, float]:
        buckets = {}
        for line in self._gateway.metrics().splitlines():
            if line.startswith(FAMILY) and 'source="memory"' in line:
                bound = line.split('le="', 1)[1].split('"', 1)[0]
                buckets[float(bound)] = float(line.rsplit(" ", 1)[1])
        return buckets

    def percentile(self, part: float) -> float:
        """Seconds that at most so large a part of the answers took, straight between the buckets' bounds."""
        now = self._buckets()
        counts = sorted((bound, count - self._before.get(bound, 0)) for bound, count in now.items())
        if not counts or not counts[-1][1]:
            raise ValueError("nothing was answered from memory")
        wanted = part * counts[-1][1]
        lower, below = 0.0, 0.0
        for bound, count in counts:
            if count >= wanted:
                if bound == float("inf"):
                    return lower
                share = (wanted - below) / (count - below) if count > below else 1
                return lower + (bound - lower) * share
            lower, below = bound, count
        return lower
