"""A load that produces every kind of answer and of request to providers that the gateway counts."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from servers import Client, Gateway
from stand import PROVIDERS, Stand, Tenant


class Load:
    """Asks again and again until it is stopped; two gateways, since the second answers from the store."""

    # What stands in the profiles, so that a provider that hangs is given up soon.
    PROFILES = {"phoenix": {"limits": {"timeout": "1s"}}}

    def __init__(self, stand: Stand, first: Gateway, second: Gateway):
        self._stand = stand
        self._first = first
        self._second = second
        self._end = threading.Event()
        self.tenant = stand.tenant(PROVIDERS)
        self._limited = stand.tenant(["zatlas"], rate="1/m", burst=1)
        self._rejected = stand.tenant(["zertiban"])
        stand.simulator.know("zertiban", self._rejected.credentials["zertiban"][0], "another")
        self._hanging = stand.tenant(["phoenix"])
        stand.simulator.fault("phoenix", "hang", client_id=self._hanging.credentials["phoenix"][0])
        self._unreadable = self._without_secret()
        place = ["--provider", "zertiban", "--environment", "sandbox"]
        stand.bursar("connection", "set", self.tenant.uuid, *place, "--keep-warm")
        # Some renewals of tokens that live 20 s end within a test.
        stand.simulator.control("PUT", "lifetimes", {"provider": "paymentapi", "access_seconds": 20})
        stand.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": 20})

    def _without_secret(self) -> Client:
        """A client whose credential refers to a variable that is not set."""
        tenant = self._stand.tenant([])
        place = ["--provider", "zatlas", "--environment", "sandbox", "--tenant", tenant.uuid]
        secret = ["--client-id", "nobody", "--secret-ref", "env:BURSAR_SECRET_NOT_SET"]
        self._stand.bursar("credential", "set", *place, *secret)
        issued = self._stand.bursar("client", "issue", *place)
        return Client(issued["client_id"], issued["client_secret"])

    @contextlib.contextmanager
    def running(self):
        jobs = [self._answers, self._failures, self._fresh_tenants]
        with ThreadPoolExecutor(len(jobs)) as pool:
            ends = [pool.submit(self._again, job) for job in jobs]
            try:
                yield self
            finally:
                self._end.set()
                for end in ends:
                    end.result()

    def _again(self, job) -> None:
        while not self._end.wait(0.05):
            with contextlib.suppress(requests.ConnectionError):
                job()

    def _answers(self) -> None:
        for provider, client in self.tenant.clients.items():
            self._first.token(client)
            self._second.token(client)
        self._scoped(self._first)

    def _scoped(self, gateway: Gateway) -> None:
        members = {"customer_id": "c-1", "invoice_id": "i-1", "subject": "u-1"}
        bearer = {"Authorization": f"Bearer {self.tenant.clients['alternative'].secret}"}
        url = gateway.merchant + "/v1/checkout-auth/init"
        gateway.session.post(url, json=members, headers=bearer, timeout=60)

    def _failures(self) -> None:
        self._first.token(self._limited.clients["zatlas"])
        self._first.token(Client("brc_" + "a" * 20, "wrong"))
        self._first.token(self.tenant.clients["zatlas"], scope="there-is-none")
        self._first.token(self._rejected.clients["zertiban"])
        self._first.token(self._unreadable)
        self._first.token(self._hanging.clients["phoenix"])
        self._first.get(self._first.merchant + "/nowhere")
        self._first.get(self._first.admin + "/version")

    def _fresh_tenants(self) -> None:
        """Tokens that only the first gateway has asked for, and tokens that merchants report."""
        tenant = self._stand.tenant(["zatlas"])
        self.report_rejected(tenant, self._first)
        self._second.token(tenant.clients["zatlas"])
        self._end.wait(1)

    @staticmethod
    def report_rejected(tenant: Tenant, gateway: Gateway) -> None:
        client = tenant.clients["zatlas"]
        token = gateway.token(client).json().get("access_token")
        url = gateway.merchant + "/oauth2/revoke"
        gateway.session.post(url, data={"token": token}, auth=(client.id, client.secret), timeout=60)
