"""The student's process: runs cells, calls functions by name, and answers with plain data.

It is started as `python -m inside FD`, where FD is a socket to the grader. Nothing it says is trusted: student's code
can change everything in here, and gains only that its own answers come out otherwise.
"""

import base64
import os
import signal
import socket
import sys
import traceback
from typing import Any

import torch
from IPython.core.displayhook import CapturingDisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from . import confine, plain_data, stubs

Message = dict[str, Any]
CELL = "<ipython-input"
"""How IPython's names of cells begin."""


class Student:
    """One IPython shell that answers requests."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        shell: Any = InteractiveShell.instance(
            display_pub_class=CapturingDisplayPublisher
        )  # `display` asks for this one
        self.shell = shell
        shell.history_manager.enabled = False
        shell.display_trap.hook = CapturingDisplayHook(shell=shell, outputs=shell.display_pub.outputs)
        shell._showtraceback = lambda kind, error, _: print_error(error)
        shell.showsyntaxerror = lambda *_, **__: print_error(sys.exc_info()[1])
        shell.enable_gui = lambda gui=None: None  # %matplotlib inline has no event loop to join
        shell.user_ns["__name__"] = "__main__"

    def start(self, request: Message) -> Message:
        """Sets the limits, then the stubs. From here on nothing in this process can be relied on."""
        confine.limit_resources(**request["limits"])
        filtered = confine.filter_calls()
        torch.manual_seed(0)
        stubs.forbid(request["forbidden"])
        return {"filtered": filtered}

    def cell(self, request: Message) -> Message:
        """Runs a cell; tells the error, if there is one, and what was displayed."""
        shown = self.shell.display_pub.outputs
        shown.clear()
        result = self.shell.run_cell(request["source"], store_history=False)
        error = result.error_before_exec or result.error_in_exec
        sys.stdout.flush()
        sys.stderr.flush()
        return {"error": error and describe(error), "shown": [displayable(output["data"]) for output in shown]}

    def call(self, request: Message) -> Message:
        """Calls a function of the student's with the given arguments."""
        function = self.shell.user_ns[request["name"]]
        result = function(*plain_data.decode(request["args"]), **plain_data.decode(request["kwargs"]))
        return {"value": plain_data.encode(result)}

    def value(self, request: Message) -> Message:
        """The value of a name of the student's."""
        return {"value": plain_data.encode(self.shell.user_ns[request["name"]])}


def describe(error: BaseException) -> Message:
    """Type, message, and the last line of the student's own code on the way to the error."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(CELL)]
    line = f"line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
    return {"type": type(error).__name__, "message": str(error)[:2000], "line": line[:300]}


def print_error(error: BaseException | None) -> None:
    """The lines of the student's code on the way to the error, and the error; nothing of ours."""
    for frame in traceback.extract_tb(error.__traceback__ if error else None):
        if frame.filename.startswith(CELL):
            print(f"line {frame.lineno}, in {frame.name}: {frame.line}")
    print("".join(traceback.format_exception_only(error)).replace(CELL, "<cell").rstrip())


def displayable(data: Message) -> Message:
    """Of the ways to show something, the text and the picture."""
    image = data.get("image/png")
    picture = base64.b64encode(image).decode() if isinstance(image, bytes) else image
    return {"text": str(data.get("text/plain", ""))[:20_000], "png": picture if len(picture or "") < 300_000 else None}


def serve(channel: socket.socket) -> None:
    """Answers requests until the grader hangs up."""
    student, stream, busy = Student(), channel.makefile("rb"), False

    def interrupt(*_: object) -> None:
        if busy:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    answers = {name: getattr(student, name) for name in ("start", "cell", "call", "value")}
    while header := stream.read(plain_data.HEADER.size):
        request = plain_data.message(stream.read(plain_data.HEADER.unpack(header)[0]))
        try:
            busy = True
            reply = plain_data.frame(answers[request["do"]](request))
        except BaseException as error:  # sys.exit and an interrupt too: each request has one answer
            busy = False
            reply = plain_data.frame({"error": describe(error)})
        busy = False
        channel.sendall(reply)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)
