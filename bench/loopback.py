"""What the machine itself carries: bytes over an unshaped TCP connection on loopback."""

import multiprocessing
import socket
import time

_BUFFER_BYTES = 256 * 1024


def transfer_s(size_bytes: int) -> float:
    """How long so many bytes take from one process to another, in seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        context = multiprocessing.get_context("spawn")
        sender = context.Process(target=_send, args=(listening.getsockname()[1], size_bytes))
        sender.start()
        connection, _ = listening.accept()
        with connection:
            buffer, left = bytearray(_BUFFER_BYTES), size_bytes
            connection.recv(1)
            begun_s = time.perf_counter()
            while left > 0:
                left -= connection.recv_into(buffer)
            took_s = time.perf_counter() - begun_s
        sender.join()
    return took_s


def _send(port: int, size_bytes: int) -> None:
    data = memoryview(bytes(size_bytes))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"!")
        connection.sendall(data)
