#!/bin/sh
# SPDX-License-Identifier: MIT
# Do the comments of the sources keep up with the code?
#
#   ordering  each atomic of runtime/ and workloads/ that is not relaxed names
#             its partner by a label such as WAIT-1, or says that the mutex
#             orders, on the lines of its statement or at most four above; a
#             bare pair (policy_bare_pair() and its like) has no partner
#   labels    each label is defined in one file head ("LABEL  what pairs"), and
#             cited at two places or more
#   raw       no fence stands alone, and no atomic goes round common/atomic.h
#   headings  each policy's header tells its protocol under the same headings
#   files     each file of ours that a comment names is there
#
# Then the checks themselves are checked, on trees with mistakes.
# Environment: srcdir.
set -u

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
failures=0

# A table of all lines of the sources in DIRECTORIES that are there: file, line,
# 1 in the file's head (before any code), comment, code; tabs between.
# shellcheck disable=SC2016 # the dollars are awk's
split_lines() {
	find "$@" -name '*.[ch]' -type f 2>/dev/null | sort | xargs awk '
		FNR == 1 { inside = 0; in_head = 1 }
		{
			gsub(/\t/, " ")
			rest = $0
			code = comment = ""
			while (rest != "") {
				if (inside) {
					end = index(rest, "*/")
					if (end == 0)
						end = length(rest) + 1
					else
						inside = 0
					comment = comment \
						substr(rest, 1, end - 1) " "
					rest = substr(rest, end + 2)
				} else if (match(rest, /"([^"\\]|\\.)*"|\/\*/)) {
					text = substr(rest, RSTART, RLENGTH)
					if (text == "/*")
						inside = 1
					code = code substr(rest, 1, RSTART - 1)
					if (!inside)
						code = code text
					rest = substr(rest, RSTART + RLENGTH)
				} else {
					code = code rest
					rest = ""
				}
			}
			if (code ~ /[^ ]/)
				in_head = 0
			printf "%s\t%d\t%d\t%s\t%s\n", FILENAME, FNR, in_head,
				comment, code
		}'
}

# --- the checks: each prints a line per mistake -----------------------------

