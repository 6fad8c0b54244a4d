"""A seccomp filter for the sandbox: nobody inside makes a user namespace, in which he could mount memory without a limit.

https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html
https://man7.org/linux/man-pages/man7/user_namespaces.7.html
"""

from __future__ import annotations

import errno
import platform
import struct
from typing import NamedTuple

# https://github.com/torvalds/linux/blob/master/include/uapi/linux/bpf_common.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000
_CLONE_NEWUSER = 0x10000000
_CLONE3 = 435  # its flags are in memory, which a filter can't read; the C library falls back to clone
_X32 = 0x40000000


class _Machine(NamedTuple):
    architecture: int
    clone: int
    unshare: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 56, 272),
    "aarch64": _Machine(0xC00000B7, 220, 97),
}


def filter_program() -> bytes:
    """The filter for bubblewrap's `--seccomp`; empty for a machine that we have none for."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return b""
    refuse, unknown = _FAIL_WITH | errno.EPERM, _FAIL_WITH | errno.ENOSYS
    steps = [  # (code, jump if true, jump if false, value); jumps count from the next step
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 9, machine.architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 7, 0, _X32),
        (_EQUAL, 6, 0, _CLONE3),
        (_EQUAL, 1, 0, machine.clone),
        (_EQUAL, 0, 2, machine.unshare),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _CLONE_NEWUSER),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, unknown),
    ]
    return b"".join(struct.pack("=HBBI", code, true, false, value) for code, true, false, value in steps)
