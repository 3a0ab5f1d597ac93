"""Faults injected into a cluster: three members of etcd, and three nodes of groupchat that share their log."""
