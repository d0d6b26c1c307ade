"""PostgreSQL 18 as one shop's own engine: a cluster made once, a server on a private socket.

Refuses to listen on a network, to accept anybody but its own account and ours, and to touch a
cluster of another major version.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import asyncpg

from server.engines.account import Account, account_of
from server.engines.binaries import POSTGRES_MAJOR, Program
from server.engines.orphans import is_alive, send_away, squatters
from server.engines.place import Place
from server.engines.refusal import EngineRefusal, from_os_error, from_words
from server.engines.supervise import spawn

ADMIN = "postgres"
ROLE = "chuancai"
DATABASE = "chuancai"
PORT = 5432
CONNECT_MAX_S = 5.0
UNFINISHED = "postgres.unfinished"

# Measured for two cores and one shop (docs/decisions/0002): memory small enough for a mini PC,
# checkpoints rare, no JIT because every statement is short, dead clients noticed within a second.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "1s",
    "autovacuum_naptime": "10s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    # A refused statement is its caller's story; the server tells only its own.
    "log_min_messages": "log",
    "log_checkpoints": "off",
    "log_line_prefix": "",
}

ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
DATABASE_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
# The product owns its databases and nothing else: no superuser reads files or runs programs.
MAKE_ROLE = (
    f"CREATE ROLE {ROLE} LOGIN CREATEDB IN ROLE pg_monitor, pg_checkpoint, pg_signal_backend"
)
MAKE_DATABASE = f"CREATE DATABASE {DATABASE} OWNER {ROLE}"

ORPHAN_STEPS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
REMAINS_STEPS = ((signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


class Postgres:
    """The one PostgreSQL of a place."""

    name = "postgres"
    ready_words = "database system is ready to accept connections"
    # When we are killed it disconnects everybody, writes a checkpoint and ends.
    death_signal = signal.SIGINT
    stop_steps = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 10.0))

    def __init__(
        self, place: Place, program: Program, settings: Mapping[str, str] | None = None
    ) -> None:
        self._place = place
        self._program = program
        self._settings = {**SETTINGS, **(settings or {})}
        self.directory = place.engine_directory(self.name)

    @property
    def account(self) -> Account:
        """Return who runs the server."""
        return self._place.account

    @property
    def url(self) -> str:
        """Return the address for asyncpg and psql: a unix socket, so no password and no port."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self._place.run))}&port={PORT}"

    async def prepare(self) -> None:
        """Make the cluster unless there is one, and write who may connect."""
        if not self.directory.exists():
            await self._make_cluster()
        version = self.directory / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else "none"
        if found != POSTGRES_MAJOR:
            raise EngineRefusal(
                "wrong_version",
                f"{self.directory} was written by PostgreSQL {found} and this is"
                f" {POSTGRES_MAJOR}; dump it with its own version and load it here, or choose"
                " another data directory.",
            )
        self._write_who_may_connect()

    async def _make_cluster(self) -> None:
        """Run initdb beside the goal and rename: a cluster is either whole or absent."""
        unfinished = self._place.home / UNFINISHED
        if unfinished.exists():
            remains = squatters(unfinished, ["postgres", "initdb"])
            await send_away([one.pid for one in remains], ((signal.SIGKILL, 5.0),))
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, self.account.uid, self.account.gid)
        process = await spawn(
            [
                str(self._program.beside("initdb")), "--pgdata", str(unfinished),
                "--username", ADMIN, "--auth", "peer", "--encoding", "UTF8", "--locale", "C",
                "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
                "--data-checksums", "--no-instructions",
            ],
            self.account,
            unfinished,
            signal.SIGKILL,
        )  # fmt: skip
        try:
            said, _ = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            raise from_words("initdb", unfinished, said.decode(errors="replace").splitlines())
        unfinished.rename(self.directory)
        _sync(self._place.home)

    def _write_who_may_connect(self) -> None:
        """The kernel tells who is at the socket: the server's account and ours, nobody else."""
        us = {account_of(os.geteuid()).name, self.account.name}
        self._write("pg_hba.conf", "local all all peer map=chuancai\n")
        lines = [f'chuancai "{name}" {role}\n' for name in sorted(us) for role in (ADMIN, ROLE)]
        self._write("pg_ident.conf", "".join(lines))

    def _write(self, name: str, text: str) -> None:
        path = self._place.run / name
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, self.account.uid, self.account.gid)

    def command(self) -> list[str]:
        """Return the server's command line; the cluster's own files hold no setting of ours."""
        run = self._place.run
        settings = {
            **self._settings,
            "unix_socket_directories": str(run),
            "hba_file": str(run / "pg_hba.conf"),
            "ident_file": str(run / "pg_ident.conf"),
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._program.executable), "-D", str(self.directory), *words]

    async def clear_the_way(self) -> None:
        """End what is left of a killed start, then remove pid files that no longer tell the truth.

        Kept as narrow as can be: a pid file is removed only when its pid lives and was shown not
        to be a PostgreSQL here; every other stale file is PostgreSQL's own business.
        """
        await self._end_orphans()
        pid_file = self.directory / "postmaster.pid"
        try:
            words = pid_file.read_text().split(maxsplit=1)
            if not words or not words[0].isdigit() or is_alive(int(words[0])):
                pid_file.unlink()
        except FileNotFoundError:
            pass
        except OSError as error:
            raise from_os_error(error, pid_file) from error
        # The socket's lock file holds a pid too; nobody else may be in our run directory.
        for name in (f".s.PGSQL.{PORT}.lock", f".s.PGSQL.{PORT}"):
            (self._place.run / name).unlink(missing_ok=True)

    async def _end_orphans(self) -> None:
        found = squatters(self.directory, ["postgres"])
        strangers = [one for one in found if not self._program.is_this(one.executable)]
        if strangers:
            raise EngineRefusal(
                "data_dir_in_use",
                f"{self.directory} is in use by the process {strangers[0].pid}"
                f" ({strangers[0].executable}); stop that one first.",
            )
        if not found:
            return
        steps = ORPHAN_STEPS if self._has_head(found[0].pid) else REMAINS_STEPS
        if not await send_away([one.pid for one in found], steps):
            raise EngineRefusal(
                "data_dir_in_use",
                f"{self.directory} is still in use by the process {found[0].pid}, which does not"
                " end; end it, or restart the machine.",
            )

    def _has_head(self, pid: int) -> bool:
        """Tell whether `pid` is a whole server's first process, not a child that lost its parent.

        A server with a head is asked to finish (its children obey it); remains are told to quit.
        """
        try:
            words = (self.directory / "postmaster.pid").read_text().split(maxsplit=1)
        except OSError:
            return False
        return bool(words) and words[0] == str(pid)

    async def probe(self) -> None:
        """Ask a real question, and make the product's database when it is not there yet."""
        try:
            await self._ask()
        except asyncpg.DiskFullError as error:
            raise self.explain([str(error)]) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise ConnectionError(str(error)) from error

    async def _ask(self) -> None:
        connection = await asyncpg.connect(
            host=str(self._place.run), port=PORT, user=ADMIN, database="postgres",
            timeout=CONNECT_MAX_S,
        )  # fmt: skip
        try:
            if not await connection.fetchval(ROLE_EXISTS, ROLE):
                await connection.execute(MAKE_ROLE)
            if not await connection.fetchval(DATABASE_EXISTS, DATABASE):
                await connection.execute(MAKE_DATABASE)
        finally:
            await connection.close()

    def mend(self, words: Sequence[str]) -> bool:
        """Nothing here may be put aside: what PostgreSQL cannot read, a person must see."""
        return False

    def explain(self, words: Sequence[str]) -> EngineRefusal:
        """Say why the server ended."""
        return from_words("PostgreSQL", self.directory, words)


def _sync(directory: Path) -> None:
    """Make a rename in `directory` survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
