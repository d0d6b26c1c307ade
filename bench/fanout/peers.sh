#!/bin/sh
# Install what the gateway is measured against: nginx with nchan, nats-server (Debian) and npm's ws.
# Usage: bench/fanout/peers.sh <directory>   (as root on Debian 12; Node 18 or newer must be there)
set -eu
DIRECTORY=${1:?a directory for the built generator and for ws}
mkdir -p "$DIRECTORY"
need=""
command -v nginx >/dev/null || need="$need nginx"
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || need="$need libnginx-mod-nchan"
command -v nats-server >/dev/null || need="$need nats-server"
command -v gcc >/dev/null || need="$need gcc libc6-dev"
if [ -n "$need" ]; then
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $need
fi
(cd "$DIRECTORY" && [ -d node_modules/ws ] || npm install --silent --no-fund --no-audit ws@8)
here=$(dirname "$0")
gcc -O2 -o "$DIRECTORY/wsfan" "$here/wsfan.c" -lm
gcc -O2 -w -o "$DIRECTORY/climit" "$here/climit.c"
