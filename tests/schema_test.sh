#!/bin/sh
# SPDX-License-Identifier: MIT
# results/schema.json and scripts/validate-results: what gilbench really writes
# is valid and can be reported, and what is broken is found, with its line.
#
# In the environment: GILBENCH, the program; GILRUN_DIR, where the gilrun-* lie;
# srcdir, the source directory.  Prints a line `PASS: name` or `FAIL: name` per
# test; exit status 1 if one failed, 77 if there is nothing to test with.
set -u

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
GILBENCH=${GILBENCH:-$PWD/gilbench}
GILRUN_DIR=${GILRUN_DIR:-$PWD}
GILBENCH_PLOTDIR=$srcdir/plots
export GILBENCH_PLOTDIR
validate=$srcdir/scripts/validate-results
data=$srcdir/tests/data/report.jsonl

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
cd "$work" || exit 99
failures=0

if ! python3 -c 'import jsonschema' 2>/dev/null; then
	echo "SKIP: there is no python3-jsonschema"
	exit 77
fi

pass() {
	echo "PASS: $1"
}

fail() {
	echo "FAIL: $1: $2"
	tail -n 5 out | sed 's/^/  said: /'
	failures=$((failures + 1))
}

# valid NAME FILE
valid() {
	if "$validate" "$2" >out 2>&1; then
		pass "$1"
	else
		fail "$1" "status $?"
	fi
}

# invalid NAME PATTERN SED: the results, changed, are found out.
invalid() {
	sed "$3" "$data" >changed.jsonl
	"$validate" changed.jsonl >out 2>&1
	status=$?
	if cmp -s "$data" changed.jsonl; then
		fail "$1" "the test changes nothing"
	elif [ "$status" -ne 1 ] || [ "$(wc -l <out)" -ne 1 ]; then
		fail "$1" "status $status, or not one line"
	elif ! grep -q -- "$2" out; then
		fail "$1" "it does not say '$2'"
	else
		pass "$1"
	fi
}

valid "the committed results are valid" "$data"
invalid "another schema" 'line 1: schema' '1s|gilbench.results/1|x/1|'
invalid "a missing key" "line 1: .*'seed'" '1s/"seed":42,//'
invalid "a negative time" 'line 2: wall_ns' '2s/"wall_ns":/&-/'
invalid "an unknown kind of record" "line 3: rec is 'lunch'" '3s/"launch"/"lunch"/'
invalid "a value that its status denies" 'line 2: run/phases' \
	'2s/"status":"disabled"/"status":"ok"/;2s/\("value":\)[0-9.]*/\1null/'
invalid "NaN" 'line 4: NaN is not JSON' '4s/\("load_1min":\)1.5/\1NaN/'
invalid "buckets that do not add up" 'line 2: .* hold [0-9]* samples' \
	'2s/\("scheme":"loglin10","count":\)/\11/'
invalid "a metric that the registry does not know" 'common/metrics.def' \
	'5s/"switches_per_s"/"switched_per_s"/'
invalid "a launch that is there twice" 'line 4: launch 1 is there' '3{p;}'
invalid "a cell that is not in the plan" 'line 6: cell 99' '6s/"cell":[0-9]*/"cell":99/'
invalid "two session records" 'line 2: the session record' '1p'
head -c -1 "$data" >cut.jsonl
"$validate" cut.jsonl >out 2>&1
status=$?
if [ "$status" -eq 1 ] && grep -q 'line 87: cut off' out; then
	pass "a last line without its newline"
else
	fail "a last line without its newline" "status $status"
fi
"$validate" missing.jsonl >out 2>&1
status=$?
if [ "$status" -eq 2 ]; then
	pass "a missing file"
else
	fail "a missing file" "status $status, not 2"
fi

# --- what the programs really write -----------------------------------------

if [ -x "$GILBENCH" ] && [ -x "$GILRUN_DIR/gilrun-cpython-5ms" ] &&
	[ -x "$GILRUN_DIR/gilrun-handoff-futex-5ms-bare" ]; then
	if "$GILBENCH" run --bindir "$GILRUN_DIR" --launches 2 \
		--duration 30ms --warmup 5ms -o real.jsonl \
		-w countdown:threads=1,2 -w yield_ping:threads=2 \
		-w echo:compute=1 -w fast_path cpython-5ms \
		handoff-futex-5ms handoff-futex-5ms-bare >out 2>&1; then
		pass "a small run ends well"
	else
		fail "a small run ends well" "status $?"
	fi
	valid "what a run writes is valid" real.jsonl
	# However few the samples: a report, and no chart that fails.
	if "$GILBENCH" report real.jsonl -o report >out 2>&1; then
		pass "what a run writes can be reported"
	else
		fail "what a run writes can be reported" "status $?"
	fi
else
	echo "SKIP: no gilbench and gilrun-* to run"
fi

if [ "$failures" -gt 0 ]; then
	echo "$failures failed"
	exit 1
fi
