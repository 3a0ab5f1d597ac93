"""A sub-command for the tests: prints its arguments, and returns the status it is given."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("host")
    parser.add_argument("text", nargs="*")


def run(arguments: argparse.Namespace) -> int:
    print(arguments.host, arguments.text)
    return int(arguments.status)
