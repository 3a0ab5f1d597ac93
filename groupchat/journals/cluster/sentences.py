"""What is said of a node that takes no messages: some of it to people in rooms, some to whoever runs the node."""

STOPPED = (
    "This server takes no messages any more, until whoever runs it has mended that. What was said before can still be"
    " read here."
)
"""To people, when the node cannot go on; whoever runs it is told why."""

STARTING = "This node is starting, and waits for its place in the cluster."

CUT_OFF = "This node is cut off from the others."

FOREIGN = (
    "If --journal leads to another etcd than before, put it right, or bring that etcd back. If it is lost for good,"
    " stop all nodes, run “groupchat cluster leave” on the node that is furthest, start that one, and seed the others"
    " from it (docs/CLUSTER.md, “All etcd are lost for good”)."
)
"""What to do when the log in etcd is not the one that was read so far."""
