# Sends numbered packets from one interface to one neighbour, and prints when each was sent.
# Arguments: interface, own MAC, its MAC, own address, its address, protocol, port, run (8 hexadecimal digits), count, pause in seconds, payload in hexadecimal.
import json
import sys
import time

from scapy.config import conf
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

interface, own_mac, mac, own_address, address, protocol, port, run, count, pause, payload = sys.argv[1:]
count, pause, port = int(count), float(pause), int(port)
head = b"LNTR" + bytes.fromhex(run)
rest = bytes.fromhex(payload)


def packet(number):
    body = Raw(head + number.to_bytes(4, "big") + rest)
    ether = Ether(src=own_mac, dst=mac)
    if protocol == "ethernet":
        # Local experimental EtherType 1 (IEEE 802).
        ether.type = 0x88B5
        return ether / body
    ip = IP(src=own_address, dst=address)
    if protocol == "udp":
        return ether / ip / UDP(sport=port, dport=port) / body
    if protocol == "tcp":
        return ether / ip / TCP(sport=port, dport=port, flags="S", seq=number) / body
    return ether / ip / ICMP(type=8, id=port, seq=number & 0xFFFF) / body


conf.verb = 0
sent, problem = [], None
try:
    socket = conf.L2socket(iface=interface)
    # What is built on the way would make the first packets late.
    ready = bytes(packet(0))
    began = time.monotonic()
    for number in range(count):
        data = ready if number == 0 else bytes(packet(number))
        rest_of_time = began + number * pause - time.monotonic()
        if rest_of_time > 0:
            time.sleep(rest_of_time)
        at = time.time_ns()
        socket.outs.send(data)
        sent.append([number, at])
    socket.close()
except (OSError, ValueError) as e:
    problem = str(e)
print(json.dumps({"packets": sent, "problem": problem}))
