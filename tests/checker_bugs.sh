#!/bin/sh
# SPDX-License-Identifier: MIT
# Does the interleaving checker find bugs?  Each bug below is put into a copy of
# the policy's header by a sed script; the checker, compiled on the copy, must
# find it, and name what is wrong; on the header as it is, it must find nothing.
#
# Usage: tests/checker_bugs.sh [BUG...]     (default: all)
# Environment: srcdir, builddir (has libchecker.a), CC, CHECKER_CFLAGS;
# CHECKER_ARGS: more options for the checker, such as --plain.
set -u

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
builddir=$(cd "${builddir:-.}" && pwd) || exit 99
library=${CHECKER_LIBRARY:-$builddir/libchecker.a}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
wanted=" $* "
failures=0
bugs=0

[ -f "$library" ] || {
	echo "checker_bugs: there is no $library: make it first" >&2
	exit 99
}

# compile DIRECTORY POLICY MODE TICK: the checker of the policy, with the headers
# in DIRECTORY before those of the tree.
compile() {
	[ -f "$1/runtime/gil/tick.c" ] || # else the library's
		: >"$1/runtime/gil/nothing.c"
	# shellcheck disable=SC2086 # CC and CFLAGS are lists of words
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -pthread ${CHECKER_CFLAGS:--O1} \
		-I"$1" -I"$srcdir" -DGILBENCH_CHECKER \
		-DGIL_POLICY_HEADER="\"runtime/gil/policy_$2.h\"" \
		-DGIL_MODE="$3" -DGIL_TICK="$4" -DGIL_PROBES=0 \
		-DCHECKER_POLICY="\"$2\"" "$srcdir/tests/checker/subject.c" \
		"$srcdir/runtime/gil/gil.c" "$1"/runtime/gil/*.c "$library" -lm \
		-o "$1/checker" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		echo "checker_bugs: $2 does not compile" >&2
		exit 99
	}
}

# twin POLICY MODE TICK SCRIPT OPTIONS: what the checker says of the header as
# it is, or with what the injection needs but not the bug (SCRIPT, or nothing).
twin() {
	key=$(echo "$1-$2-$3-${4##*/}" | tr -c 'a-zA-Z0-9-' _)
	if [ ! -d "$work/$key" ]; then
		mkdir -p "$work/$key/runtime/gil"
		[ -z "$4" ] || mutate "$work/$key" "$4"
		compile "$work/$key" "$1" "$2" "$3"
	fi
	# shellcheck disable=SC2086 # OPTIONS is a list of words
	"$work/$key/checker" $5 >"$work/twin" 2>&1
}

# mutate DIRECTORY SCRIPT: the first line of the script is "# FILE" (of
# runtime/gil), the rest is sed's.
mutate() {
	file=$(sed -n '1s/^# //p' "$2")
	sed -f "$2" "$srcdir/runtime/gil/$file" >"$1/runtime/gil/$file"
	if cmp -s "$srcdir/runtime/gil/$file" "$1/runtime/gil/$file"; then
		echo "checker_bugs: $2 changes nothing in $file" >&2
		exit 99
	fi
}

# can_be_replayed FOUND: the command that the checker prints finds it again.
can_be_replayed() {
	again=$(sed -n 's/^again: [^ ]* //p' "$work/out")
	[ -n "$again" ] || return
	(
		eval "set -- $again"
		"$work/bug/checker" "$@" >"$work/again" 2>&1
		[ $? -eq 1 ]
	) && grep -qF "=> $1" "$work/again"
}

