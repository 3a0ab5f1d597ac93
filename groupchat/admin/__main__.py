"""Run the command line as ``python -m groupchat.admin``."""

import sys

from groupchat.admin.main import main

sys.exit(main())
