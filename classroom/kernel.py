"""The student's process as the grader holds it: requests with a time limit, output cut while it arrives."""

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classroom import sandbox
from classroom.inside import plain_data


@dataclass(frozen=True)
class Limits:
    """What a submission may use; seconds are CPU seconds, and `PATIENCE` times as many on the clock."""

    cell: float = 8.0
    call: float = 4.0
    total: float = 60.0
    restarts: int = 3
    memory: int = 4_000_000_000
    file_size: int = 50_000_000
    output: int = 10_000
    answer: int = 20_000_000


PATIENCE = 3.0
START, GRACE = 120.0, 1.0
CHUNK = 1 << 16


class Stopped(Exception):
    """A request took too long; the process was interrupted and lives."""


class Died(Exception):
    """The process is gone."""


class Kernel:
    """One process of the student's. Use it in a `with` statement."""

    def __init__(
        self, forbidden: Sequence[str] = (), limits: Limits | None = None, plain: bool = False, data: Path | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.output = b""  # of the current request, cut
        self.spent = 0.0  # CPU seconds for all requests
        self._folder = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
        self._start(forbidden, plain, data)

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, forbidden: Sequence[str], plain: bool, data: Path | None) -> None:
        ours, theirs = socket.socketpair()
        output, their_output = os.pipe()
        info, their_info = os.pipe()
        folder = Path(self._folder.name)
        if plain:
            command, environment = sandbox.plain_command(theirs.fileno())
            if data:
                (folder / "data").symlink_to(data)
        else:
            environment = {"PATH": os.environ.get("PATH", "/usr/bin")}
            command = sandbox.command(theirs.fileno(), their_info, folder, data, forbidden)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=their_output,
            stderr=their_output,
            pass_fds=(theirs.fileno(), their_info),
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        theirs.close()
        os.close(their_output)
        os.close(their_info)
        with os.fdopen(info, "rb") as told:
            self._id = self._process.pid if plain else json.loads(told.read() or b"{}").get("child-pid", 0)
        self._channel, self._pipe, self._arrived = ours, output, bytearray()
        ours.setblocking(False)
        os.set_blocking(output, False)
        self._select = selectors.DefaultSelector()
        self._select.register(output, selectors.EVENT_READ)
        limits = {"memory": self.limits.memory, "file_size": self.limits.file_size}
        limits["seconds"] = int(2 * self.limits.total + START)
        reply = self.ask({"do": "start", "forbidden": list(forbidden), "limits": limits}, START)
        if "filtered" not in reply:
            raise Died(f"the process for the student's code did not start: {reply.get('error')}")
        self.filtered = bool(reply["filtered"])
        self.spent = 0.0

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Sends a request and returns its answer.

        Raises:
            Stopped: it took more than `seconds`; an interrupt ended it.
            Died: the process ended, or had to be ended since it ignored the interrupt or sent no answer of ours.
        """
        self.output, begun, cpu = b"", time.monotonic(), self._cpu()
        waiting, interrupted = memoryview(plain_data.frame(request)), 0.0
        try:
            while True:
                waiting = self._exchange(waiting)
                if (reply := self._reply()) is not None:
                    self._drain()
                    if interrupted:
                        raise Stopped(f"stopped after {seconds:g} s")
                    return reply
                now = time.monotonic()
                used = max(self._cpu() - cpu, (now - begun) / PATIENCE)
                if interrupted and now - interrupted > GRACE:
                    raise Died(f"stopped after {seconds:g} s, and it ignored the interrupt")
                if not interrupted and used > seconds:
                    interrupted = now
                    self._signal(signal.SIGINT)
        except plain_data.NotPlainData as error:
            self.close()
            raise Died(str(error)) from error
        except (OSError, Died) as error:
            self.close()
            raise Died(str(error) if isinstance(error, Died) else "it ended Python itself") from error
        finally:
            self.spent += max(self._cpu() - cpu, (time.monotonic() - begun) / PATIENCE)

    def _exchange(self, waiting: memoryview) -> memoryview:
        """Sends and receives what can be without waiting for more than a moment."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0)
        self._select.register(self._channel, events)
        ready = self._select.select(0.05)
        self._select.unregister(self._channel)
        for key, event in ready:
            if key.fd == self._pipe:
                self._keep(os.read(self._pipe, CHUNK))
            elif event & selectors.EVENT_READ:
                if not (part := self._channel.recv(CHUNK)):
                    raise Died("it ended Python itself (an exit, or out of memory)")
                self._arrived += part
            elif event & selectors.EVENT_WRITE:
                waiting = waiting[self._channel.send(waiting[:CHUNK]) :]
        return waiting

    def _reply(self) -> dict[str, Any] | None:
        size = plain_data.HEADER.size
        if len(self._arrived) < size:
            return None
        length = plain_data.HEADER.unpack(self._arrived[:size])[0]
        if length > self.limits.answer:
            raise plain_data.NotPlainData(f"an answer of {length:,} bytes; {self.limits.answer:,} are allowed")
        if len(self._arrived) < size + length:
            return None
        body, self._arrived = bytes(self._arrived[size : size + length]), self._arrived[size + length :]
        return plain_data.message(body)

    def _drain(self) -> None:
        """Takes what was printed before the answer; what a thread goes on printing waits for the next request."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):  # a pipe holds 64 KiB
                if not (part := os.read(self._pipe, CHUNK)):
                    return
                self._keep(part)

    def _keep(self, part: bytes) -> None:
        if not part:
            self._select.unregister(self._pipe)
        room = self.limits.output + 1 - len(self.output)
        self.output += part[:room]

    def text(self) -> str:
        """What the last request printed, cut."""
        cut = len(self.output) > self.limits.output
        text = self.output[: self.limits.output].decode(errors="replace")
        return text + "\n… the rest of the output is left out …\n" * cut

    def _cpu(self) -> float:
        """CPU seconds of the process so far; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._id}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _signal(self, number: signal.Signals) -> None:
        if self._id and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._id, number)

    def close(self) -> None:
        """Ends the process and all that belongs to it."""
        if self._channel.fileno() < 0:
            return
        self._signal(signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._select.close()
        self._channel.close()
        os.close(self._pipe)
        self._folder.cleanup()
