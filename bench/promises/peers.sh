#!/bin/sh
# Install what the delayed queue is measured against: arq in a venv of its own, BullMQ from npm.
# Usage: bench/promises/peers.sh <directory>   (Node 18 or newer must be there)
set -eu
DIRECTORY=${1:?a directory for the peers}
mkdir -p "$DIRECTORY"
if [ ! -x "$DIRECTORY/arq/bin/arq" ]; then
    python3 -m venv "$DIRECTORY/arq"
    "$DIRECTORY/arq/bin/pip" install -q 'arq>=0.28' 'redis[hiredis]>=5.3,<6' uvloop
fi
(cd "$DIRECTORY" && [ -d node_modules/ioredis ] || npm install --silent --no-fund --no-audit bullmq ioredis)
