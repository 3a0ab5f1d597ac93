"""The reactor comes without pyOpenSSL, and what needs that finds it afterwards."""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.harness import TREE


def printed(code: str) -> str:
    """Return what a program prints; it prints nothing on standard error."""
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


class LeanReactorTest(SynchronousTestCase):
    def test_encryption_is_found_later(self) -> None:
        """The reactor comes without pyOpenSSL; what needs it afterwards, as in a cluster, finds it."""
        code = (
            "import sys, groupchat.daemon.loading; from twisted.internet import reactor\n"
            "print('OpenSSL' in sys.modules)\n"
            "from twisted.internet.ssl import optionsForClientTLS\n"
            "from groupchat.outgoing.http_endpoints import HttpEndpoints\n"
            "print(type(HttpEndpoints(reactor, 5, optionsForClientTLS).endpoint('127.0.0.1', 1)).__name__)\n"
            "import groupchat.daemon.node, groupchat.files.others.opening_others\n"
        )
        self.assertEqual(printed(code), "False\n_Quiet\n")

    def test_encryption_that_is_there(self) -> None:
        """Where another part of the process has loaded pyOpenSSL, the reactor has it, too."""
        code = (
            "import OpenSSL, sys, groupchat.daemon.loading; from twisted.internet import endpoints\n"
            "print(sys.modules['OpenSSL'] is OpenSSL, endpoints.TLSMemoryBIOFactory is None)"
        )
        self.assertEqual(printed(code), "True False\n")
