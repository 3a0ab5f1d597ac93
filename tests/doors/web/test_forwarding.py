"""For whom a proxy passes on a request."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.forwarding import ForwardingWrong, client, is_encrypted


def is_proxy(address: str) -> bool:
    return address.startswith("10.")


class ClientTest(SynchronousTestCase):
    def test_chain(self) -> None:
        """It is the last address that is not a proxy's; what stands before it is not believed."""
        for chain, address in (
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.7, 192.0.2.1", "192.0.2.1"),
            ("nonsense, 192.0.2.1", "192.0.2.1"),
            ("198.51.100.7,192.0.2.1, 10.0.0.6,10.0.0.5", "192.0.2.1"),
            ("10.0.0.7, 10.0.0.6", "10.0.0.7"),
            ("192.0.2.1:1234", "192.0.2.1"),
            ("[2001:db8::1]:1234", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ):
            self.assertEqual(client(chain, is_proxy), address, chain)

    def test_nonsense(self) -> None:
        """An address must be one, as far as they are read."""
        for chain in ("", "unknown", "192.0.2.1,", "_hidden", "nonsense, 10.0.0.5", "192.0.2.300"):
            self.assertRaises(ForwardingWrong, client, chain, is_proxy)

    def test_encrypted(self) -> None:
        """The last proxy says whether the client came to it encrypted."""
        for protocol, encrypted in (("https", True), ("HTTPS", True), ("http, https", True), ("wss", True),
                                    ("https, http", False), ("http", False), ("", False)):  # fmt: skip
            self.assertEqual(is_encrypted(protocol), encrypted, protocol)
