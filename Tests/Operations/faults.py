"""Real faults, each on gateways of its own, and the alerts that each must raise."""

import datetime
import itertools
import resource
import socket
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from defect import Defect
from fault import Fault
from programs import Failed, find_program, until
from provider_faults import ProviderFaults
from servers import Gateway
from stand import Stand, Tenant

# A state directory on a file system that a test can fill.
SMALL_DISK = [
    *("/usr/bin/unshare", "--map-root-user", "--mount", "/bin/sh", "-c"),
    'mkdir -p "$BURSAR_STATE_DIR" || exit 9\n'
    'mount -t tmpfs -o size=96m,mode=0700 tmpfs "$BURSAR_STATE_DIR" || exit 9\n'
    'exec "$@"',
    "launcher",
]
# As many open files as may be.
MANY_FILES = ["/bin/sh", "-c", 'ulimit -n "$(ulimit -Hn)" && exec "$@"', "launcher"]


SCRAPES = 'bursar_http_requests_total{server="admin",route="/metrics",method="GET",status_class="2xx"}'


def _await_scrape(gateway: Gateway) -> None:
    """Until somebody besides us has read the metrics of the process that runs now."""
    ours = itertools.count()
    until("it was scraped", lambda: (gateway.metric(SCRAPES) or 0) > next(ours))


