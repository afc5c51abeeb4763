"""The rate of a link: `receive ADDRESS` on one end, `send ADDRESS BYTES TIMES` on the other.

Each transfer is answered before the next one begins. `send` prints bits per second on the wire,
with the headers of Ethernet, IP and TCP, since a link carries them too. As many transfers as are
timed, at most eight, go before, to empty the bucket that lends the first bytes.
"""

import socket
import sys
import time

PORT = 7777
WIRE_BYTES_PER_BYTE = 1514 / 1448


def receive(address: str) -> None:
    with socket.create_server((address, PORT)) as server:
        connection, _ = server.accept()
    room = memoryview(bytearray(1 << 20))
    with connection:
        size = int.from_bytes(connection.recv(8, socket.MSG_WAITALL), "little")
        while True:
            missing = size
            while missing > 0:
                count = connection.recv_into(room, min(missing, len(room)))
                if count == 0:
                    return
                missing -= count
            connection.sendall(b"!")


def connect(address: str) -> socket.socket:
    """A connection to a receiver that may still be starting."""
    for attempt in range(100):
        try:
            return socket.create_connection((address, PORT), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit(f"nobody listens at {address}")


def send(address: str, size: int, times: int) -> None:
    data = bytes(size)
    with connect(address) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(size.to_bytes(8, "little"))
        start = 0.0
        for number in range(-min(times, 8), times):
            if number == 0:
                start = time.perf_counter()
            connection.sendall(data)
            connection.recv(1)
        seconds = time.perf_counter() - start
    print(round(8 * size * times * WIRE_BYTES_PER_BYTE / seconds))


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        receive(sys.argv[2])
    else:
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