# shellcheck disable=SC2016 # the dollars are awk's
check_ordering() {
	split_lines runtime workloads | awk -F '\t' '
		{
			if (!($1 in last))
				files[++nfiles] = $1
			last[$1] = $2
			tells[$1, $2] = $4 ~ /[A-Z]+-[0-9]|mutex orders/
			code[$1, $2] = $5
		}
		# Its arguments and the line on which they end; the open bracket
		# is the last character before rest.
		function read_call(file, line, rest,    depth, at, c) {
			call = ""
			for (depth = 1; depth > 0 && line <= last[file]; ) {
				for (at = 1; at <= length(rest); at++) {
					c = substr(rest, at, 1)
					depth += (c == "(") - (c == ")")
					if (depth == 0)
						break
					call = call c
				}
				if (depth > 0)
					rest = code[file, ++line]
			}
			return line
		}
		function check(file, line, end,    l) {
			while (code[file, end] !~ /[;{}]/ && end < last[file])
				end++
			for (l = line - 4; l <= end; l++)
				if (tells[file, l])
					return
			print file ":" line ": names no partner: " call
		}
		END {
			for (f = 1; f <= nfiles; f++) {
				file = files[f]
				for (line = 1; line <= last[file]; line++) {
					rest = code[file, line]
					if (rest ~ /^[a-z_0-9]+\(/)
						is_bare = rest ~ /^[a-z_0-9]*bare_/
					while (match(rest, /atm_[a-z_]+\(/)) {
						rest = substr(rest, RSTART + RLENGTH)
						end = read_call(file, line, rest)
						if (!is_bare && call !~ /relaxed *$/)
							check(file, line, end)
					}
				}
			}
		}'
}

# shellcheck disable=SC2016 # the dollars are awk's
check_labels() {
	split_lines common runtime workloads | awk -F '\t' '
		{
			rest = $4
			while (match(rest, /[A-Z]+-[0-9]+/)) {
				label = substr(rest, RSTART, RLENGTH)
				rest = substr(rest, RSTART + RLENGTH)
				if ($3 && rest ~ /^(  |:)/)
					defined[label]++
				else
					cited[label]++
				at[label] = $1 ":" $2
			}
		}
		END {
			for (label in at) {
				if (defined[label] + 0 != 1)
					print at[label] ": " label " is defined " \
						defined[label] + 0 " times"
				if (cited[label] + 0 < 2)
					print at[label] ": " label " is cited " \
						cited[label] + 0 " times"
			}
		}'
}

# shellcheck disable=SC2016 # the dollars are awk's
check_raw() {
	split_lines common runtime workloads harness | awk -F '\t' '
		$5 ~ /atomic_(thread|signal)_fence|__sync_synchronize/ {
			print $1 ":" $2 ": a fence: " $5
		}
		$1 !~ /^harness|^common\/atomic.h/ && $5 ~ \
			/atomic_(load|store|exchange|compare|fetch|flag)_/ {
			print $1 ":" $2 ": goes round common/atomic.h: " $5
		}'
}

# A struct policy that holds nothing is no state; no atm_, no ordering.
check_headings() {
	for header in runtime/gil/policy_*.h; do
		[ "$header" != runtime/gil/policy_contract.h ] || continue
		wanted='State Transitions Pathology Source'
		sed -n '/^struct policy {/,/^}/p' "$header" |
			grep -q 'char unused;' || wanted="$wanted Who-writes"
		! grep -q 'atm_' "$header" || wanted="$wanted Ordering"
		sed -n '2,/^ \*\//p' "$header" >"$work/head"
		for heading in $wanted; do
			heading=$(echo "$heading" | tr - ' ')
			grep -q "^ \* $heading  " "$work/head" ||
				echo "$header: has no heading $heading"
		done
	done
}

# shellcheck disable=SC2016 # the dollars are awk's
check_files() {
	split_lines common runtime workloads harness tests | awk -F '\t' '
		{
			rest = " " $4 " "
			while (match(rest, /[A-Za-z0-9_.\/-]+/)) {
				path = substr(rest, RSTART, RLENGTH)
				next_char = substr(rest, RSTART + RLENGTH, 1)
				rest = substr(rest, RSTART + RLENGTH)
				sub(/\.+$/, "", path) # the end of a sentence
				if (path ~ /^(common|runtime|workloads|harness|results|plots|tests|docs|scripts)\/.*\.(h|c|def|am|sh|md|json|gp)$/ \
					&& path !~ /_NAME/ && next_char != "*")
					print $1 ":" $2, path
			}
		}' |
		while read -r place path; do
			[ -e "$path" ] || echo "$place: there is no $path"
		done
}

# --- the tree ---------------------------------------------------------------

tell() { # NAME, what is wrong or nothing
	if [ -z "$2" ]; then
		echo "PASS: $1"
	else
		echo "FAIL: $1"
		echo "$2" | sed 's/^/  /'
		failures=$((failures + 1))
	fi
}

cd "$srcdir" || exit 99
for check in ordering labels raw headings files; do
	tell "$check" "$(check_$check 2>&1)"
done
wrong=
[ "$(split_lines runtime workloads | grep -c 'atm_')" -gt 0 ] ||
	wrong='no atomic was checked'
tell 'there were atomics to check' "$wrong"

# --- the checks -------------------------------------------------------------

# caught CHECK NAME WORD: stdin is a file of a tree of its own; the check must
# complain with the word.  passed CHECK NAME: it must not.
write_tree() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/runtime/gil" "$work/tree/common"
	cat >"$work/tree/runtime/gil/policy_x.h"
	cd "$work/tree" || exit 99
}

caught() {
	write_tree
	wrong=
	case $(check_"$1" 2>&1) in
	*"$3"*) ;;
	*) wrong='it passed' ;;
	esac
	tell "$1 catches $2" "$wrong"
}

