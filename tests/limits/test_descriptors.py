"""How many files and sockets may be open."""

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tests.functional.harness import TREE


class DescriptorsTest(SynchronousTestCase):
    def test_raised(self) -> None:
        """The soft limit is raised to the hard one, which stays."""
        code = (
            "import resource\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))\n"
            "from groupchat.limits.descriptors import descriptors, raise_descriptors\n"
            "print(descriptors())\nraise_descriptors()\n"
            "print(descriptors(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("64\n512 512 512\n", ""))
