#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line of gilbench: what it shows, what it refuses, what a run
# writes, and how it bears launches that go wrong.
#
# Nothing is measured and no timing is asserted; tests/cli_lib.sh says how.
set -u

# shellcheck disable=SC1091,SC2154 # what it sets is seen with -x only
. "${srcdir:-.}/tests/cli_lib.sh"

# --- help and version -------------------------------------------------------

gilbench --help
check help "$status" -eq 0
for word in list run report doctor; do
	check "help names $word" "$(grep -c "^  $word " out)" -eq 1
done
gilbench --version
check version "$status" -eq 0 -a -n "$(grep '^gilbench [0-9]' out)"
for command in list run report; do
	gilbench $command --help
	check "$command --help" "$status" -eq 0
done
refused 'no command' 'which command'
refused 'unknown command' "no command 'frobnicate'" frobnicate
refused 'unknown argument of list' "no use for 'x'" list x
gilbench run --frobnicate
expect 'unknown option' 2 "unrecognized option '--frobnicate'"
for command in list run report doctor; do
	refused "unknown option of $command" 'gilbench [a-z]*: unrecog' \
		"$command" --frobnicate
done

# --- doctor -------------------------------------------------------------------

gilbench doctor
check doctor "$status" -eq 0 -a -s out
gilbench doctor --json
check 'doctor --json' "$status" -eq 0 -a "$(head -c 1 out)" = '{'
refused 'unknown argument of doctor' "no use for 'x'" doctor x

# --- list -------------------------------------------------------------------

gilbench list --bindir good
check 'list shows variants' "$status" -eq 0 -a "$(grep -c 'a-5ms .* T1 ' out)" -eq 1
check 'list shows workloads' "$(grep -c 'compute=1' out)" -eq 1
check 'list shows matrices' "$(grep -c '^    smoke ' out)" -eq 1
gilbench list --bindir good --json
check 'list --json' "$status" -eq 0 -a "$(grep -c '"name": "a-5ms"' out)" -eq 1
GILBENCH_BINDIR=good "$GILBENCH" list >out 2>err
status=$?
check 'GILBENCH_BINDIR' "$status" -eq 0 -a "$(grep -c ' a-5ms ' out)" -eq 1
refused 'no bindir' 'nowhere' list --bindir nowhere
mkdir empty
refused 'empty bindir' 'no usable gilrun-' list --bindir empty
cp -r good mute
printf '#!/bin/sh\nexit 1\n' >mute/gilrun-mute
chmod +x mute/gilrun-mute
gilbench list --bindir mute
expect 'a mute executable is left out' 0 'gilrun-mute is left out'
check 'the others are listed' "$(grep -c ' a-5ms ' out)" -eq 1

# --- bad input to run -------------------------------------------------------

b='--bindir good -o never.jsonl'
# shellcheck disable=SC2086 # $b and $quick are lists of words
{
	refused 'unknown variant' "no variant matches 'zebra'" run $b zebra
	refused 'unknown workload' "matches 'zebra'" run $b -w zebra
	refused 'unknown workload option' "no option 'zebra'" \
		run $b -w echo:zebra=1
	refused 'workload option without value' "'compute' is not" \
		run $b -w echo:compute
	refused 'workload option out of range' "'65' of compute" \
		run $b -w echo:compute=65
	refused 'workload option of no choice' "'sideways' of loop" \
		run $b -w echo:loop=sideways
	refused 'thread list' "'1,x' of threads" run $b -w countdown:threads=1,x
	refused 'workload option twice' 'gives compute twice' \
		run $b -w echo:compute=1:compute=2
	refused 'unknown matrix' "no matrix 'zebra'" run $b --matrix zebra
	refused 'matrix and workload' 'exclude each other' \
		run $b --matrix smoke -w echo
	refused 'matrix without its variants' "needs a variant 'handoff-futex" \
		run $b --matrix figures
	refused 'unknown place' "'moon' is not" run $b --place moon
	refused 'unknown place of a workload' "'moon' is not" \
		run $b -w echo:place=moon
	for duration in 0 0s -1s 5 abc 25h 1e99s 100000s 1ns ''; do
		refused "duration '$duration'" \
			"--duration '$duration' \(is\|has\)" \
			run $b --duration "$duration"
	done
	refused 'launches 0' "--launches '0'" run $b --launches 0
	refused 'launches -1' "--launches '-1'" run $b --launches -1
	refused 'seed' "--seed 'x'" run $b --seed x
	refused 'set without value' "'steal' is not NAME=VALUE" \
		run $b --set steal
	refused 'unknown set' "no option 'zebra'" run $b --set zebra=1
	refused 'slice of what has none' 'no slice to set' \
		run $b single --slice 1ms
	refused 'timeout shorter than a launch' 'timeout of 10ms' \
		run $b --duration 1s --timeout 10ms
	refused 'too many launches' 'more than .* launches' \
		run $b --launches 10000 -w countdown:threads=1 \
		--place free --place pin1 --place spread -w echo
	check 'bad input leaves no file' ! -e never.jsonl
}

# --- a dry run --------------------------------------------------------------

: >launched
gilbench run --bindir good --dry-run --seed 7 -o never.jsonl
check 'dry run' "$status" -eq 0 -a \
	"$(grep -c '; [0-9]* launches; about .* minutes; seed 7$' out)" -eq 1