class Faults(ProviderFaults):
    """Makes the gateways; those that need a database of their own stand on `other`."""

    def __init__(self, stand: Stand, other: Stand):
        super().__init__(stand)
        self.other = other
        self._sockets: list[socket.socket] = []

    def all(self) -> list[Fault]:
        makers = [
            *(self.nothing, self.database_away, self.provider_down, self.credentials_rejected),
            self.everyone_rejected,
            *(self.keyring_garbled, self.key_missing, self.certificate, self.journal_damaged),
            self.renewals_do_not_begin,
            *(self.killed, self.restarting, self.not_ready, self.disk_full, self.crowded, self.stray_rows),
        ]
        return [make() for make in makers]

    def close(self) -> None:
        for each in self._sockets:
            each.close()

    def nothing(self) -> Fault:
        """Healthy replicas that serve all the while, also with failures that are nobody's alarm."""
        gateways = [self.stand.gateway("healthy-a"), self.stand.gateway("healthy-b")]
        tenant = self.stand.tenant(["zatlas", "phoenix"])
        rejected = self.stand.tenant(["zertiban"])
        self.stand.simulator.know("zertiban", rejected.credentials["zertiban"][0], "another")

        def load() -> None:
            for gateway in gateways:
                gateway.token(tenant.clients["zatlas"])
                gateway.token(tenant.clients["phoenix"], scope="there-is-none")
                gateway.token(rejected.clients["zertiban"])

        return Fault("healthy", set(), gateways, load=load)

    def database_away(self) -> Fault:
        """One of two replicas loses PostgreSQL."""
        cutter = self.stand.cutter()
        gateways = [self.stand.gateway("pair-a"), self.stand.gateway("pair-b", through=cutter)]
        tenant = self.stand.tenant(["zatlas"])
        for gateway in gateways:
            gateway.token(tenant.clients["zatlas"])

        def load() -> None:
            gateways[1].token(tenant.clients["zatlas"])

        def break_it() -> None:
            cutter.cut()
            self.stand.tenant([])

        alerts = {"BursarDatabaseFailing", "BursarConfigurationBehind", "BursarJournalNotDraining"}
        ends = {"BursarConfigurationBehind", "BursarJournalNotDraining"}
        return Fault("pair", alerts, gateways, break_it, load, mend=cutter.mend, ends=ends)

    def renewals_do_not_begin(self) -> Fault:
        """A gateway that no longer looks at its calendar, and a token of 20 s that was asked for once."""
        gateway = self.stand.gateway("calendar")
        tenant = self.stand.tenant(["zertiban"])
        gateway.token(tenant.clients["zertiban"]).raise_for_status()
        look = "$s13BursarGateway9TokenDeskC8renewDue"
        defect = Defect(gateway.program.pid, find_program("bursar"), look)
        alerts = {"BursarRenewalsOverdue"}
        return Fault("calendar", alerts, [gateway], defect.begin, mend=defect.mend, ends=alerts)

    def keyring_garbled(self) -> Fault:
        keyring = self.stand.write("keyring-garbled", self.stand.keyring.read_bytes())
        gateway = self.stand.gateway("keyring", {"BURSAR_KEYRING_FILE": str(keyring)})

        def break_it() -> None:
            self.stand.write("keyring-garbled", "test-1:this is no key\n")

        def mend() -> None:
            self.stand.write("keyring-garbled", self.stand.keyring.read_bytes())

        alerts = {"BursarKeyringUnreadable"}
        return Fault("keyring", alerts, [gateway], break_it, mend=mend, ends=alerts)

    def key_missing(self) -> Fault:
        """A gateway that got another installation's keyring."""
        self.stand.tenant(["zatlas"])
        settings = {"BURSAR_KEYRING_FILE": str(self.other.keyring.with_name("keyring-of-others"))}
        key = self.other.keyring.read_text().replace("test-1", "test-2")
        self.other.write("keyring-of-others", key)
        return Fault("key", {"BursarKeyMissing"}, [self.stand.gateway("key", settings)])

    def certificate(self) -> Fault:
        """A certificate that ends in three days, and is then replaced by something else."""
        certificate, key = self.stand.folder / "short.pem", self.stand.folder / "short-key.pem"
        self.stand.authority.issue(certificate, key, datetime.timedelta(days=3))
        names = ("BURSAR_TLS_CERTIFICATE_FILE", "BURSAR_TLS_KEY_FILE")
        gateway = self.stand.gateway("tls", dict(zip(names, (str(certificate), str(key)))))

        def break_it() -> None:
            text = certificate.read_text()
            self.stand.write("short.pem", text[: len(text) // 2])

        def mend() -> None:
            self.stand.authority.issue(certificate, key)

        alerts = {"BursarCertificateEnding", "BursarCertificateReloadFailing"}
        return Fault("tls", alerts, [gateway], break_it, mend=mend, ends=alerts)

    def journal_damaged(self) -> Fault:
        """A disk that has garbled a part of the journal, found at the start."""
        gateway = self.stand.gateway("journal")
        tenant = self.stand.tenant(["zatlas"])
        gateway.token(tenant.clients["zatlas"]).raise_for_status()
        until("a frame is sealed", lambda: (gateway.metric("bursar_journal_bytes") or 0) > 0)
        gateway.kill()
        for file in gateway.state.glob("*.frames"):
            content = bytearray(file.read_bytes())
            for place in range(len(content) // 3, len(content) // 3 + 64):
                content[place] ^= 0x5A
            file.write_bytes(content)
        return Fault("journal", {"BursarJournalDamaged"}, [gateway.start()])

    def killed(self) -> Fault:
        gateway = self.stand.gateway("killed")

        def mend() -> None:
            gateway.start()

        return Fault("killed", {"BursarDown"}, [gateway], gateway.kill, mend=mend, ends={"BursarDown"})

    def restarting(self) -> Fault:
        gateway = self.stand.gateway("restarting")

        def break_it() -> None:
            for _ in range(3):
                gateway.kill()
                gateway.start()
                _await_scrape(gateway)

        return Fault("restarting", {"BursarRestarting"}, [gateway], break_it)

    def not_ready(self) -> Fault:
        """A gateway that is started while PostgreSQL is away."""
        cutter = self.stand.cutter()
        cutter.cut()
        gateway = self.stand.gateway("waiting", through=cutter, start=False).start(ready=False)
        alerts, perhaps = {"BursarNotReady"}, {"BursarDatabaseFailing"}
        return Fault("waiting", alerts, [gateway], perhaps=perhaps, mend=cutter.mend, ends=alerts)

    def disk_full(self) -> Fault:
        gateway = self.stand.gateway("disk", launcher=SMALL_DISK)
        tenant = self.stand.tenant(["zatlas"])

        def break_it() -> None:
            filler = Path(f"/proc/{gateway.program.pid}/root{gateway.state}/filler")
            with filler.open("wb", buffering=0) as file:
                while _has_room(file):
                    pass

        def load() -> None:
            gateway.token(tenant.clients["zatlas"])

        # Nothing is pending on the disk while nothing can be written to it.
        return Fault("disk", {"BursarJournalSealFailing"}, [gateway], break_it, load)

    def crowded(self) -> Fault:
        """Somebody opens connections and keeps them."""
        gateway = self.stand.gateway("crowded", launcher=MANY_FILES)

        def break_it() -> None:
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            if 0 < most < 10_500:
                raise Failed(f"only {most} open files are allowed here; this needs 10,500 (ulimit -Hn)")
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            place = urlsplit(gateway.merchant)
            for _ in range(10_010):
                self._sockets.append(socket.create_connection((place.hostname, place.port)))

        return Fault("crowded", {"BursarConnectionsRefused"}, [gateway], break_it)

    def stray_rows(self) -> Fault:
        """An event of a month without a partition, a client secret that ends in a week, an anchor by hand."""
        tenant = self.other.tenant([])
        self.other.bursar("client", "issue", "--tenant", tenant.uuid, "--expires", "7d")
        insert_stray_row(self.other, tenant)
        anchor = "INSERT INTO bursar.audit_anchor VALUES (%s, '2030-01', 99, sha256('x'))"
        self.other.sql(anchor, tenant.uuid, role="bursar_gateway")
        if self.other.run("audit", "verify").status != 1:
            raise Failed("an anchor that was put in by hand is not found")
        alerts = {"BursarDefaultPartitionNotEmpty", "BursarClientSecretsEnding", "BursarAuditTrailAltered"}
        return Fault("stray", alerts, [self.other.gateway("stray")])


def insert_stray_row(stand: Stand, tenant: Tenant) -> None:
    stand.sql(
        """
        INSERT INTO bursar.refresh_event (
            at, latency_us, replica_id, owner_id, credential_id, tenant_id, event_id, provider, environment,
            cause, step, outcome)
        VALUES ('2020-01-15', 1000, %s, %s, %s, %s, %s, 'zatlas', 'sandbox', 'cold', 'full', 'ok')
        """,
        *(uuid.uuid4() for _ in range(3)),
        tenant.uuid,
        uuid.uuid4(),
    )


def _has_room(file) -> bool:
    try:
        file.write(bytes(1 << 16))
    except OSError:
        return False
    return True