passed() {
	write_tree
	tell "$1 lets pass $2" "$(check_"$1" 2>&1)"
}

caught ordering 'a release without a word' 'policy_x.h:3' <<'END'
/* SPDX-License-Identifier: MIT */

	atm_store(&word, 0, release);
END
caught ordering 'a failed search over lines' 'policy_x.h:2' <<'END'
	if (atm_load(&word, relaxed) == 0 && /* relaxed: a hint */
		atm_cas(&word, &(int){0}, 1,
			seq_cst))
END
caught ordering 'a word too far away' 'policy_x.h:6' <<'END'
	/* HAND-1 */
	a();
	b();
	c();
	d();
	(void)atm_load(&word, acquire);
END
passed ordering 'labels, mutexes and bare pairs' <<'END'
	atm_store(&word, 0, release); /* HAND-1 */
	/* Release: HAND-1. */
	if (atm_cas(&word, &(int){0}, 1,
		    release))
		return;
	a();
	b();
	c();
	atm_store(&word, 0, relaxed);
	atm_store(&word, f(1), /* the mutex orders */
		acq_rel);
	a();
	b();
	c();
	d();
	if (atm_exchange(&word, 0, acq_rel) ==
		1) { /* HAND-1 */
	}
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	atm_cas(word, &expected, 1, acquire);
}
END
caught ordering 'a function after a bare pair' 'policy_x.h:9' <<'END'
policy_bare_pair(atomic_uint *word)
{
	atm_store(word, 0, release);
}

static void
policy_release(atomic_uint *word)
{
	atm_store(word, 0, release);
}
END
caught labels 'a label that is not defined' 'HAND-1 is defined 0' <<'END'
/* SPDX-License-Identifier: MIT */
	a(); /* HAND-1 */
	b(); /* HAND-1 */
END
caught labels 'a label with one end' 'HAND-1 is cited 1' <<'END'
/* HAND-1  pairs with nothing */
	a(); /* HAND-1 */
END
caught labels 'a label that is defined twice' 'HAND-1 is defined 2' <<'END'
/* HAND-1  pairs
 * HAND-1  and pairs */
	a(); /* HAND-1 */
	b(); /* HAND-1 */
END
passed labels 'a label with two ends' <<'END'
/*
 * Ordering     HAND-1  this pairs with that
 */
	a(); /* HAND-1 */
	b(); /* Release: HAND-1. */
END
caught raw 'a fence' 'a fence' <<'END'
	atomic_thread_fence(memory_order_seq_cst);
END
caught raw 'an atomic of C11' 'goes round' <<'END'
	atomic_store_explicit(&word, 0, memory_order_relaxed);
END
passed raw 'a fence in a comment' <<'END'
	/* no atomic_thread_fence() here */
END
caught headings 'a header without Source' 'no heading Source' <<'END'
/* SPDX-License-Identifier: MIT */
/*
 * x: a policy.
 *
 * State        none
 * Transitions  none
 * Pathology    none
 */
struct policy {
	char unused;
};
END
caught headings 'state that nobody writes' 'no heading Who writes' <<'END'
/* SPDX-License-Identifier: MIT */
/*
 * State        word
 * Transitions  none
 * Pathology    none
 * Source       none
 */
struct policy {
	int word;
};
END
caught headings 'atomics without ordering' 'no heading Ordering' <<'END'
/* SPDX-License-Identifier: MIT */
/*
 * State        word
 * Transitions  none
 * Who writes   all
 * Pathology    none
 * Source       none
 */
	atm_store(&word, 0, relaxed);
END
caught files 'a file that is not there' 'no runtime/gil/policy_y.h' <<'END'
/* See runtime/gil/policy_y.h. */
END
passed files 'files that are there, and those of others' <<'END'
/* See runtime/gil/policy_x.h, runtime/gil/policy_*.h, Python/ceval_gil.h. */
END

[ "$failures" -eq 0 ]
