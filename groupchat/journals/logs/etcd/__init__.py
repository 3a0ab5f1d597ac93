"""The shared log in etcd, through etcd's JSON gateway.

Keys, under a prefix:

- ``form``: what the log is: its form and its random name, made once;
- ``log``: each version of this one key is an entry.  The version is the entry's number, counted by etcd without gaps,
  and its ``mod_revision`` the entry's revision;
- ``live/NODE``: a node's card, under its lease.  Its ``create_revision`` is the node's epoch;
- ``sent/EPOCH``: under the same lease; its version counts the entries that this epoch has appended.

An entry is appended by one transaction, which holds only if ``live/NODE`` still is of this epoch and ``sent/EPOCH``
counts one entry less.  So it can be sent again and again, to whichever server, until the answer is certain: it is in,
once, or the epoch has ended.

The gateway, which every etcd serves at the same port, is asked and watched by the clients of ``groupchat.outgoing``; no
gRPC library is used.  The one that is kept up, aetcd 1.0.0 (June 2026), was looked at: it has
fragmented watches, but opens its channel without TLS only, takes one server and not several, sends as metadata nothing
but the token that it asks for once, as it connects (so there is no ``hasleader``, and no new login after a server has
restarted), and has one deadline for all calls.  It needs an asyncio loop, so beside Twisted's reactor a thread, and
grpcio.  The gateway needs nothing that is not installed anyway.  Composing a request and reading its answer takes 10 to
15 µs here, 80 µs with h11.
"""
