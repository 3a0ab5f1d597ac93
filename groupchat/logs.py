"""The log formats by the names that ``twistd --logger=`` takes: ``groupchat.logs.json_lines`` and ``text_lines``.

Units and images name these, so they stay where they are.
"""

from groupchat.daemon.log.log_lines import json_lines, text_lines

__all__ = ["json_lines", "text_lines"]
