#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The peer of a labnet-remote device (docs/pci-remote.md), and a UART as an example.

labnet_remote.py SOCKET    serves the UART: what the guest sends is printed, standard input is received
"""

import queue
import socket
import struct
import sys
import threading
import time

VERSION = 1
HEADER = struct.Struct("<BBHIQQ")
DATA_MAX = 4096
VECTORS = 8
ALL_ONES = (1 << 64) - 1
HELLO, READ, WRITE, RESET, DMA_DATA, PING = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
PEER_HELLO, READ_DONE, IRQ, DMA_READ, DMA_WRITE, PONG = 0x81, 0x82, 0x84, 0x85, 0x86, 0x87
RESTORED, ERROR, HIGH, LOW = 1, 1, 1, 2


class RefusedError(Exception):
    """QEMU refused a transfer: bus mastering is off, or there is no memory."""


class RemoteDevice:
    """A device. read(), write(), reset() and restored() are called one at a time, by the thread that called serve()."""

    def __init__(self):
        self._socket = None
        self._sending = threading.Lock()
        self._requests = {}
        self._seq = 0
        self._levels_lock = threading.RLock()
        self._levels = 0

    def read(self, offset, size):
        return 0

    def write(self, offset, size, value):
        pass

    def reset(self):
        pass

    def restored(self):
        """The guest went back to a snapshot, about which this device knows nothing."""

    def raise_interrupt(self, vector=0):
        """A message by MSI-X, where the driver has turned that on; else INTA# is high until lower_interrupt()."""
        with self._levels_lock:
            self._levels |= 1 << vector
            self._send(IRQ, flags=HIGH, value=vector)

    def lower_interrupt(self, vector=0):
        with self._levels_lock:
            self._levels &= ~(1 << vector)
            self._send(IRQ, flags=LOW, value=vector)

    def read_memory(self, address, size):
        """From another thread than serve()'s, which is the one that takes the answer."""
        return b"".join(self._transfer(DMA_READ, address + at, min(DATA_MAX, size - at)) for at in range(0, size, DATA_MAX))

    def write_memory(self, address, data):
        for at in range(0, len(data), DATA_MAX):
            part = data[at : at + DATA_MAX]
            self._transfer(DMA_WRITE, address + at, len(part), part)

    def serve(self, path):
        """Until QEMU closes the connection."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            self._socket = connection
            try:
                while True:
                    self._take(*HEADER.unpack(self._receive(HEADER.size)))
            except (EOFError, ConnectionError):
                pass
            finally:
                self._socket = None
                for answer in list(self._requests.values()):
                    answer.put(None)

    def _take(self, op, size, flags, seq, address, value):
        if op == HELLO:
            if value != VERSION:
                raise RuntimeError(f"QEMU speaks version {value} of the protocol, this is {VERSION}")
            self._send(PEER_HELLO, seq=seq, value=VERSION)
            with self._levels_lock:
                for vector in range(VECTORS):
                    if self._levels & 1 << vector:
                        self.raise_interrupt(vector)
                    elif flags & RESTORED:
                        self.lower_interrupt(vector)
            if flags & RESTORED:
                self.restored()
        elif op == READ:
            self._send(READ_DONE, seq=seq, value=self.read(address, size) & ALL_ONES)
        elif op == WRITE:
            self.write(address, size, value)
        elif op == RESET:
            with self._levels_lock:
                # QEMU has lowered them, but what was raised before RESET came may have arrived after that.
                for vector in range(VECTORS):
                    if self._levels & 1 << vector:
                        self.lower_interrupt(vector)
            self.reset()
        elif op == PING:
            self._send(PONG, seq=seq)
        elif op == DMA_DATA:
            data = self._receive(value)
            self._requests[seq].put(None if flags & ERROR else data)
        else:
            raise RuntimeError(f"a message of unknown kind: 0x{op:02x}")

    def _transfer(self, op, address, size, data=b""):
        answer = queue.SimpleQueue()
        with self._sending:
            self._seq = seq = (self._seq + 1) & 0xFFFFFFFF
        self._requests[seq] = answer
        try:
            self._send(op, seq=seq, address=address, value=size, data=data)
            result = answer.get()
        finally:
            del self._requests[seq]
        if result is None:
            raise RefusedError(f"{size} bytes at 0x{address:x}")
        return result

    def _send(self, op, flags=0, seq=0, address=0, value=0, data=b""):
        with self._sending:
            if self._socket is not None:
                self._socket.sendall(HEADER.pack(op, 0, flags, seq, address, value) + data)
            elif op in (DMA_READ, DMA_WRITE):
                raise ConnectionError("there is no QEMU")

    def _receive(self, size):
        parts = []
        while size:
            part = self._socket.recv(size)
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class Uart(RemoteDevice):
    """A FIFO of 64 bytes each way, and an interrupt while a byte is there."""

    DATA, STATUS, CONTROL, ID = 0x00, 0x04, 0x08, 0x0C
    INTERRUPT, LOOPBACK = 1, 2
    FIFO_BYTES = 64

    def __init__(self, sent):
        super().__init__()
        self._sent = sent
        self._lock = threading.RLock()
        self._received = bytearray()
        self._overrun = False
        self._control = 0
        self._interrupting = False

    def receive(self, data):
        with self._lock:
            for byte in data:
                if len(self._received) < self.FIFO_BYTES:
                    self._received.append(byte)
                else:
                    self._overrun = True
            self._interrupt()

    def read(self, offset, size):
        with self._lock:
            if offset == self.DATA and self._received:
                byte = self._received.pop(0)
                self._interrupt()
                return byte
            if offset == self.STATUS:
                return len(self._received) << 8 | self._overrun << 1 | bool(self._received)
            return {self.CONTROL: self._control, self.ID: 0x31554E4C}.get(offset, 0)

    def write(self, offset, size, value):
        with self._lock:
            if offset == self.CONTROL:
                self._control = value & (self.INTERRUPT | self.LOOPBACK)
                self._interrupt()
            elif offset == self.DATA and self._control & self.LOOPBACK:
                self.receive(bytes([value & 0xFF]))
            elif offset == self.DATA:
                self._sent(value & 0xFF)

    def reset(self):
        with self._lock:
            self._received.clear()
            self._overrun = False
            self._control = 0
            self._interrupt()

    def _interrupt(self):
        wanted = bool(self._received) and bool(self._control & self.INTERRUPT)
        if wanted != self._interrupting:
            self._interrupting = wanted
            (self.raise_interrupt if wanted else self.lower_interrupt)()


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)

    def show(byte):
        sys.stdout.buffer.write(bytes([byte]))
        sys.stdout.buffer.flush()

    uart = Uart(show)

    def listen():
        while data := sys.stdin.buffer.read1(Uart.FIFO_BYTES):
            uart.receive(data)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        try:
            uart.serve(arguments[0])
        except OSError as error:
            print(f"{arguments[0]}: {error.strerror}; trying again", file=sys.stderr)
        time.sleep(1)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        pass