# bug NAME POLICY MODE TICK OPTIONS WORDS: stdin is the script; WORDS must be in
# what the checker says.  TWIN_SCRIPT: a script for the twin.
bug() {
	case $wanted in
	"  " | *" $1 "*) ;;
	*)
		cat >/dev/null
		return
		;;
	esac
	bugs=$((bugs + 1))
	rm -rf "$work/bug"
	mkdir -p "$work/bug/runtime/gil"
	cat >"$work/$1.sed"
	mutate "$work/bug" "$work/$1.sed"
	compile "$work/bug" "$2" "$3" "$4"
	# shellcheck disable=SC2086 # OPTIONS is a list of words
	"$work/bug/checker" $5 ${CHECKER_ARGS:-} >"$work/out" 2>&1
	status=$?
	found=$(sed -n '/FAILED$/{n;p;}' "$work/out")
	where=$(sed -n 's/^[^ ]* \([a-z]*\) *\([23]\) threads, \([0-9]*\) .*FAILED$/\1, \2 threads, \3 preemptions/p' \
		"$work/out")
	verdict=ok
	case $status/$found in
	1/*"$6"*) ;;
	*) verdict="MISSED (status $status)" ;;
	esac
	can_be_replayed "$found" || verdict="$verdict, cannot be replayed"
	twin "$2" "$3" "$4" "${TWIN_SCRIPT:-}" "$5" ||
		verdict="$verdict, the twin FAILED"
	[ "$verdict" = ok ] || failures=$((failures + 1))
	printf '%-26s %-9s %-52.52s %-32s %s\n' "$1" "$2" "$found" "$where" \
		"$verdict"
}

printf '%-26s %-9s %-52s %-32s %s\n' bug policy found in verdict

# --- direct handoff and its waiting modes -----------------------------------

bug parks-without-looking handoff GIL_MODE_FUTEX 2 '' 'lost wake-up' <<'END'
# waiting.h
s/(void)atm_cas(&slot->word, &word, WAIT_PARKED, relaxed);/atm_store(\&slot->word, WAIT_PARKED, relaxed);/
END
bug trusts-a-wake-up handoff GIL_MODE_COND 2 '' 'crashes in the policy' <<'END'
# waiting.h
/Relaxed: the mutex orders (WAIT-1)/,/cond_wait/s/while ((word/if ((word/
s/^	return word;$/	return word < WAIT_GRANT_FIRST ? WAIT_GRANT_FIRST : word;/
END
bug grants-without-a-wake handoff GIL_MODE_FUTEX 2 '' 'lost wake-up' <<'END'
# waiting.h
/futex_wake/d
END
bug grants-before-enqueueing handoff GIL_MODE_FUTEX 2 '' 'no switch' <<'END'
# policy_handoff.h
/^policy_yield/,/^}/{
/me->next = NULL/d
/me->last->next = me/d
/me->last = me/d
s/handoff_grant_first(self, me, HANDOFF_GRANT_SWAP);/handoff_grant_first(self, me, HANDOFF_GRANT_SWAP); me->next = NULL; me->last->next = me; me->last = me;/
}
END
bug forgets-older-arrivals handoff GIL_MODE_FUTEX 2 '' '' <<'END'
# policy_handoff.h
s/holder->last->next = reversed;/;/
END
bug serves-last-comers-first handoff GIL_MODE_FUTEX 2 '' 'overtaken' <<'END'
# policy_handoff.h
/^handoff_take_arrivals/,/^}/{
s/while (oldest != NULL) {/while (oldest->next != NULL) { oldest = oldest->next; continue;/
s/holder->first = reversed;/holder->first = newest;/
s/holder->last->next = reversed;/holder->last->next = newest;/
s/holder->last = newest;/holder->last = oldest;/
}
END
bug barges-into-the-queue rrnojump GIL_MODE_OWN 5 '' 'overtaken' <<'END'
# turns.h
s/return turns->is_held || !fifo_is_empty(&turns->queue);/return turns->is_held;/
END

# --- CPython ----------------------------------------------------------------

bug no-forced-switch cpython GIL_MODE_OWN 3 '' 'no switch' <<'END'
# policy_cpython.h
s/if (!policy->forces_switching || reason == GIL_REASON_EXIT)/if (policy->forces_switching)/
END
bug request-is-not-cleared cpython GIL_MODE_OWN 3 '' 'come out of release' <<'END'
# policy_cpython.h
/^policy_acquire/,/^}/s/atm_store(&policy->is_requested, false, relaxed);/;/
END
cat >"$work/quit.sed" <<'END'
# policy_cpython.h
/^cpython_wait_until_free/,/^}/s/tick_request(gil);/tick_request(gil); if (self->id == 1) { gil_wait_end(gil); atm_fetch_sub(\&gil->living, 1, relaxed); atm_store(\&policy->is_requested, false, relaxed); mutex_unlock(\&policy->mutex); checker_quit(); }/
END
TWIN_SCRIPT=$work/quit.sed
bug gh-96387-requester-quits cpython GIL_MODE_OWN 3 '--program exit --threads 2' \
	'come out of release' <<'END'
# policy_cpython.h
/^cpython_wait_until_free/,/^}/s/tick_request(gil);/tick_request(gil); if (self->id == 1) { gil_wait_end(gil); atm_fetch_sub(\&gil->living, 1, relaxed); mutex_unlock(\&policy->mutex); checker_quit(); }/
END
TWIN_SCRIPT=
bug drops-without-a-signal cpython GIL_MODE_OWN 3 '' 'lost wake-up' <<'END'
# policy_cpython.h
/^policy_release/,/^}/s/cond_signal(&policy->cond);/;/
END

# --- Ruby -------------------------------------------------------------------

bug ruby-13-june-2011 ruby193 GIL_MODE_OWN 2 '--program newcomer' 'live-lock' <<'END'
# policy_ruby193.h
s/define RUBY193_13JUN 0/define RUBY193_13JUN 1/
END
bug ruby-7693-fork ruby193 GIL_MODE_OWN 2 '' 'lost wake-up' <<'END'
# policy_ruby193.h
/^policy_atfork_child/,/^}/s/policy_init(policy);/mutex_init(\&policy->mutex); cond_init(\&policy->cond); policy->waiting = 0;/
END
bug no-wait_yield ruby193 GIL_MODE_OWN 2 '' '' <<'END'
# yield_gate.h
s/if (gate->is_inside) {/if (false) {/
END
bug hands-over-before-queueing ruby33 GIL_MODE_OWN 2 '' '' <<'END'
# policy_ruby33.h
/^policy_yield/,/^}/{
/fifo_append/d
s/ruby33_pass_on(policy, self);/ruby33_pass_on(policy, self); mutex_unlock(\&policy->mutex); mutex_lock(\&policy->mutex); fifo_append(\&policy->readyq, \&me->node);/
}
END

# --- OCaml ------------------------------------------------------------------

bug lifo-condition ocaml409 GIL_MODE_OWN 1 '--set cond=fifo' 'live-lock' <<'END'
# busy_lock.h
s/is_fifo ? FUTEX_COND_FIFO/is_fifo ? FUTEX_COND_LIFO/
END
bug no-op-yield ocaml409 GIL_MODE_OWN 1 '--program hog' 'live-lock' <<'END'
# policy_ocaml409.h
s/if (!gil_has_waiters(self->gil))/if (gil_has_waiters(self->gil))/
END
bug waits-without-counting ocaml409 GIL_MODE_OWN 1 '' '' <<'END'
# policy_ocaml409.h
/gil_wait_begin/d
/gil_wait_end/d
END

# --- plain locks ------------------------------------------------------------

bug test-then-set ttas GIL_MODE_OWN 2 '' 'no mutual exclusion' <<'END'
# policy_ttas.h
s/atm_exchange(&policy->word, 1, acquire) == 0/(atm_store(\&policy->word, 1, relaxed), true)/
END
bug looks-before-posting pypy2008 GIL_MODE_OWN 5 '' 'lost wake-up' <<'END'
# policy_pypy2008.h
/^pypy2008_post/,/^}/{
s/atm_fetch_add(&policy->value, 1, seq_cst);/int waiters = atm_load(\&self->gil->nwaiters, seq_cst); atm_fetch_add(\&policy->value, 1, seq_cst);/
s/if (likely(atm_load(&self->gil->nwaiters, seq_cst) == 0))/if (waiters == 0)/
}
END
bug forgets-other-sleepers futex3 GIL_MODE_OWN 2 '' 'lost wake-up' <<'END'
# policy_futex3.h
s/atm_exchange(&policy->word, FUTEX3_CONTENDED, acquire) !=/atm_exchange(\&policy->word, is_woken ? FUTEX3_HELD : FUTEX3_CONTENDED, acquire) !=/
END
bug yields-to-nobody ruby2010 GIL_MODE_OWN 1 '' 'though nobody' <<'END'
# policy_ruby2010.h
/^policy_yield/,/^}/s/if (!gil_has_waiters(gil))/if (false)/
END

# --- the timer thread -------------------------------------------------------

bug timer-sleeps-through handoff GIL_MODE_FUTEX 2 '--program timer' \
	'live-lock' <<'END'
# tick.c
s/if (atm_load(&gil->nwaiters, seq_cst) == 0)/if (true)/
END
bug timer-is-not-woken handoff GIL_MODE_FUTEX 2 '--program timer' \
	'live-lock' <<'END'
# tick.c
/^tick_arm/,/^}/s/(void)futex_wake(&tick->state, 1);/(void)0;/
END

# --- the checker itself -----------------------------------------------------

# says NAME STATUS WORDS ARGUMENTS...: the checker of handoff ends so, and says
# so.
says() {
	name=$1 expected=$2 words=$3
	shift 3
	"$work/self/checker" "$@" >"$work/out" 2>&1
	status=$?
	verdict=ok
	if [ "$status" -ne "$expected" ] ||
		! grep -qF -- "$words" "$work/out"; then
		verdict="status $status: $(head -n 1 "$work/out")"
		failures=$((failures + 1))
	fi
	printf '%-60s %s\n' "$name" "$verdict"
}

# The states of each program, one per line.
count_states() {
	"$work/self/checker" --threads 2 --bound 2 "$@" |
		sed -n 's/.*, \([0-9]* states\),.*/\1/p'
}

