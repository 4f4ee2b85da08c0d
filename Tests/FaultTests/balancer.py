"""A load balancer as operators have them: it looks at /readyz now and then, and tries nothing again."""

import threading
from collections.abc import Sequence

import requests

from programs import until
from servers import Gateway, plain_session


class Balancer:
    """`with Balancer(gateways) as balancer: callers.load(…, choose=balancer.choose)`."""

    def __init__(self, gateways: Sequence[Gateway], interval: float = 0.2):
        self._gateways = gateways
        self._interval = interval
        self._ready = list(gateways)
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(each,), daemon=True) for each in gateways]

    def __enter__(self) -> "Balancer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(10)

    def choose(self) -> Sequence[Gateway]:
        return self._ready

    def await_ready(self, gateway: Gateway) -> None:
        until(f"the balancer sees {gateway.name}", lambda: gateway in self._ready)

    def _look(self, gateway: Gateway) -> None:
        session = plain_session()
        while not self._end.wait(self._interval):
            try:
                ready = session.get(gateway.admin + "/readyz", timeout=1).ok
            except requests.RequestException:
                ready = False
            others = [each for each in self._ready if each is not gateway]
            # In their own order, so that a change moves nobody else; replaced as a whole for readers.
            chosen = others + [gateway] if ready else others
            self._ready = [each for each in self._gateways if each in chosen]
        session.close()
