"""Limits that a process sets for itself before it runs the student's code, and cannot lift again.

The filter of system calls (seccomp) works for every user and without a sandbox. It refuses new processes, network,
signals to others and looking into others. Threads of the same process remain.
"""

import ctypes
import errno
import platform
import resource
import signal
import struct
import sys

# Linux's numbers of system calls (arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h).
# fmt: off
CALLS = {
    "x86_64": (0xC000003E, {
        "clone": 56, "clone3": 435, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "socket": 41, "kill": 62,
        "tkill": 200, "tgkill": 234, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_send_signal": 424,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "io_uring_setup": 425, "unshare": 272,
    }),
    "aarch64": (0xC00000B7, {
        "clone": 220, "clone3": 435, "execve": 221, "execveat": 281, "socket": 198, "kill": 129, "tkill": 130,
        "tgkill": 131, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "pidfd_send_signal": 424, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "io_uring_setup": 425, "unshare": 97,
    }),
}
# fmt: on
CLONE_THREAD = 0x00010000
X32 = 0x40000000  # x86_64's second set of numbers for the same calls
LOAD, IF_EQUAL, IF_AT_LEAST, IF_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # of BPF, on 32-bit words
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
SET_PARENT_DEATH_SIGNAL, SET_SECCOMP, SET_NO_NEW_PRIVILEGES = 1, 22, 38  # of prctl


def limit_resources(memory: int, file_size: int, seconds: int) -> None:
    """Limits memory and size of a file in bytes, and CPU seconds of the whole process; no core dumps."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an OSError, not the end


def die_with_parent() -> None:
    """Ends this process when the one that started it ends, however that happens. Linux only."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def filter_program(machine: str) -> bytes:
    """The filter for `machine` as BPF: each instruction is (code, jump if true, jump if false, operand)."""
    architecture, calls = CALLS[machine]
    refuse = REFUSE | errno.EPERM
    program = [(LOAD, 0, 0, 4), (IF_EQUAL, 1, 0, architecture), (RETURN, 0, 0, refuse), (LOAD, 0, 0, 0)]
    if machine == "x86_64":
        program += [(IF_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, refuse)]
    # C's library asks for clone3 first and falls back on clone, whose flags can be seen
    program += [(IF_EQUAL, 0, 1, calls["clone3"]), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    for name, number in calls.items():
        if name not in ("clone", "clone3"):
            program += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, refuse)]
    program += [(IF_EQUAL, 1, 0, calls["clone"]), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 16)]
    program += [(IF_BIT, 1, 0, CLONE_THREAD), (RETURN, 0, 0, refuse), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


def filter_calls() -> bool:
    """Sets the filter; False where the system has none. Call it while the process has one thread."""
    if not sys.platform.startswith("linux") or platform.machine() not in CALLS:
        return False
    program = filter_program(platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HP", len(program) // 8, ctypes.addressof(code)))
    die_with_parent()
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and prctl(SET_SECCOMP, 2, header, 0, 0) == 0
