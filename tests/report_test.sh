#!/bin/sh
# SPDX-License-Identifier: MIT
# `gilbench report` on invented results: whole reports against committed ones,
# charts, and every kind of bad input.
#
# In the environment: GILBENCH, the program; srcdir, the source directory.
# Prints a line `PASS: name` or `FAIL: name` per test; exit status 1 if one
# failed, 77 if there is nothing to test.
#
# After an intended change:  UPDATE=1 tests/report_test.sh  writes the committed
# report anew; look at the difference before you commit it.
set -u

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
GILBENCH=${GILBENCH:-./gilbench}
case $GILBENCH in
/*) ;;
*) GILBENCH=$PWD/$GILBENCH ;;
esac
if [ ! -x "$GILBENCH" ]; then
	echo "SKIP: there is no $GILBENCH"
	exit 77
fi
data=$srcdir/tests/data/report.jsonl
golden=$srcdir/tests/data/report
GILBENCH_PLOTDIR=$srcdir/plots
export GILBENCH_PLOTDIR

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' INT TERM HUP
cd "$work" || exit 99
failures=0

pass() {
	echo "PASS: $1"
}

# fail NAME WHAT: with all that the last command said on stderr.
fail() {
	echo "FAIL: $1: $2"
	sed 's/^/  err: /' err
	failures=$((failures + 1))
}

# Run gilbench report; its status, out and err are kept.
report() {
	"$GILBENCH" report "$@" >out 2>err
	status=$?
}

# The same with another PATH, where another gnuplot may lie, or none.
report_with_path() {
	search=$1
	shift
	PATH=$search "$GILBENCH" report "$@" >out 2>err
	status=$?
}

# The names of the files in a folder, in order.
names_in() {
	find "$1" -type f | sed 's|.*/||' | LC_ALL=C sort
}

# expect NAME STATUS PATTERN: how the last command ended, and that stderr is
# one line which holds the pattern ('' for nothing at all).
expect() {
	if [ "$status" -ne "$2" ]; then
		fail "$1" "exit status is $status, not $2"
	elif [ -z "$3" ] && [ -s err ]; then
		fail "$1" "stderr is not empty"
	elif [ -n "$3" ] && [ "$(wc -l <err)" -ne 1 ]; then
		fail "$1" "stderr is not one line"
	elif [ -n "$3" ] && ! grep -q -- "$3" err; then
		fail "$1" "stderr does not hold '$3'"
	else
		pass "$1"
	fi
}

# --- whole reports ----------------------------------------------------------

if command -v python3 >/dev/null; then
	python3 "$srcdir/tests/data/make-report-data" >made.jsonl 2>err
	if cmp -s made.jsonl "$data"; then
		pass "the committed results are what their program prints"
	else
		fail "the committed results are what their program prints" \
			"run it again, or commit its change"
	fi
fi

# Without gnuplot in PATH: everything but the pictures.
mkdir no-gnuplot
report_with_path "$work/no-gnuplot" "$data" -o first
expect "without gnuplot tables are written and the charts missed" 0 \
	'apt-get install gnuplot-nox'
