"""TLS to a node whose certificate is known by its fingerprint: a whole handshake in memory."""

import contextlib
import shutil
import tempfile
from pathlib import Path

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.certificates.own_certificate import own
from groupchat.files.others.pinned_tls import PinnedTls


def shake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Carry a handshake to its end.  Raises SSL.Error when one side refuses the other."""
    client.set_connect_state()
    server.set_accept_state()
    left = {client, server}
    while left:
        for side, other in ((client, server), (server, client)):
            try:
                side.do_handshake()
                left.discard(side)
            except SSL.WantReadError:
                pass
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(side.bio_read(2**16))


class PinnedTlsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="groupchat-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.certificates = own(self.folder / "one")

    def shaken(self, fingerprint: str) -> SSL.Connection:
        """Return a connection to who has the certificate."""
        client = PinnedTls(fingerprint).clientConnectionForTLS(None)
        context = SSL.Context(SSL.TLS_METHOD)
        context.use_certificate_file(str(self.folder / "one" / "cert.pem"))
        context.use_privatekey_file(str(self.folder / "one" / "key.pem"))
        shake(client, SSL.Connection(context, None))
        return client

    def test_right(self) -> None:
        """The certificate that was told is taken, though no authority vouches for it."""
        found = self.shaken(self.certificates.fingerprint).get_peer_certificate()
        assert found is not None
        self.assertEqual(found.digest("sha256").decode(), self.certificates.fingerprint)

    def test_wrong(self) -> None:
        """Every other one is refused before anything is sent."""
        other = own(self.folder / "other")
        for fingerprint in (other.fingerprint, self.certificates.fingerprint.lower(), ""):
            with self.assertRaises(SSL.Error):
                self.shaken(fingerprint)
