# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For the tests of the command line, which read this file: a place to work in,
# ways to tell what went wrong, and stand-ins for the measured programs, small
# scripts that say what they are and then run, hang, crash or babble.
#
# In the environment: GILBENCH, the program; srcdir, the source directory.
# A test prints a line `PASS: name` or `FAIL: name` per claim and calls finish.
set -u

GILBENCH=${GILBENCH:-./gilbench}
case $GILBENCH in
/*) ;;
*) GILBENCH=$PWD/$GILBENCH ;;
esac
if [ ! -x "$GILBENCH" ]; then
	echo "SKIP: there is no $GILBENCH"
	exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
cd "$work" || exit 99
unset GILBENCH_BINDIR NO_COLOR || exit 99
failures=0

# --- telling ----------------------------------------------------------------

pass() {
	echo "PASS: $1"
}

# fail NAME WHAT: with all that the last command said.
fail() {
	echo "FAIL: $1: $2"
	echo "  status $status"
	sed 's/^/  out: /' out
	sed 's/^/  err: /' err
	failures=$((failures + 1))
}

# Run gilbench; its status, out and err are kept.
gilbench() {
	"$GILBENCH" "$@" >out 2>err
	status=$?
}

# expect NAME STATUS PATTERN: how the last command ended, and that exactly one
# line of stderr holds the pattern.
expect() {
	if [ "$status" -ne "$2" ]; then
		fail "$1" "exit status is not $2"
	elif [ "$(grep -c -- "$3" err)" -ne 1 ]; then
		fail "$1" "stderr has not exactly one line with '$3'"
	else
		pass "$1"
	fi
}

# refused NAME PATTERN ARGUMENTS...: status 2, one sentence, and no launch.
refused() {
	name=$1 pattern=$2
	shift 2
	: >launched
	gilbench "$@"
	if [ -s launched ]; then
		fail "$name" "something was launched"
	elif [ "$(wc -l <err)" -ne 1 ]; then
		fail "$name" "stderr is not one line"
	else
		expect "$name" 2 "$pattern"
	fi
}

# check NAME CONDITION...: as test(1) has it.
check() {
	name=$1
	shift
	if [ "$@" ]; then
		pass "$name"
	else
		fail "$name" "not true: $*"
	fi
}

# --- stand-ins --------------------------------------------------------------

# fake DIRECTORY NAME SLICE_NS MAX_THREADS: the body comes from stdin; it finds
# the workload in $1 and the number of the launch in $nonce, and can call `run
# STATUS` for a record.
fake() {
	mkdir -p "$1"
	{
		cat <<-END
			#!/bin/sh
			name=$2
			if [ "\$1" = --describe ]; then
			cat <<'JSON'
			{"schema": "gilbench.describe/1", "name": "$2",
			"policy": "fake", "mode": "own", "tick": "T1",
			"slice_ns": $3, "slice_count": 0, "own_slice": true, "in_default": true, "bare": false,
			"poll": "flag", "stands_for": "a test", "max_threads": $4,
			"options": [{"name": "steal", "values": "a duration",
			"initial": "1ms", "summary": "for tests"}],
			"workloads": [{"name": "countdown", "summary": "counts",
			"stands_for": "nothing", "options": [{"name": "threads",
			"kind": "threads", "initial": "1,2", "low": 1,
			"high": 1024, "summary": "threads"}]},
			{"name": "yield_ping", "summary": "yields", "stands_for":
			"nothing", "options": [{"name": "threads", "kind":
			"threads", "initial": "2", "low": 1, "high": 1024,
			"summary": "threads"}]},
			{"name": "echo", "summary": "echoes", "stands_for":
			"nothing", "options": [{"name": "compute", "kind":
			"count", "initial": "1", "low": 0, "high": 64, "summary":
			"computing threads"}, {"name": "loop", "kind": "choice",
			"initial": "both", "choices": "open,closed,both",
			"summary": "loops"}]},
			{"name": "fast_path", "summary": "alone", "stands_for":
			"nothing", "options": []}],
			"build": {"version": "0", "revision": "0"}}
			JSON
			exit
			fi
			echo "\$name \$*" >>"$work/launched"
			for argument; do nonce=\$argument; done
			run() {
			printf '{"schema": "gilbench.run/1", "status": "%s", ' "\$1"
			printf '"error": null, "nonce": %s, "phases": []}\n' "\$nonce"
			}
		END
		cat
	} >"$1/gilrun-$2"
	chmod +x "$1/gilrun-$2"
}

fake good a-5ms 5000000 0 <<'END'
run ok
END
fake good b-10ms 10000000 0 <<'END'
run ok
END
fake good single 0 1 <<'END'
run ok
END

cp -r good bad
fake bad crash-5ms 5000000 0 <<'END'
echo "the last words of $(pwd)/$0" >&2
kill -SEGV $$
END
fake bad hang-5ms 5000000 0 <<'END'
echo "waiting for ever" >&2
exec sleep 1000
END
fake bad babble-5ms 5000000 0 <<'END'
echo "this is not JSON"
END
fake bad wrong-5ms 5000000 0 <<'END'
run failed
exit 5
END
fake bad setup-5ms 5000000 0 <<'END'
echo "no threads to be had" >&2
exit 2
END
fake bad starved-5ms 5000000 0 <<'END'
run starved
END

# A run that takes its time, for killing.
fake slow slow-5ms 5000000 0 <<'END'
sleep 0.05
run ok
END
fake slow slow-10ms 10000000 0 <<'END'
sleep 0.05
run ok
END

# shellcheck disable=SC2034 # for the tests
quick="-w countdown --duration 1ms --warmup 0"

launch_count() {
	grep -c '"rec":"launch"' "$1"
}

# The exit status of the whole test.
finish() {
	[ "$failures" -eq 0 ] || echo "$failures failed"
	[ "$failures" -eq 0 ]
	exit
}
