#!/bin/sh
# Run the Autobahn fuzzing client (a suite that is not ours) against our listener and write
# docs/conformance.md. Needs Python 2.7 as $PYTHON27; installs the suite into a directory of its own.
#   bench/conformance/run.sh                                        every case (about ten minutes)
#   EXCLUDE='"9.*","12.*","13.*"' bench/conformance/run.sh   without the slow ones
set -eu
cd "$(dirname "$0")/../.."
PYTHON27=${PYTHON27:-python2.7}
WORK=${WORK:-$(mktemp -d /tmp/chuancai-autobahn.XXXXXX)}
PORT=${PORT:-9801}
if [ ! -x "$WORK/venv/bin/wstest" ]; then
    "$PYTHON27" -m pip install --quiet 'virtualenv==20.15.1' 2>/dev/null
    "$PYTHON27" -m virtualenv --quiet "$WORK/venv" 2>/dev/null
    "$WORK/venv/bin/pip" install --quiet 'autobahntestsuite==25.10.1' 2>/dev/null
fi
.venv/bin/python -m bench.conformance.echo --port "$PORT" &
ECHO=$!
trap 'kill $ECHO 2>/dev/null || true' EXIT
cat > "$WORK/client.json" <<JSON
{"outdir": "$WORK/reports", "cases": [${CASES:-\"*\"}], "exclude-cases": [${EXCLUDE:-}],
 "exclude-agent-cases": {},
 "servers": [{"agent": "chuancai", "url": "ws://127.0.0.1:$PORT/", "options": {"version": 18}}]}
JSON
sleep 1
"$WORK/venv/bin/wstest" -m fuzzingclient -s "$WORK/client.json" > "$WORK/wstest.log" 2>&1
.venv/bin/python -m bench.conformance.report "$WORK/reports/index.json" docs/conformance.md
