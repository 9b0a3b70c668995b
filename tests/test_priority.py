"""The loop runs ahead of others where the system allows it, and what works behind it never does."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from callwarden import priority
from callwarden.__main__ import is_the_daemon

GO_FIRST = """
import os, threading
from callwarden.priority import go_first
policies = []
allowed = go_first()
policy = lambda: os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
thread = threading.Thread(target=lambda: policies.append(policy()))
thread.start()
thread.join()
print(allowed, policy() == os.SCHED_RR, policies == [os.SCHED_OTHER])
"""
HURRY = """
import os, sys
from callwarden.priority import hurry
hurry()
print(os.sched_getparam(0).sched_priority, os.sched_getscheduler(0) == os.SCHED_RR | os.SCHED_RESET_ON_FORK)
"""
AHEAD = """
import os, threading
from callwarden.priority import ahead
over = threading.Event()
thread = threading.Thread(target=over.wait)
thread.start()
def tell():
    policy = os.sched_getscheduler(thread.native_id) & ~os.SCHED_RESET_ON_FORK
    print(os.sched_getparam(thread.native_id).sched_priority, policy == os.SCHED_RR)
with ahead(thread.native_id):
    tell()
tell()
over.set()
"""
REFUSED = """
import os, resource, threading, callwarden.priority  # before it may read nothing more
resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
os.setuid(65534)
"""
SPIN = """
from callwarden import priority
priority.SPINNING = 300_000
assert priority.go_first() or not print("not allowed")
while True: pass
"""


@contextmanager
def asterisk(*, ahead: bool) -> Iterator[tuple[int, str]]:
    """A process of that name, which does nothing. Gives its id, and code that lets the machine have no other."""
    with tempfile.TemporaryDirectory() as folder:  # not below pytest's own, into which nobody else gets
        Path(folder).chmod(0o755)
        program, proc = Path(folder, "asterisk"), Path(folder, "proc")
        shutil.copy("/bin/sleep", program)
        proc.mkdir()
        with subprocess.Popen([program, "60"]) as process:
            (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
            if ahead and allowed_here():
                os.sched_setscheduler(process.pid, os.SCHED_RR, os.sched_param(priority.AS_ASTERISK))
            try:
                yield process.pid, f"from callwarden import priority\npriority.PROC = priority.Path({str(proc)!r})\n"
            finally:
                process.kill()


def run(code: str, *before: str) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def allowed_here() -> bool:
    return run("import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))").returncode == 0


def test_the_loop_runs_ahead_where_it_may_and_threads_made_later_do_not() -> None:
    allowed = allowed_here()
    done = run(GO_FIRST)
    assert done.stdout.split() == [str(allowed), str(allowed), "True"], done.stderr


def test_where_it_is_not_granted_the_daemon_runs_as_usual() -> None:
    done = run(REFUSED + GO_FIRST)
    assert done.stdout.split() == ["False", "False", "True"], done.stderr


def test_a_start_is_ahead_of_all_but_asterisk_where_it_may() -> None:
    expected = [str(priority.AS_ASTERISK - 1), "True"] if allowed_here() else ["0", "False"]
    with asterisk(ahead=True) as (_, machine):
        assert run(machine + HURRY).stdout.split() == expected
        assert run(REFUSED + machine + HURRY).stdout.split() == ["0", "False"]


def test_a_thread_that_calls_wait_for_is_ahead_for_as_long() -> None:
    expected = [str(priority.AS_ASTERISK - 1), "True"] if allowed_here() else ["0", "False"]
    with asterisk(ahead=True) as (_, machine):
        assert run(machine + AHEAD).stdout.split() == [*expected, "0", "False"]
        assert run(REFUSED + machine + AHEAD).stdout.split() == ["0", "False", "0", "False"]


def test_beside_an_asterisk_that_is_not_ahead_itself_nothing_that_works_is() -> None:
    """A start that took one of two cores for itself made a hole of 80 ms in what the callers heard."""
    with asterisk(ahead=False) as (_, machine):
        assert run(machine + HURRY).stdout.split() == ["0", "False"]
        assert run(machine + AHEAD).stdout.split() == ["0", "False", "0", "False"]


def test_an_asterisk_that_proc_does_not_show_is_found_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "asterisk.pid"
    monkeypatch.setattr(priority, "PROC", tmp_path)
    monkeypatch.setattr(priority, "PID_FILE", file)
    assert not priority.asterisk_is_ahead()
    with asterisk(ahead=True) as (pid, _):
        file.write_text(f"{pid}\n")
        assert priority.asterisk_is_ahead() is allowed_here()
    file.write_text("rubbish")
    assert not priority.asterisk_is_ahead()


def test_the_daemon_is_ahead_before_it_imports_what_takes_time() -> None:
    """Beside an Asterisk at real-time priority its imports wait twice as long as they take."""
    done = run("import sys; before = set(sys.modules); import callwarden.__main__; print(*set(sys.modules) - before)")
    ours = {name for name in done.stdout.split() if name.startswith("callwarden")}
    assert ours == {"callwarden", "callwarden.__main__", "callwarden.priority"}, done.stderr
    assert not {"click", "asyncio", "logging", "pydantic", "importlib.metadata"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "daemon"),
    [
        ("run", True), ("--config a.toml run", True), ("--config=a.toml run", True), ("run --config a.toml", True),
        ("--config run check", False), ("recordings run", False), ("check", False), ("--help", False), ("", False),
    ],
)  # fmt: skip
def test_only_the_daemon_is_put_ahead(line: str, daemon: bool) -> None:
    assert is_the_daemon(line.split()) is daemon


def test_what_is_started_is_ahead_of_all_but_asterisk_before_its_configuration_is_read(tmp_path: Path) -> None:
    """The file is a named pipe: whoever opens it for reading waits until somebody writes."""
    config = tmp_path / "callwarden.toml"
    os.mkfifo(config)
    command = [sys.executable, "-m", "callwarden", "run", "--config", str(config)]
    with (
        asterisk(ahead=True),
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon,
    ):
        with config.open("w") as pipe:  # it reads now
            policy, ahead = os.sched_getscheduler(daemon.pid), os.sched_getparam(daemon.pid).sched_priority
            pipe.write("rubbish")
        _, said = daemon.communicate(timeout=60)
    assert daemon.returncode == 2, said
    assert ahead == (priority.AS_ASTERISK - 1 if allowed_here() else 0)
    assert (policy == os.SCHED_RR | os.SCHED_RESET_ON_FORK) is allowed_here()


def test_the_daemon_imports_nothing_that_only_a_command_or_a_release_needs() -> None:
    done = run("import sys, callwarden.cli.serve, callwarden.back_office; print(*sys.modules)")
    assert "callwarden.service" in done.stdout.split(), done.stderr
    others = {"rich", "fpdf", "PIL", "pydub", "fsspec", "s3fs", "paramiko", "cryptography", "callwarden.checks.examine"}
    assert not others & set(done.stdout.split())


def test_what_calls_wait_for_imports_nothing_of_the_back_office() -> None:
    done = run("import sys, callwarden.cli.serve; print(*sys.modules)")
    imported = set(done.stdout.split())
    assert "callwarden.service" in imported, done.stderr
    assert not {"aiohttp", "aiosmtplib", "apscheduler", "prometheus_client"} & imported
    ours = {name.removeprefix("callwarden.") for name in imported if name.startswith("callwarden.")}
    office = {
        "alarms.hook", "alarms.mail", "archiver", "asterisk.ari", "back_office", "custody.door", "custody.office",
        "desk", "health.metrics", "housekeeping", "reconciling", "release", "sealer", "storage.finish",
        "storage.purge", "storage.search",
    }  # fmt: skip
    assert not office & ours


def test_a_loop_that_spins_ahead_of_all_others_is_ended_by_the_kernel() -> None:
    if allowed_here():
        assert run(SPIN).returncode < 0
    else:  # then it spins at the usual priority, and the guard ends it
        assert run(SPIN.replace("while True: pass", "")).stdout == "not allowed\n"


def test_what_works_behind_the_loop_gives_way_to_everything_else() -> None:
    niceness: list[int] = []

    def work() -> None:
        priority.give_way()
        niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert niceness[0] >= 10


def test_the_collector_does_not_look_through_the_program_again() -> None:
    code = (
        "import gc; from callwarden import back_office, priority, service; priority.hurry(); "
        "before = len(gc.get_objects()); priority.leave_alone_what_is_there(); "
        "print(before > 10000, len(gc.get_objects()) < 1000, gc.isenabled())"
    )
    done = run(code)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr
