#!/bin/sh
# SPDX-License-Identifier: MIT
# The measured programs by themselves: what gilrun-* refuses, what it says it
# is, and that every workload runs on every policy.  No timing is asserted.
#
# In the environment: GILRUN_DIR, where the gilrun-* and gilload-udp lie; CC, for
# a shim that makes system calls fail.  Prints a line `PASS: name`, `FAIL: name`
# or `SKIP: name` per claim; exit status 1 if one failed, 77 without programs.
set -u

GILRUN_DIR=$(cd "${GILRUN_DIR:-.}" && pwd) || exit 99
CC=${CC:-cc}
if [ ! -x "$GILRUN_DIR/gilload-udp" ]; then
	echo "SKIP: there are no measured programs in $GILRUN_DIR"
	exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
cd "$work" || exit 99
failures=0

# --- telling ----------------------------------------------------------------

pass() {
	echo "PASS: $1"
}

# fail NAME WHAT: with what the last command said.
fail() {
	echo "FAIL: $1: $2"
	echo "  status $status"
	cut -c 1-500 out | sed 's/^/  out: /'
	sed 's/^/  err: /' err
	failures=$((failures + 1))
}

skip() {
	echo "SKIP: $1: $2"
}

# Run a program; status, out and err are kept.  A hang is a status of 124.
keep() {
	timeout -k 1 60 "$@" >out 2>err
	status=$?
}

# gilrun VARIANT ARGUMENTS...
gilrun() {
	program=$GILRUN_DIR/gilrun-$1
	shift
	keep "$program" "$@"
}

# one_sentence NAME PATTERN: how a program that was refused must have ended.
one_sentence() {
	if [ "$status" -ne 2 ]; then
		fail "$1" 'exit status is not 2'
	elif [ "$(wc -l <err)" -ne 1 ]; then
		fail "$1" 'stderr is not one line'
	elif ! grep -q -e "$2" err; then
		fail "$1" "stderr does not name '$2'"
	elif [ -s out ]; then
		fail "$1" 'something was written to stdout'
	else
		pass "$1"
	fi
}

# refused NAME PATTERN VARIANT ARGUMENTS...
refused() {
	name=$1 pattern=$2
	shift 2
	gilrun "$@"
	one_sentence "$name" "$pattern"
}

has_variant() {
	[ -x "$GILRUN_DIR/gilrun-$1" ]
}

# Any executable with a timer thread will do for most of it.
any=handoff-futex-5ms
if ! has_variant $any; then
	echo "SKIP: there is no gilrun-$any in $GILRUN_DIR"
	exit 77
fi

# --- bad input --------------------------------------------------------------

refused 'no workload' 'which workload' "$any"
refused 'unknown workload' "'zebra'" "$any" zebra
refused 'two workloads' "'echo'" "$any" countdown echo
refused 'unknown option' "'--zebra'" "$any" countdown --zebra
refused 'option of another workload' '--rate.* countdown' \
	"$any" countdown --rate 5
refused 'option without value' "'--threads'" "$any" countdown --threads
for duration in 0 0s -1s 5 99h 25000m abc 1e3s; do
	refused "--duration $duration" "--duration: '$duration'" \
		"$any" countdown --duration="$duration"
done
refused '--warmup 5' "--warmup: '5'" "$any" countdown --warmup 5
refused '--slice 0' "--slice: '0'" "$any" countdown --slice 0
refused '--slice abc' "--slice: 'abc'" "$any" countdown --slice abc
refused '--timer-slack 0' "--timer-slack: '0'" \
	"$any" countdown --timer-slack 0
for threads in 0 5000 x 1,0 1,,2 9999c -1 1.5 1,1,1,1,1,1,1,1,1; do
	refused "--threads $threads" "--threads: '$threads'" \
		"$any" countdown --threads="$threads"
done
refused '--iterations 0' "--iterations: '0'" "$any" countdown --iterations 0
refused '--ring -1' "--ring: '-1'" "$any" countdown --ring=-1
refused '--nonce x' "--nonce: 'x'" "$any" countdown --nonce x
refused '--place nowhere' "--place: 'nowhere'" "$any" countdown --place nowhere
refused '--loop sideways' "--loop: 'sideways'" "$any" echo --loop sideways
refused '--rate 0' "--rate: '0'" "$any" echo --rate 0
refused '--compute 65' "--compute: '65'" "$any" echo --compute 65
refused '--set junk' "--set: 'junk'" "$any" countdown --set junk
refused '--set =on' "--set: '=on'" "$any" countdown --set =on
refused '--set junk=1' 'junk=1' "$any" countdown --set junk=1
if has_variant cpython-5ms; then
	refused 'an option with a value that it does not have' \
		'force_switching=maybe' \
		cpython-5ms countdown --set force_switching=maybe
	refused 'an option that the policy does not have' 'sched_yield=on' \
		cpython-5ms countdown --set sched_yield=on
fi
if has_variant null; then
	refused 'more threads than the policy runs' 'null .*countdown needs 2' \
		null countdown --threads 2
	refused 'a server beside a computing thread' 'null .*echo needs 2' \
		null echo --compute 1
fi

# --- what the system does not give ------------------------------------------

quick='--duration 20ms --warmup 0'
for what in --describe "countdown $quick"; do
	: >out
	# shellcheck disable=SC2086 # a list of words
	"$GILRUN_DIR/gilrun-$any" $what >/dev/full 2>err
	status=$?
	one_sentence "full output of ${what%% *}" 'No space left'
done

mkdir alone
cp "$GILRUN_DIR/gilrun-$any" alone
# shellcheck disable=SC2086 # a list of words
keep alone/gilrun-"$any" echo $quick
one_sentence 'no load client' 'gilload-udp: No such file'
printf 'not a program\n' >alone/gilload-udp
# shellcheck disable=SC2086 # a list of words
keep alone/gilrun-"$any" echo $quick
one_sentence 'a load client that is no program' 'gilload-udp: Permission'
printf '#!/bin/sh\nexit 0\n' >alone/gilload-udp
chmod +x alone/gilload-udp
# shellcheck disable=SC2086 # a list of words
keep alone/gilrun-"$any" echo $quick
one_sentence 'a load client that ends at once' 'gilload-udp: Broken pipe'

# A library that goes before the C library and fails where it is told to:
# FAIL_CREATE=2 the second pthread_create(), FAIL_BIND, FAIL_FORK the first.
cat >shim.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int
is_due(const char *name)
{
	static int calls;
	const char *text = getenv(name);

	return text != NULL && ++calls == atoi(text);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	void *(*start)(void *), void *arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		void *) = dlsym(RTLD_NEXT, "pthread_create");

	return is_due("FAIL_CREATE") ? EAGAIN : real(thread, attr, start, arg);
}

int
bind(int fd, const struct sockaddr *address, socklen_t size)
{
	int (*real)(int, const struct sockaddr *, socklen_t) =
		dlsym(RTLD_NEXT, "bind");

	errno = EADDRINUSE;
	return is_due("FAIL_BIND") ? -1 : real(fd, address, size);
}

pid_t
fork(void)
{
	pid_t (*real)(void) = dlsym(RTLD_NEXT, "fork");

	errno = EAGAIN;
	return is_due("FAIL_FORK") ? -1 : real();
}
END

# failing NAME PATTERN SETTING VARIANT ARGUMENTS...
failing() {
	name=$1 pattern=$2 setting=$3 program=$GILRUN_DIR/gilrun-$4
	shift 4
	if [ -n "$no_shim" ]; then
		skip "$name" "$no_shim"
		return
	fi
	keep env "$setting" LD_PRELOAD="$work/shim.so" "$program" "$@"
	one_sentence "$name" "$pattern"
}

no_shim=
if "$GILRUN_DIR/gilrun-$any" --describe | grep -q '"sanitizer":"[at]'; then
	no_shim='a sanitizer must be the first library'
elif ! $CC -shared -fPIC -o shim.so shim.c -ldl 2>shim.err; then
	no_shim="'$CC' makes no shared library"
