#!/usr/bin/env python3
"""Sends UDP packets from one interface of a guest to another guest, for scapy_receive.py to show."""
import argparse
import ipaddress
import json
import subprocess
import sys

from scapy.config import conf
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw
from scapy.sendrecv import send

# The port of "discard" (RFC 863): nobody who hears of it answers.
PORT = 9


def first_neighbour(interface: str) -> str | None:
    """The first IPv4 address on the interface that has answered lately; LabNet's own pings see to that."""
    shown = subprocess.run(["ip", "-json", "-4", "neighbour", "show", "dev", interface], capture_output=True, text=True, check=False)
    neighbours = json.loads(shown.stdout or "[]")
    return min((known["dst"] for known in neighbours if "lladdr" in known), default=None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", default="eth1", help="to send from (eth1)")
    parser.add_argument("--destination", type=ipaddress.IPv4Address, help="IPv4 address (the first neighbour that the interface knows)")
    parser.add_argument("--count", type=int, default=5, help="packets to send (5)")
    parser.add_argument("--payload", help='text in each packet ("Hello from Scapy on" and the interface)')
    parser.add_argument("--timeout", type=float, default=5, help="seconds between the first and the last packet at most (5)")
    options = parser.parse_args()

    destination = str(options.destination) if options.destination else first_neighbour(options.interface)
    if destination is None:
        print(f"{options.interface} knows no neighbour: name one with --destination ADDRESS", file=sys.stderr)
        return 2
    payload = options.payload if options.payload is not None else f"Hello from Scapy on {options.interface}"
    packet = IP(dst=destination) / UDP(sport=PORT, dport=PORT) / Raw(payload.encode("utf-8", "surrogateescape"))
    pause = min(0.1, options.timeout / max(options.count, 1))
    conf.verb = 0
    try:
        sent = send(packet, iface=options.interface, count=options.count, inter=pause, return_packets=True)
    except (OSError, ValueError) as problem:
        print(f"Could not send from {options.interface}: {problem}", file=sys.stderr)
        return 1
    print(f"Sent {len(sent)} packets.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
