"""What one fault is: its jobs in Prometheus, and the alerts that it must raise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from prometheus import scrape_job
from servers import Gateway


@dataclass
class Fault:
    """One thing that goes wrong: its jobs in Prometheus, and how it is brought about."""

    name: str
    alerts: set[str]
    gateways: list[Gateway]
    # Called once everything is well and scraped.
    break_it: Callable[[], None] = lambda: None
    # Called twice a second from then on.
    load: Callable[[], None] = lambda: None
    # Alerts that may come with it, depending on what happens first.
    perhaps: set[str] = field(default_factory=set)
    # What makes it good again, and the alerts that then end within seconds.
    mend: Callable[[], None] = lambda: None
    ends: set[str] = field(default_factory=set)

    @property
    def job(self) -> str:
        return f"bursar-{self.name}"

    def scrape_job(self, authority: Path) -> dict:
        job = scrape_job(self.job, self.gateways[0].admin, authority)
        job["static_configs"][0]["targets"] = [urlsplit(gateway.admin).netloc for gateway in self.gateways]
        return job
