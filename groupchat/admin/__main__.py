"""Run the command line with ``python -m groupchat.admin``."""

from groupchat.admin.main import main

main()
