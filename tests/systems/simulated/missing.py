"""What is not available on other systems, after the notes in Python's documentation."""

from __future__ import annotations

__all__ = ["MISSING", "MISSING_MODULES"]

_NOT_ON_MACOS = """
copy_file_range eventfd eventfd_read eventfd_write fdatasync getrandom getresgid getresuid getxattr
listxattr memfd_create pidfd_open pipe2 posix_fadvise posix_fallocate removexattr
sched_getaffinity sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity
sched_setparam sched_setscheduler setns setresgid setresuid setxattr splice unshare
O_DIRECT O_LARGEFILE O_NOATIME O_PATH O_RSYNC O_TMPFILE
"""
_ONLY_ON_UNIX = """
EX_OK RTLD_LAZY SCHED_OTHER WCOREDUMP WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED
WNOHANG WSTOPSIG WTERMSIG chflags chown chroot confstr ctermid environb fchdir fchmod fchown fork
forkpty fpathconf fstatvfs get_blocking getegid getenvb geteuid getgid getgrouplist getgroups
getloadavg getpgid getpgrp getpriority getsid getuid initgroups killpg lchflags lchmod lchown lockf
login_tty major makedev minor mkfifo mknod nice openpty pathconf posix_spawn posix_spawnp pread
preadv pwrite pwritev readv register_at_fork sched_get_priority_max sched_get_priority_min
sched_yield sendfile set_blocking setegid seteuid setgid setgroups setpgid setpriority setregid
setreuid setsid setuid spawnlp spawnlpe spawnvp spawnvpe statvfs sync sysconf tcgetpgrp tcsetpgrp
ttyname uname wait wait3 wait4 waitid writev O_ACCMODE O_ASYNC O_CLOEXEC O_DIRECTORY O_DSYNC
O_NDELAY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC
"""
_SIGNALS_NOT_ON_MACOS = "SIGCLD SIGPOLL SIGPWR SIGRTMAX SIGRTMIN SIGSTKFLT sigtimedwait sigwaitinfo"
_SIGNALS_ONLY_ON_UNIX = """
ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE
SIGPROF SIGQUIT SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM
SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause
pidfd_send_signal pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigwait
"""


def _names(*texts: str) -> frozenset[str]:
    return frozenset(name for text in texts for name in text.split())


MISSING = {
    "macos": {"os": _names(_NOT_ON_MACOS), "signal": _names(_SIGNALS_NOT_ON_MACOS)},
    "windows": {
        "os": _names(_NOT_ON_MACOS, _ONLY_ON_UNIX),
        "signal": _names(_SIGNALS_NOT_ON_MACOS, _SIGNALS_ONLY_ON_UNIX),
    },
}
MISSING_MODULES = {
    "macos": _names("ossaudiodev spwd"),
    "windows": _names(
        "crypt fcntl grp nis ossaudiodev posix pty pwd readline resource spwd syslog termios tty"
        " uvloop"
    ),
}
