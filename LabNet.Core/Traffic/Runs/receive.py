# Listens on one interface for numbered packets, and prints when each came.
# Arguments: interface, sender's MAC, protocol, port, run (8 hexadecimal digits; - for everything from that MAC), count, seconds at most, folder of its own.
# In the folder "ready" stands when it listens; a file "stop" there ends it.
import json
import os
import sys
import time

from scapy.config import conf
from scapy.sendrecv import AsyncSniffer

interface, mac, protocol, port, run, count, seconds, folder = sys.argv[1:]
count, port = int(count), int(port)
head = None if run == "-" else b"LNTR" + bytes.fromhex(run)
filters = {
    "udp": f"udp dst port {port}",
    "tcp": f"tcp dst port {port}",
    "icmp": "icmp[icmptype] == icmp-echo",
    "ethernet": "ether proto 0x88b5",
}
wanted = f"ether src {mac}" + ("" if head is None else f" and {filters[protocol]}")
packets, seen = [], set()


def take(packet):
    data = bytes(packet.original if getattr(packet, "original", None) else packet)
    at = int(float(packet.time) * 1_000_000) * 1000
    if head is None:
        packets.append([len(packets), at])
        return
    place = data.find(head)
    if place < 0 or len(data) < place + len(head) + 4:
        return
    number = int.from_bytes(data[place + len(head):place + len(head) + 4], "big")
    packets.append([number, at])
    seen.add(number)


conf.verb = 0
problem = None
os.makedirs(folder, exist_ok=True)
try:
    sniffer = AsyncSniffer(iface=interface, filter=wanted, prn=take, store=False, started_callback=lambda: open(folder + "/ready", "w").close())
    sniffer.start()
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until and not os.path.exists(folder + "/stop") and (head is None or len(seen) < count):
        if not sniffer.running and not os.path.exists(folder + "/ready"):
            time.sleep(0.05)
            sniffer.thread.join(timeout=0)
            if not sniffer.thread.is_alive():
                raise OSError("listening ended at once: " + str(getattr(sniffer, "exception", "")))
        time.sleep(0.05)
    # One that comes twice, or late, is to be counted too.
    time.sleep(0.3)
    sniffer.stop()
except Exception as e:
    problem = str(e)
print(json.dumps({"packets": packets, "problem": problem}))
