"""Secrets as Kubernetes mounts them: links by way of `..data`, which alone changes when a Secret does."""

import base64
import datetime
import hashlib
import os
import unittest
from pathlib import Path

from programs import until
from stand import StandCase


class SecretMount:
    """A folder as the kubelet writes it: files in a dated folder, `..data` leads there, links go through."""

    def __init__(self, folder: Path, **files: str):
        self.folder = folder
        self._version = 0
        folder.mkdir()
        self.update(**files)
        for name in files:
            self.path(name).symlink_to(f"..data/{name}")

    def path(self, name: str) -> Path:
        return self.folder / name

    def update(self, **files: str) -> None:
        """All files change at one moment: `..data` is put in place of the former one."""
        self._version += 1
        dated = self.folder / f"..2026_01_01_{self._version}"
        dated.mkdir()
        for name, content in files.items():
            file = dated / name
            file.touch(0o600)
            file.write_text(content)
            file.chmod(0o440)
        fresh = self.folder / "..data_tmp"
        fresh.symlink_to(dated.name)
        os.replace(fresh, self.folder / "..data")


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}\n"


class SecretMountTests(StandCase):
    def test_the_keyring_is_read_and_read_again(self) -> None:
        first = self.stand.keyring.read_text()
        mount = SecretMount(self.stand.folder / "keyring-mount", keyring=first)
        gateway = self.stand.gateway("keyring-mount", {"BURSAR_KEYRING_FILE": str(mount.path("keyring"))})
        mount.update(keyring=first + key("second"))
        self.assertIn("second", gateway.program.line("keyring read again"))

    def test_a_credentials_directory_of_links_is_taken(self) -> None:
        files = {"keyring": self.stand.keyring.read_text(), "database-url": self.stand.database_url + "\n"}
        mount = SecretMount(self.stand.folder / "credentials-mount", **files)
        settings = {
            "CREDENTIALS_DIRECTORY": str(mount.folder),
            "BURSAR_KEYRING_FILE": "",
            "BURSAR_DATABASE_URL": "",
        }
        self.stand.gateway("credentials-mount", settings)
        findings = self.stand.bursar("doctor", environment=settings)
        self.assertTrue(all(finding["ok"] for finding in findings), findings)

    def test_admin_tokens_are_read(self) -> None:
        digest = hashlib.sha256(b"bearer-of-the-test").hexdigest()
        mount = SecretMount(self.stand.folder / "tokens-mount", tokens=f"finance:test:{digest}\n")
        gateway = self.stand.gateway("tokens-mount", {"BURSAR_ADMIN_TOKENS_FILE": str(mount.path("tokens"))})
        period = datetime.datetime.now(datetime.UTC).strftime("%Y-%m")
        answer = gateway.get(
            f"{gateway.admin}/reports/usage?period={period}",
            headers={"Authorization": "Bearer bearer-of-the-test"},
        )
        self.assertEqual(answer.status_code, 200)

    def test_a_renewed_certificate_is_taken(self) -> None:
        mount = SecretMount(self.stand.folder / "tls-mount", **self._certificate("a"))
        settings = {
            "BURSAR_TLS_CERTIFICATE_FILE": str(mount.path("certificate")),
            "BURSAR_TLS_KEY_FILE": str(mount.path("key")),
        }
        gateway = self.stand.gateway("tls-mount", settings)
        series = "bursar_tls_certificate_expiry_timestamp_seconds"
        before = gateway.metric(series)
        mount.update(**self._certificate("b", days=5))
        until("the renewed certificate is taken", lambda: gateway.metric(series) != before)
        gateway.session.close()
        self.assertTrue(gateway.get(gateway.admin + "/livez").ok)

    def _certificate(self, name: str, days: int = 20) -> dict[str, str]:
        files = [self.stand.folder / f"{name}.pem", self.stand.folder / f"{name}.key"]
        self.stand.authority.issue(*files, life=datetime.timedelta(days=days))
        return {"certificate": files[0].read_text(), "key": files[1].read_text()}

    def test_profiles_and_merchants_secrets_are_read_through_links(self) -> None:
        profile = "id: zatlas\nname: Through a link\n"
        profiles = SecretMount(self.stand.folder / "profiles-mount", **{"zatlas.yaml": profile})
        shown = self.stand.bursar(
            "provider", "show", "zatlas", environment={"BURSAR_PROVIDERS_DIR": str(profiles.folder)}
        )
        self.assertIn("Through a link", shown["profile"])


if __name__ == "__main__":
    unittest.main()