if [ "$wanted" = "  " ]; then
	mkdir -p "$work/self/runtime/gil"
	compile "$work/self" handoff GIL_MODE_FUTEX 2
	says 'a budget that is used up is not a pass' 3 'CUT SHORT' \
		--budget 0.001 --threads 3 --bound 4
	says 'an unknown program is refused' 2 'no such program: locks' \
		--program locks
	says 'one thread is refused' 2 '2 or 3, not: 1' --threads 1
	says 'a bad budget is refused' 2 'seconds, not: -1' --budget -1
	says 'an unknown option of the policy is refused' 2 'no option' \
		--set spin=1
	says 'a schedule that does not fit is refused' 2 'does not fit' \
		--replay 'p7,A2,B1,C1'
	says 'a schedule that is none is refused' 2 'needs a number' \
		--replay 'AB'
	says 'a schedule without an error ends well' 0 'nothing is wrong' \
		--replay 'p7,A2'
	verdict=ok
	known=$(count_states)
	again=$(count_states --uncached)
	if [ -z "$known" ] || [ "$known" != "$again" ]; then
		verdict="$known, $again"
		failures=$((failures + 1))
	fi
	printf '%-60s %s\n' 'known states that are visited again lead to none' \
		"$verdict"
fi

echo "$bugs bugs; $failures of all checks failed"
[ "$bugs" -gt 0 ] && [ "$failures" -eq 0 ]
