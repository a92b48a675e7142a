"""tls_peer.py client|server HOST:PORT FOLDER: frames of a u32 length over Python's ssl, with a certificate on both sides.

The client sends bodies of many sizes, wants each back, and a clean end; the server echoes until there is one. FOLDER has
ca.pem, server.pem, server.key, client.pem and client.key.
"""

import socket
import ssl
import struct
import sys

TIME_OUT = 15  # seconds, for every wait
SIZES = [0, 1, 1000, 16384, 16385, 70000, 1_000_000]


def context(role, folder):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if role == "client" else ssl.PROTOCOL_TLS_SERVER)
    made.load_verify_locations(f"{folder}/ca.pem")
    made.load_cert_chain(f"{folder}/{role}.pem", f"{folder}/{role}.key")
    made.verify_mode = ssl.CERT_REQUIRED
    made.set_alpn_protocols(["parley"])
    return made


def receive_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError(f"{len(data)} of {size} bytes")
        data += part
    return data


def receive(sock):
    """The next message; None at a clean end. (An end without TLS's closing message is an exception.)"""
    first = sock.recv(1)
    if not first:
        return None
    size, = struct.unpack(">I", first + receive_exactly(sock, 3))
    return receive_exactly(sock, size)


def send(sock, body):
    sock.sendall(struct.pack(">I", len(body)) + body)


def be_client(host, port, folder):
    with socket.create_connection((host, port), TIME_OUT) as plain:
        sock = context("client", folder).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        assert sock.selected_alpn_protocol() == "parley"
        for size in SIZES:
            body = bytes(i % 251 for i in range(size))
            send(sock, body)
            assert receive(sock) == body, size
        sock.unwrap()  # says that nothing follows, and waits for the same


def be_server(host, port, folder):
    with socket.create_server((host, port)) as listener:
        print("listening on", *listener.getsockname(), file=sys.stderr, flush=True)
        listener.settimeout(TIME_OUT)
        plain, _ = listener.accept()
    plain.settimeout(TIME_OUT)
    sock = context("server", folder).wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
    while (body := receive(sock)) is not None:
        send(sock, body)
    print(sock.getpeercert()["subject"][0][0][1])
    sock.close()


if __name__ == "__main__":
    role, address, folder = sys.argv[1:]
    host, port = address.rsplit(":", 1)
    (be_client if role == "client" else be_server)(host, int(port), folder)