if [ "${UPDATE:-}" = 1 ]; then
	rm -rf "$golden"
	mkdir -p "$golden"
	cp first/report.txt first/*.tsv "$golden"
fi
names_in "$golden" >expected
names_in first | grep -v 'report\.json' >found
if cmp -s expected found; then
	pass "a report has the tables it should have"
else
	fail "a report has the tables it should have" \
		"$(diff expected found | tr '\n' ' ')"
fi
for file in "$golden"/*; do
	name=$(basename "$file")
	if diff "$file" "first/$name" >difference 2>&1; then
		pass "$name is as committed"
	else
		sed 's/^/  /' difference
		fail "$name is as committed" "see the difference above"
	fi
done

if cmp -s out first/report.txt; then
	pass "the text on stdout is report.txt"
else
	fail "the text on stdout is report.txt" "they differ"
fi
if LC_ALL=C grep -q "$(printf '\033')" out; then
	fail "no colours where there is no terminal" "an escape sequence"
else
	pass "no colours where there is no terminal"
fi

report --json "$data"
expect "--json prints JSON" 0 ''
if command -v jq >/dev/null; then
	if [ "$(jq -r '.tables[] | select(.name == "goals") | .rows[1].verdict' \
		out)" = missed ]; then
		pass "the JSON holds the verdicts"
	else
		fail "the JSON holds the verdicts" "row 1 of goals is not missed"
	fi
fi

# A table of the figures to reach must notice each of the three.
for verdict in reached missed 'not measured'; do
	grep '"workload":"echo"' "$data" >part.jsonl
	if [ "$verdict" = 'not measured' ]; then
		head -n 1 "$data" | cat - part.jsonl | sort -u -r >echo.jsonl
		report --text echo.jsonl
	else
		report --text "$data"
	fi
	if sed -n '/^Figures to reach/,$p' out | grep -q "  $verdict\$"; then
		pass "a figure can be '$verdict'"
	else
		fail "a figure can be '$verdict'" "there is none"
	fi
done

# --- charts -----------------------------------------------------------------

charts='handoff_modes echo_spectrum_k0 echo_spectrum_k1 echo_spectrum_k2
	tradeoff_k1 tradeoff_k2 countdown_scaling'

if command -v gnuplot >/dev/null; then
	report "$data" -o once
	expect "gnuplot draws all charts without a word" 0 ''
	report "$data" -o twice
	if diff -r once twice >difference; then
		pass "drawn twice, every file is the same, pictures too"
	else
		fail "drawn twice, every file is the same, pictures too" \
			"$(tr '\n' ' ' <difference)"
	fi
	for chart in $charts; do
		if [ "$(wc -c <"once/$chart.png")" -gt 1024 ] &&
			grep -q '</svg>' "once/$chart.svg" &&
			grep -q 'n = .* launches' "once/$chart.svg"; then
			pass "$chart is drawn and says its n"
		else
			fail "$chart is drawn and says its n" "it is not"
		fi
	done
	if grep -q 'handoff-futex-5ms' once/echo_spectrum_k1.svg &&
		grep -q 'dashed: lower bound' once/echo_spectrum_k2.svg &&
		! grep -q 'dashed: lower bound' once/echo_spectrum_k1.svg; then
		pass "a chart names variants, and lower bounds where there are any"
	else
		fail "a chart names variants, and lower bounds where there are any" \
			"see echo_spectrum"
	fi
	if [ -z "$(find once twice -name '*.tmp')" ]; then
		pass "no temporary file is left"
	else
		fail "no temporary file is left" "$(find once twice -name '*.tmp')"
	fi

	# What an earlier report left must not pass for part of this one.
	head -n 1 "$data" >fast.jsonl
	grep '"workload":"fast_path"' "$data" | grep '"rec":"launch"' >>fast.jsonl
	report fast.jsonl -o once
	expect "a run of fast_path alone is reported" 0 ''
	if grep -q 'no chart handoff_modes: no yield_ping' out &&
		[ ! -e once/handoff_modes.svg ] && [ ! -e once/countdown.tsv ]; then
		pass "charts without data are named, and old ones taken away"
	else
		fail "charts without data are named, and old ones taken away" \
			"no note, or old files"
	fi
else
	echo "SKIP: charts: no gnuplot here"
fi

# fake NAME BODY: a gnuplot that does something else; its fourth argument is
# the output file.
fake() {
	mkdir -p "$1"
	printf '#!/bin/sh\n%s\n' "$2" >"$1/gnuplot"
	chmod +x "$1/gnuplot"
}
# shellcheck disable=SC2016 # the stand-ins expand it
big='i=0; while [ $i -lt 200 ]; do echo "<svg>........"; i=$((i+1)); done >"$4"'
fake warns "$big; echo 'warning: something' >&2"
fake fails "$big; exit 1"
# shellcheck disable=SC2016 # as above
fake small 'echo "<svg/>" >"$4"'
fake nothing ':'
# shellcheck disable=SC2016 # as above
fake dies 'kill -9 $$'
fake fontless "$big; echo 'Fontconfig error: No writable cache directories' >&2"
for kind in warns fails small nothing dies; do
	report_with_path "$work/$kind:$PATH" "$data" -o "out-$kind"
	if [ "$status" -eq 1 ] && [ -s "out-$kind/countdown.tsv" ] &&
		[ -z "$(find "out-$kind" -name '*.svg' -o -name '*.png' \
			-o -name '*.tmp')" ] &&
		grep -q 'gnuplot' err; then
		pass "a gnuplot that $kind leaves no picture, and status 1"
	else
		fail "a gnuplot that $kind leaves no picture, and status 1" \
			"status $status, $(names_in "out-$kind" | tr '\n' ' ')"
	fi
done
report_with_path "$work/fontless:$PATH" "$data" -o out-fontless
expect "a font cache that cannot be written is no matter" 0 ''

# --- several files ----------------------------------------------------------

sed 's/"seed":42/"seed":43/' "$data" >other.jsonl
report "$data" other.jsonl
expect "two runs of one plan are pooled" 0 ''
if grep -q '^launches: 170 of 170 done' out &&
	grep -q '  n = 10: launch 2 to 9 .* 97.9 %$' out; then
	pass "a pool has the launches of both, and a better interval"
else
	fail "a pool has the launches of both, and a better interval" \
		"$(grep '^launches' out)"
fi
cp "$data" copy.jsonl
report "$data" copy.jsonl
expect "the same run does not count twice" 2 'copy.jsonl hold the same run'

# differs NAME SED: another run that must not be pooled.
differs() {
	sed -e 's/"seed":42/"seed":43/' -e "1$2" "$data" >other.jsonl
	report "$data" other.jsonl
	expect "runs of another $1 are not pooled" 2 "their $1 differ"
}
differs kernel 's/6.1.0-example/6.2.0-example/'
differs cpu_model 's/Example CPU/Other CPU/'
differs cpus 's/"cpus":2/"cpus":4/'
differs libc 's/glibc 2.36/glibc 2.41/'
differs variants 's/"revision":"0123456789ab"}/"revision":"ba9876543210"}/'
differs cells 's/"compute":"2"/"compute":"3"/'
differs duration_ns 's/"blocks":5,"duration_ns":800000000/"blocks":5,"duration_ns":1/'

# --- bad input --------------------------------------------------------------

# refused NAME PATTERN FILE
refused() {
	report "$3"
	expect "$1" 2 "$2"
	report "$3" -o never
	if [ -e never ]; then
		fail "$1" "a report was written all the same"
	fi
}
refused "a missing file" 'missing.jsonl.*No such file' missing.jsonl
: >empty.jsonl
refused "an empty file" 'empty.jsonl is empty' empty.jsonl
mkdir folder
refused "a folder" 'folder' folder
head -c 20000 "$data" >cut.jsonl
refused "a file that is cut off" 'cut.jsonl is cut off in line' cut.jsonl
echo 'hello, world' >text.jsonl
refused "a foreign file" 'text.jsonl is not a gilbench results file' text.jsonl
echo '{"rec":"session","schema":"pyperf/1"}' >foreign.jsonl
refused "a foreign JSON file" 'foreign.jsonl is not a gilbench' foreign.jsonl
sed '1s|gilbench.results/1|gilbench.results/2|' "$data" >newer.jsonl
refused "a newer schema" 'newer.jsonl has the schema gilbench.results/2' \
	newer.jsonl
head -n 1 "$data" >none.jsonl
refused "a file without launches" 'none.jsonl holds no launches' none.jsonl
sed '20s/loglin10/loglin11/' "$data" >damaged.jsonl
refused "a damaged histogram" 'damaged.jsonl: launch 18: the histogram' \
	damaged.jsonl
sed '3s/"block":0/"block":9/' "$data" >block.jsonl
refused "a launch in no block" 'line 3: a launch without a valid' block.jsonl
sed '1s/"workload":"echo"/"workload":""/' "$data" >nameless.jsonl
refused "a cell without a workload" 'cell [0-9]* of the plan has no' \
	nameless.jsonl

report
expect "no file at all" 2 'no result file is named'
report --no-such-option "$data"
if [ "$status" -eq 2 ] && grep -q -- '--no-such-option' err; then
	pass "an unknown option"
else
	fail "an unknown option" "status $status"
fi
: >is-a-file
report "$data" -o is-a-file
expect "a report folder that is a file" 2 'is-a-file'
report "$data" -o missing/folder
expect "a report folder that cannot be made" 2 'missing/folder'
"$GILBENCH" report "$data" >/dev/full 2>err
status=$?
expect "a full disk behind stdout" 2 'No space left on device'
report "$data" --plotdir "$work" -o never
expect "a folder without chart scripts" 2 'no chart scripts in'

if [ "$failures" -gt 0 ]; then
	echo "$failures failed"
	exit 1
fi
