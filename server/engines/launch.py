"""What stands between us and an engine: lower the rights, tie its life to ours, become it.

Run as a script by a bare interpreter (`python -I -S launch.py ...`), because doing this between
fork and exec of a threaded Python is unsafe. Refuses to import anything of ours.
Arguments: parent pid, death signal, uid, gid, working directory, then the command.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(parent_pid: int, death_signal: int, uid: int, gid: int, argv: list[str]) -> None:
    """Replace this process by `argv`, run as uid:gid, killed by `death_signal` after its parent."""
    os.umask(0o077)
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    # After the change of user, because that change clears it. macOS has no such call.
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit("the parent died while this engine was starting")
    # Python ignores SIGPIPE and an ignored signal is inherited; the engines expect the default.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execv(argv[0], argv)  # noqa: S606 - to become it is the purpose


if __name__ == "__main__":
    os.chdir(sys.argv[5])
    try:
        parent, death, user, group = (int(word) for word in sys.argv[1:5])
        become(parent, death, user, group, sys.argv[6:])
    except OSError as error:
        sys.exit(f"{sys.argv[6]}: {error.strerror}")
