"""Requests to etcd, and what their answers say."""