fi
unavailable='Resource temporarily unavailable'
# shellcheck disable=SC2086 # a list of words
{
	failing 'no timer thread' "start the runtime: $unavailable" \
		FAIL_CREATE=1 "$any" countdown --threads 2 $quick
	failing 'no first thread' "thread 1 of 3: $unavailable" \
		FAIL_CREATE=2 "$any" countdown --threads 3 $quick
	failing 'no third thread' "thread 3 of 3: $unavailable" \
		FAIL_CREATE=4 "$any" countdown --threads 3 $quick
	failing 'no thread for the server' "thread 1 of 2: $unavailable" \
		FAIL_CREATE=2 "$any" echo $quick
	failing 'a port that is taken' 'Address already in use' \
		FAIL_BIND=1 "$any" echo $quick
	failing 'no process for the load client' "gilload-udp: $unavailable" \
		FAIL_FORK=1 "$any" echo $quick
}

# --- what it says it is -----------------------------------------------------

if ! jq --version >jq.out 2>&1; then
	skip 'describe and real runs' 'there is no jq'
	[ "$failures" -eq 0 ]
	exit
fi

# holds NAME FILTER: the last output is one line of JSON of which it is true.
holds() {
	if [ "$status" -ne 0 ]; then
		fail "$1" 'exit status is not 0'
	elif [ -s err ]; then
		fail "$1" 'something was written to stderr'
	elif [ "$(wc -l <out)" -ne 1 ]; then
		fail "$1" 'stdout is not one line'
	elif ! jq -e "$2" out >jq.out 2>jq.err; then
		fail "$1" "not true: $2 $(cat jq.err)"
	else
		pass "$1"
	fi
}

