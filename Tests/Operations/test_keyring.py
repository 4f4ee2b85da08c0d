"""A keyring that lacks a key is the operator's fault: callers are told to come back until it has it."""

import base64
import os
import unittest

from programs import until
from stand import StandCase


class KeyringTests(StandCase):
    """One gateway whose keyring is replaced by a stranger's, and put back."""

    def test_clients_are_not_refused_for_a_key_that_is_missing(self) -> None:
        tenant = self.stand.tenant(["zertiban"])
        client = tenant.clients["zertiban"]
        right = self.stand.keyring.read_text()
        gateway = self.stand.gateway()
        self.assertEqual(gateway.token(client).status_code, 200)
        gateway.stop()
        self.stand.write("keyring", f"other-1:{base64.b64encode(os.urandom(32)).decode()}\n")
        gateway.start()
        answer = gateway.token(client)
        self.assertEqual((answer.status_code, answer.json()["fault"]), (503, "gateway"))
        self.assertIn("Retry-After", answer.headers)
        until("rows under a missing key are seen", lambda: gateway.metric("bursar_keyring_missing_rows") > 0)
        self.stand.write("keyring", right)
        until("the client is known again", lambda: gateway.token(client).status_code == 200)


if __name__ == "__main__":
    unittest.main()
