"""A TCP connection's weak place: passes bytes on until it is cut or frozen, and again when it is mended."""

import contextlib
import socket
import threading


class Cutter:
    """Listens on a free port of 127.0.0.1 and passes everything on to one address."""

    def __init__(self, host: str, port: int):
        self._target = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends every connection; from now on each new one is ended at once."""
        with self._lock:
            self._is_cut = True
            victims, self._open = self._open, set()
        for victim in victims:
            _end(victim)

    def freeze(self) -> None:
        """Keeps every connection open and passes nothing on: a network that has gone quiet."""
        self._flows.clear()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        _end(self._listener)
        self.cut()
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=5)
            server.settimeout(None)
        except OSError:
            return _end(client)
        with self._lock:
            cut = self._is_cut
            if not cut:
                self._open |= {client, server}
        if cut:
            return [_end(end) for end in (client, server)][0]
        threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
        self._pass_on(server, client)

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        for end in (source, sink):
            _end(end)


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