own_variants=
for program in "$GILRUN_DIR"/gilrun-*; do
	[ -x "$program" ] || continue
	variant=${program##*/gilrun-}
	gilrun "$variant" --describe
	# shellcheck disable=SC2016 # the dollar is jq's
	holds "gilrun-$variant --describe" '
		.schema == "gilbench.describe/1" and .name == "'"$variant"'" and
		(.policy | length > 0) and (.stands_for | length > 0) and
		(.mode | IN("own", "cond", "futex", "spin", "stp")) and
		(.tick | test("^(none|T[1-7])$")) and
		(.slice_ns | type) == "number" and
		(.max_threads | type) == "number" and
		([.own_slice, .bare, .spins] | all(type == "boolean")) and
		(.name | endswith("-bare")) == .bare and
		(.policy as $policy | .name | startswith($policy)) and
		([.options[] | .name, .values, .initial, .summary] |
			all(type == "string")) and
		([.workloads[].name] | contains(["countdown", "echo",
			"fast_path"])) and
		(([.workloads[].name] | contains(["yield_ping"])) !=
			(.policy == "process")) and
		([.workloads[] | .summary, .stands_for | length > 0] | all) and
		([.workloads[].options[] | .name, .kind, .initial, .summary |
			length > 0] | all) and
		(.build | has("version", "revision", "compiler", "cflags",
			"libc"))'
	if [ "$(jq .own_slice out)" = true ]; then
		own_variants="$own_variants $variant"
	fi
done

# --- real runs --------------------------------------------------------------

# Of every record; the workload's own claims come with it.
record='.rec == "run" and .schema == "gilbench.run/1" and
	(.status | IN("ok", "starved", "overloaded")) and .error == null and
	(.phases | length > 0) and
	([.phases[] | .wall_ns > 0 and .cpu_ns >= 0 and (.threads | length > 0)] |
		all) and
	([.phases[].metrics[] | (.value == null) == (.status != "ok")] | all) and
	([.phases[] | .gil.acquisitions == ([.threads[].gil.acquisitions] | add)] |
		all) and
	([.phases[].histograms[] | .count == ([.buckets[][1]] | add) and
		.scheme == "loglin10" and .min_ns <= .max_ns] | all)'
ok='def ok(name): .metrics[name].status == "ok";
	def count(name): .histograms[name].count;'

# run VARIANT WORKLOAD FILTER OPTIONS...: a short run, and what it must hold.
run() {
	variant=$1 workload=$2 filter=$3
	shift 3
	gilrun "$variant" "$workload" --duration 50ms --warmup 0 "$@"
	holds "$variant $workload $*" "$ok $record and
		.workload == \"$workload\" and $filter"
}

# A bare twin differs in its probes only: one workload will do.
for variant in $own_variants; do
	threads=2 pair='ok("bare_pair_ns") and ok("pair_ratio")'
	"$GILRUN_DIR/gilrun-$variant" --describe >out
	if [ "$(jq .max_threads out)" -eq 1 ]; then
		threads=1 pair=true # nor has it a protocol
	elif [ "$(jq -r .policy out)" = process ]; then
		pair=true
	fi
	probes='any(. == "disabled") | not'
	[ "$(jq .bare out)" = false ] || probes='all(. == "disabled")'
	run "$variant" countdown "
		([.phases[].name] == [\"threads=1\", \"threads=$threads\"]) and
		([.phases[] | ok(\"iterations_per_s\") and ok(\"jain_ratio\") and
			ok(\"switches_per_s\")] | all) and
		([.phases[].metrics.dead_time_ratio.status] | $probes) and
		(.phases[1].threads | length) == $threads" \
		--threads "1,$threads"
	case $variant in
	*-bare) continue ;;
	esac
	[ "${variant#process}" != "$variant" ] || run "$variant" yield_ping "
		([.phases[] | ok(\"switches_per_s\")] | all)" \
		--threads "$threads" --raw off
	run "$variant" fast_path "
		(.phases[0] | ok(\"poll_short_ratio\") and
			ok(\"poll_long_ratio\") and $pair)"
	run "$variant" echo '
		([.phases[].name] == ["open", "closed"]) and
		([.phases[].metrics | .offered.value ==
			.answered.value + .unanswered.value and
			.reply_errors.value == 0] | all) and
		(.phases[0] | count("response_ns") == .metrics.offered.value and
			ok("send_lag_max_ns")) and
		(.phases[1] | count("round_trip_ns") == .metrics.offered.value)' \
		--compute $((threads - 1)) --drain 20
done

# --- options that change a run ----------------------------------------------

gilrun "$any" countdown --threads 2 --iterations 1000
holds 'work by the count' '
	[.phases[].threads[].units] == [1000, 1000] and .iterations == 1000'
for place in pin1 spread free; do
	gilrun "$any" countdown --threads 2 --duration 20ms --place $place
	cpus=1
	[ $place != spread ] || cpus="(if .cpus > 1 then 2 else 1 end)"
	holds "--place $place" ".place == \"$place\" and
		([.phases[-1].threads[].cpu] | unique | length) == $cpus and
		([.phases[-1].threads[].cpu == -1] |
			all(. == (\"$place\" == \"free\")))"
done
gilrun "$any" countdown --threads 1 --duration 20ms --slice 7ms
holds '--slice is part of the name' \
	'.variant == "'"$any"'+slice=7ms" and .slice_ns == 7000000'
gilrun "$any" countdown --threads 1 --duration 20ms --warmup 10ms
holds 'a warm-up is marked' '[.phases[].warmup] == [true, false]'
gilrun "$any" countdown --threads 2 --duration 20ms --ring 0
holds 'no rings, no figures from events' \
	'.phases[-1].metrics.dead_time_ratio.status == "disabled"'
gilrun "$any" echo --duration 40ms --warmup 0 --compute 0 --nonce 77
holds 'the nonce is recorded' '.nonce == 77'
gilrun "$any" echo --duration 40ms --warmup 0 --loop closed --regions 5
holds 'one loop only' '[.phases[].name] == ["closed"] and .options.regions == "5"'
if has_variant cpython-5ms; then
	gilrun cpython-5ms countdown --threads 2 --duration 20ms \
		--set force_switching=off
	holds '--set is part of the name' \
		'.variant == "cpython-5ms+force_switching=off"'
fi

[ "$failures" -eq 0 ]