check 'dry run launches nothing' ! -s launched
check 'dry run writes nothing' ! -e never.jsonl
check 'dry run shows what is refused' \
	"$(grep -c 'single .*compute=1.*refused: ' out)" -eq 1
check 'dry run shows a thread list cut down' \
	"$(grep -c 'single .*countdown:threads=1 .*cut down to 1' out)" -eq 1
gilbench run --bindir good --dry-run --json --seed 7
check 'dry run --json' "$status" -eq 0 -a \
	"$(grep -c '"schema": "gilbench.plan/1"' out)" -eq 1
cp out first
gilbench run --bindir good --dry-run --json --seed 7
check 'a seed gives one order' "$(cmp first out && echo same)" = same
gilbench run --bindir good --dry-run --json --seed 8
check 'another seed gives another order' "$(cmp -s first out || echo other)" = other

# --- a run ------------------------------------------------------------------

# shellcheck disable=SC2086
{
	: >launched
	gilbench run --bindir good $quick --launches 3 --seed 1 -o run.jsonl
	check 'run' "$status" -eq 0
	check 'every launch is recorded' "$(launch_count run.jsonl)" -eq 9
	check 'every launch happened once' "$(wc -l <launched)" -eq 9
	check 'session first' \
		"$(head -n 1 run.jsonl | grep -c '^{"rec":"session"')" -eq 1
	check 'end last' "$(tail -n 1 run.jsonl | grep -c '^{"rec":"end"')" -eq 1
	check 'one thread stays one' \
		"$(grep -c '^single countdown --threads 1 ' launched)" -eq 3
	check 'run says where the file is' \
		"$(grep -c '^results: run.jsonl$' out)" -eq 1
	check 'run says how to report' \
		"$(grep -c 'gilbench report run.jsonl$' out)" -eq 1
	check 'no colours without a terminal' \
		"$(tr -d -c '\033\r' <err | wc -c)" -eq 0
	check 'progress in plain lines' "$(grep -c '^gilbench: 9/9' err)" -eq 1
	check 'no path and no host in the file' "$(grep -c -e "$work" \
		-e "\"$(uname -n)\"" run.jsonl)" -eq 0

	cp run.jsonl before
	refused 'never overwrites' 'run.jsonl exists' \
		run --bindir good $quick -o run.jsonl
	check 'an old file stays' "$(cmp before run.jsonl && echo same)" = same
	refused 'unwritable output' 'cannot create nowhere/x.jsonl' \
		run --bindir good $quick -o nowhere/x.jsonl
	refused 'full disk' 'cannot write to /dev/full: No space' \
		run --bindir good $quick -o /dev/full

	gilbench run --bindir good $quick --launches 1 --json
	check 'run --json' "$status" -eq 0 -a \
		"$(grep -c '"schema": "gilbench.summary/1"' out)" -eq 1
	set -- results/raw/*.jsonl
	check 'the default file' "$#" -eq 1 -a -s "$1"

	gilbench run --bindir good a-5ms --slice 2ms --set steal=3ms \
		-w echo:compute=2:place=pin1 --duration 1ms --launches 1 \
		-o told.jsonl
	check 'what a launch is told' "$(grep -c '^a-5ms echo --compute 2 --duration 1ms --warmup 50ms --place pin1 --slice 2ms --set steal=3ms --nonce [0-9]*$' launched)" -eq 1
	"$GILBENCH" run --bindir good $quick --launches 1 -o closed.jsonl \
		2>err >&-
	status=$?
	: >out
	expect 'standard output that is closed' 2 'cannot write to standard'
	check 'nothing is printed into the results' \
		"$(grep -c -v '^{"rec":' closed.jsonl)" -eq 0
	"$GILBENCH" list --bindir good 2>err >/dev/full
	status=$?
	expect 'standard output on a full disk' 2 'cannot write to standard'
}

# --- launches that go wrong -------------------------------------------------

# shellcheck disable=SC2086
gilbench run --bindir bad $quick --timeout 300ms --launches 1 --seed 3 \
	-o bad.jsonl
expect 'trouble ends with 5' 5 '5 of 9 launches crashed, hung or failed'
check 'all launches are there' "$(launch_count bad.jsonl)" -eq 9
# recorded VARIANT STATUS: whether the launch of that variant is recorded so.
recorded() {
	cell=$(head -n 1 bad.jsonl | tr '{' '\n' |
		sed -n "s/^\"id\":\([0-9]*\),\"variant\":\"$1\".*/\1/p")
	record=$(grep "\"rec\":\"launch\".*\"cell\":$cell," bad.jsonl)
	case $record in
	*"\"status\":\"$2\""*) echo yes ;;
	*) echo no ;;
	esac
}
check 'crash' "$(recorded crash-5ms crashed)" = yes
check 'hang' "$(recorded hang-5ms timeout)" = yes
check 'babble' "$(recorded babble-5ms failed)" = yes
check 'wrong answer' "$(recorded wrong-5ms failed)" = yes
check 'set-up' "$(recorded setup-5ms failed)" = yes
check 'starved is a result' "$(recorded starved-5ms starved)" = yes
check 'the rest goes on' "$(recorded a-5ms ok)" = yes
check 'stderr of a crash is kept' \
	"$(grep -c '"signal":11,.*the last words of' bad.jsonl)" -eq 1
check 'stderr of a hang is kept' \
	"$(grep -c '"signal":9,.*waiting for ever' bad.jsonl)" -eq 1
check 'no path in the file' "$(grep -c "$work" bad.jsonl)" -eq 0

finish
