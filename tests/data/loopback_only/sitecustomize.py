"""On PYTHONPATH of a process under test: any connection beyond this machine is refused and noted."""

import os
import socket

_connect = socket.socket.connect
_getaddrinfo = socket.getaddrinfo
_HERE = ("127.", "::1", "localhost", "0.0.0.0", "::")


def _note(host):
    with open(os.environ["REFUSED_CONNECTIONS"], "a", encoding="utf-8") as lines:
        lines.write(f"{host}\n")
    raise OSError(f"no network here: {host}")


def connect(self, address):
    is_internet = self.family in (socket.AF_INET, socket.AF_INET6)
    if is_internet and not str(address[0]).startswith(_HERE):
        _note(address[0])
    return _connect(self, address)


def getaddrinfo(host, *more, **named):
    if host is not None and not str(host).startswith(_HERE):
        _note(host)
    return _getaddrinfo(host, *more, **named)


socket.socket.connect = connect
socket.socket.connect_ex = connect
socket.getaddrinfo = getaddrinfo
