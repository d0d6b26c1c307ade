"""How each measured server is started and spoken to; every one is pinned to the same core."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

SERVER_CPU = 0
START_S_MAX = 60.0

NGINX = """
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; worker_processes 1; worker_cpu_affinity 01; worker_rlimit_nofile 20000;
pid {run}/nginx.pid; error_log {run}/error.log crit; user root;
events {{ worker_connections 19000; }}
http {{
  access_log off; nchan_shared_memory_size 256m;
  client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  keepalive_requests 100000000; keepalive_timeout 3600s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location ~ /sub/(\\d+)$ {{ nchan_subscriber websocket; nchan_channel_id $1;
      nchan_subscriber_first_message newest; nchan_websocket_ping_interval 0; }}
    location ~ /pub/(\\d+)$ {{ nchan_publisher; nchan_channel_id $1;
      nchan_message_buffer_length 100; nchan_message_timeout 30s; }}
  }}
}}
"""
# The load generator speaks no TLS: on its core nginx does for it, or passes on plainly for comparison.
BRIDGE = """
daemon off; worker_processes 1; worker_cpu_affinity 10; worker_rlimit_nofile 20000;
pid {run}/nginx.pid; error_log {run}/error.log crit; user root;
events {{ worker_connections 19000; }}
http {{
  access_log off; client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass {scheme}://127.0.0.1:{to}; proxy_http_version 1.1; proxy_ssl_session_reuse off;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
      proxy_read_timeout 3600s; }}
  }}
}}
"""
NATS = """
host: 127.0.0.1
port: {pub}
websocket {{ host: 127.0.0.1, port: {port}, no_tls: true, compression: false }}
max_connections: 20000
write_deadline: "10s"
"""


class Served(NamedTuple):
    """A running server: its processes, and what the load generator must be told to talk to it."""

    pids: list[int]
    options: list[str]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended before it listened"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


@contextmanager
def _running(command: list[str], ports: list[int], **environment: str) -> Iterator[int]:
    process = subprocess.Popen(
        ["taskset", "-c", str(SERVER_CPU), *command],
        env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for port in ports:
            _wait(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def climit(work: Path, *, join: bool) -> Iterator[Served]:
    """The physical limit: one send per event and socket, from C."""
    port, pub = free_port(), free_port()
    command = [str(work / "climit"), str(port), str(pub), str(int(join))]
    with _running(command, [port]) as pid:
        yield Served([pid], _lines(port, pub))


@contextmanager
def npm_ws(work: Path) -> Iterator[Served]:
    """The usual WebSocket library of Node."""
    port, pub = free_port(), free_port()
    script = str(Path(__file__).parent / "peer_ws.js")
    with _running(["node", script, str(port), str(pub), str(work)], [port, pub]) as pid:
        yield Served([pid], _lines(port, pub))


def _lines(port: int, pub: int) -> list[str]:
    return ["--url", f"ws://127.0.0.1:{port}/sub/{{shop}}", "--pub", "line", "--pubport", str(pub)]


@contextmanager
def nats(work: Path) -> Iterator[Served]:
    """nats-server's own WebSocket port, on one core as everybody."""
    port, pub = free_port(), free_port()
    (work / "nats.conf").write_text(NATS.format(port=port, pub=pub))
    command = ["nats-server", "-c", str(work / "nats.conf")]
    with _running(command, [port, pub], GOMAXPROCS="1") as pid:
        yield Served([pid], ["--nats", "--url", f"ws://127.0.0.1:{port}/", "--pubport", str(pub)])


@contextmanager
def bridged(work: Path, to: int, *, tls: bool) -> Iterator[int]:
    """Pass on to a port, by TLS or plainly; give the port to ask. On the generator's core."""
    port, run = free_port(), work / "bridge"
    run.mkdir(exist_ok=True)
    scheme = "https" if tls else "http"
    conf = run / "nginx.conf"
    conf.write_text(BRIDGE.format(run=run, port=port, to=to, scheme=scheme))
    with _running(["nginx", "-c", str(conf), "-p", str(run)], [port]):
        yield port


@contextmanager
def nchan(work: Path) -> Iterator[Served]:
    """Nginx with nchan, one worker."""
    port, run = free_port(), work / "nginx"
    run.mkdir(exist_ok=True)
    (run / "nginx.conf").write_text(NGINX.format(run=run, port=port))
    command = ["nginx", "-c", str(run / "nginx.conf"), "-p", str(run)]
    with _running(command, [port]) as pid:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        yield Served(
            [int(child) for child in children],
            ["--url", f"ws://127.0.0.1:{port}/sub/{{shop}}", "--pub", "http", "--pubport",
             str(port), "--pub-path", "/pub/{shop}", "--pubconns", "4"],
        )  # fmt: skip
