#!/usr/bin/env python3
"""Shows the packets that scapy_send.py sends to this guest, and ends when all have come or the time is up."""
import argparse
import sys

from scapy.arch import get_if_addr
from scapy.layers.inet import IP, UDP
from scapy.packet import Packet
from scapy.sendrecv import sniff

# The one that scapy_send.py sends to.
PORT = 9
# A hostile packet must not fill the screen.
SHOWN_BYTES = 200


def payload_of(packet: Packet) -> bytes:
    """The bytes as they came: scapy takes some for another protocol by their source port, or for padding."""
    udp = packet[UDP]
    return (udp.original or b"")[8 : max(8, udp.len or 0)]


def printable(data: bytes) -> str:
    """One line; what is no UTF-8 or could steer a terminal stands there escaped."""
    text = data[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return shown + ("..." if len(data) > SHOWN_BYTES else "")


def show(packet: Packet) -> None:
    print(f"Received packet: {packet[IP].src} → {packet[IP].dst}")
    print(f"Payload: {printable(payload_of(packet))}")
    print("-" * 40, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", default="eth1", help="to listen on (eth1)")
    parser.add_argument("--count", type=int, default=5, help="packets to wait for (5)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait at most (60)")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")

    try:
        own = get_if_addr(options.interface)
        received = 0

        def count(packet: Packet) -> None:
            nonlocal received
            received += 1
            show(packet)

        sniff(
            iface=options.interface,
            filter=f"udp dst port {PORT} and dst host {own}",
            # The kernel's filter knows fields by their places; scapy may find a packet too short to be read so.
            lfilter=lambda packet: IP in packet and UDP in packet,
            prn=count,
            count=options.count,
            timeout=options.timeout,
            store=False,
            started_callback=lambda: print(f"[*] Listening for IP packets on {options.interface}...", flush=True),
        )
    except (OSError, ValueError) as problem:
        print(f"Could not listen on {options.interface}: {problem}", file=sys.stderr)
        return 1
    if received < options.count:
        print(f"Only {received} of {options.count} packets came within {options.timeout:g} s.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
