"""Database servers for tests: started on loopback from Debian's packages, in a folder that is deleted at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "only for tests"
SECONDS = 30
"""How long a server may take to start."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]


def program(name: str, package: str) -> str:
    """The path of a server's program; fails with the package to install."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert found, f"{name} is missing: install the Debian package {package} (`make servers`)"
    return found


@contextmanager
def postgresql() -> Iterator[Server]:
    """PostgreSQL with the superuser `postgres`; TCP on 127.0.0.1 only, passwords by SCRAM."""
    initdb, postgres = program("initdb", "postgresql"), program("postgres", "postgresql")
    with _folder() as folder:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made = [initdb, "-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}"]
        _run([*made, "-E", "UTF8", "--locale=C", "--no-sync"], folder)
        port = free_port()
        options = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "shared_buffers=16MB"]
        started = [postgres, "-D", str(folder / "data"), "-p", str(port), *(word for o in options for word in ("-c", o))]
        with _started(started, folder, port, signal.SIGINT) as server:
            yield server


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB with the superuser `root` without a password; TCP on 127.0.0.1 only."""
    install, mariadbd = program("mariadb-install-db", "mariadb-server"), program("mariadbd", "mariadb-server")
    with _folder() as folder:
        data = f"--datadir={folder / 'data'}"
        _run([install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"], folder)
        port = free_port()
        options = [data, f"--socket={folder / 's'}", f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}"]
        small = ["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"]
        with _started([mariadbd, "--no-defaults", *options, *small], folder, port, signal.SIGTERM) as server:
            yield server


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_nobody() -> dict[str, Any]:
    """Servers refuse to run as root: then they run as `nobody`."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder of the server's own; not pytest's, which another user cannot enter."""
    folder = Path(tempfile.mkdtemp(prefix="audit-server-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=_english(folder), **_as_nobody())
    assert done.returncode == 0, done.stdout + done.stderr


def _english(folder: Path) -> dict[str, str]:
    return {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin", "LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder)}


@contextmanager
def _started(command: Sequence[str], folder: Path, port: int, stop: signal.Signals) -> Iterator[Server]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=_english(folder), **_as_nobody())
        try:
            _wait(process, port, folder / "log")
            yield Server(port, process)
        finally:
            process.send_signal(stop)
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
