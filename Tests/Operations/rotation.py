"""A rotation that goes wrong, as the alerts meet it."""

from faults import Fault
from stand import Stand


def rejected_successor(stand: Stand) -> Fault:
    """A secret with a slip of the pen, put into use without being tried."""
    gateway = stand.gateway("rotated")
    tenant = stand.tenant(["zatlas"])
    place = ["--provider", "zatlas", "--environment", "sandbox", "--tenant", tenant.uuid]

    def break_it() -> None:
        untried = ["--client-id", tenant.credentials["zatlas"][0], "--secret-stdin", "--pending"]
        successor = stand.bursar("credential", "set", *place, *untried, stdin="wrong")
        stand.bursar("credential", "activate", successor["id"])

    def load() -> None:
        gateway.token(tenant.clients["zatlas"])

    return Fault("rotated", {"BursarServedByFormerCredential"}, [gateway], break_it, load)
