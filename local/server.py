"""Serves an ASGI application on a loopback address, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import uvicorn

from local.errors import PortTaken

BACKLOG = 128
GRACE_S = 3


class Server:
    """A context in which the application answers."""

    def __init__(self, app: Any, listener: socket.socket) -> None:
        host, port = listener.getsockname()
        self.url = f"http://{host}:{port}"
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            proxy_headers=False,  # nobody stands in front: who says so would write the audit's source_ip
        )
        self._server = uvicorn.Server(config)
        # Not the main thread's: signals stay with whoever waits there.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="server", daemon=True
        )

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the requests that are being answered, and stop."""
        self._server.should_exit = True
        self._thread.join(2 * GRACE_S)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """
    Take the address before anything slow is started; connections wait.

    Raises:
        PortTaken: Somebody has it.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise PortTaken(f"something else listens on {host}:{port}; choose another PORT") from error
        listener.listen(BACKLOG)
        yield listener
