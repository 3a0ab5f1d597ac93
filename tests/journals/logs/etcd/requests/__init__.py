"""Tests of the shared log in etcd."""
