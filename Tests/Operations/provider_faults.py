"""Faults of providers, each on a gateway of its own."""

from fault import Fault
from stand import Stand


class ProviderFaults:
    """Makes the gateways on `stand`."""

    def __init__(self, stand: Stand):
        self.stand = stand

    def provider_down(self) -> Fault:
        """A provider fails whose tokens live five minutes at most."""
        gateway = self.stand.gateway("provider")
        tenant = self.stand.tenant(["zertiban"])
        client, (client_id, _) = tenant.clients["zertiban"], tenant.credentials["zertiban"]
        self.stand.simulator.control("PUT", "lifetimes", {"provider": "zertiban", "access_seconds": 20})
        gateway.token(client).raise_for_status()

        def break_it() -> None:
            self.stand.simulator.fault("zertiban", "status", status=503, client_id=client_id)

        def mend() -> None:
            self.stand.simulator.clear_faults("zertiban")

        def load() -> None:
            gateway.token(client)

        ends = {"BursarTimeToOutage", "BursarCircuitOpen"}
        alerts = ends | {"BursarErrorBudgetBurnFast"}
        return Fault("provider", alerts, [gateway], break_it, load, mend=mend, ends=ends)

    def credentials_rejected(self) -> Fault:
        """A provider has forgotten several merchants."""
        gateway = self.stand.gateway("rejected")
        tenants = [self.stand.tenant(["paymentapi"]) for _ in range(4)]

        def break_it() -> None:
            for tenant in tenants:
                client_id, _ = tenant.credentials["paymentapi"]
                self.stand.simulator.know("paymentapi", client_id, "another")
                gateway.token(tenant.clients["paymentapi"])

        return Fault("rejected", {"BursarCredentialsRejected"}, [gateway], break_it)

    def everyone_rejected(self) -> Fault:
        """A provider has lost its table of clients, and finds it again."""
        gateway = self.stand.gateway("everyone")
        tenants = [self.stand.tenant(["phoenix"]) for _ in range(8)]

        def know(secret: str | None = None) -> None:
            for tenant in tenants:
                client_id, own = tenant.credentials["phoenix"]
                self.stand.simulator.know("phoenix", client_id, secret or own)

        def break_it() -> None:
            know("another")
            for tenant in tenants:
                gateway.token(tenant.clients["phoenix"])

        ends = {"BursarMassRejection", "BursarTimeToOutage"}
        perhaps = {"BursarErrorBudgetBurnFast"}
        return Fault("everyone", ends, [gateway], break_it, perhaps=perhaps, mend=know, ends=ends)
