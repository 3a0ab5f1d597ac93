"""Work on a journal without a daemon: archives, audits, copies, erasing."""
