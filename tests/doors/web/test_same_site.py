"""Which pages and which names a browser may come with."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.web.same_site import host, is_ours, is_own_page
from tests.doors.fakes import SETTINGS

LAN, PUBLIC = "192.168.1.5", "203.0.113.9"


class HostTest(SynchronousTestCase):
    def test_forms(self) -> None:
        """A host is a name or an address, and perhaps a port; nothing else is one."""
        for named, found in (
            ("Chat.Example.org:5000", ("chat.example.org", "5000")),
            ("localhost.", ("localhost", "")),
            ("[2001:DB8::1]:80", ("[2001:db8::1]", "80")),
            ("192.0.2.1", ("192.0.2.1", "")),
            ("", None),
            ("a b", None),
            ("a:b", None),
            ("a:123456", None),
            ("user@host", None),
            ("host/path", None),
            ("é", None),
        ):
            self.assertEqual(host(named), found, named)


class OriginTest(SynchronousTestCase):
    def test_origins(self) -> None:
        """A page is ours if it came from the host that it asks, whatever stands in front of it."""
        for origin, named, own in (
            ("", "chat:5000", True),
            ("http://chat:5000", "chat:5000", True),
            ("https://chat:5000", "chat:5000", True),
            ("https://CHAT", "chat", True),
            ("https://chat", "chat:443", True),
            ("http://chat", "chat:80", True),
            ("http://chat", "chat:443", False),
            ("https://[2001:db8::1]:5000", "[2001:db8::1]:5000", True),
            ("http://chat:5001", "chat:5000", False),
            ("http://evil.example", "chat:5000", False),
            ("http://chat:5000.evil.example", "chat:5000", False),
            ("http://chat:5000/", "chat:5000", False),
            ("null", "chat:5000", False),
            ("file://", "chat:5000", False),
            ("moz-extension://x", "chat:5000", False),
            ("http://chat:5000", "", False),
            ("https://friend.example", "chat:5000", True),
            ("https://Friend.example", "chat:5000", True),
            ("http://friend.example", "chat:5000", False),
        ):
            self.assertEqual(is_own_page(origin, named, ["https://friend.example"]), own, (origin, named))


class NameTest(SynchronousTestCase):
    def ours(self, named: str, server: str = LAN, peer: str = LAN) -> bool:
        return is_ours(named, server, peer, SETTINGS.replaced(name="our.example", web_hosts=["Chat.example.org"]))

    def test_names(self) -> None:
        """In a private network, a name that anybody can have on the internet must be one of ours."""
        for named in (
            *("localhost:5000", "chat", "printer.local", "x.y.lan:80", "a.home.arpa", "192.168.1.5:5000", "[::1]"),
            *("our.example:5000", "chat.example.org", "CHAT.example.org."),
        ):
            self.assertTrue(self.ours(named), named)
        for named in ("evil.example", "localhost.evil.example", "chat.example.org.evil.example", "local.evil", "a b"):
            self.assertFalse(self.ours(named), named)

    def test_where_it_does_not_matter(self) -> None:
        """From or at a public address, whoever made the browser ask could ask as well."""
        self.assertTrue(self.ours("evil.example", server=PUBLIC))
        self.assertTrue(self.ours("evil.example", peer=PUBLIC))
        self.assertTrue(self.ours("evil.example", server="", peer=""))
