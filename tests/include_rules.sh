#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom: the drawing of the layers, checked over every include
# of the sources.  Then the check itself is checked, on trees with mistakes.
#
# Environment: srcdir.
set -u

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
failures=0

# A directory, or a file that is an exception, and what it may include: files,
# or directories without those below.  System headers are nobody's business.
rules() {
	cat <<-'END'
	common                    common
	runtime/gil               common runtime/gil
	runtime/heap              common runtime/heap
	runtime/thread            common runtime/gil runtime/heap runtime/thread
	runtime/vm                common runtime/gil runtime/heap runtime/thread runtime/vm
	workloads                 common runtime/gil runtime/heap runtime/thread runtime/vm workloads
	harness/run               common runtime/gil runtime/heap runtime/thread runtime/vm workloads harness/perf harness/run config.h revision.h
	harness/perf              common harness harness/perf config.h revision.h
	harness                   common harness harness/perf config.h revision.h
	common/build_info.c       common config.h revision.h
	common/sync.h             common tests/checker/sync.h
	workloads/gilload_udp.c   common workloads/echo_protocol.h workloads/echo_wire.h
	END
}

# check_tree DIRECTORY: a line per forbidden include; last, the files read.
check_tree() {
	rules >"$work/rules"
	# shellcheck disable=SC2016 # the dollars are awk's
	(
		cd "$1" || exit
		find common runtime workloads harness -type f \
			-name '*.[ch]' 2>/dev/null | sort | xargs awk '
			function directory(path) {
				sub("/[^/]*$", "", path)
				return path
			}
			NR == FNR {
				for (i = 2; i <= NF; i++)
					may[$1, $i] = 1
				known[$1] = 1
				next
			}
			FNR == 1 {
				files++
				from = FILENAME
				if (!(from in known))
					from = directory(FILENAME)
				if (!(from in known))
					print FILENAME ": no rule for " from
			}
			/^[ \t]*#[ \t]*include[ \t]*"/ {
				split($0, part, "\"")
				to = part[2]
				if (to == "config.h" || to == "revision.h")
					ok = ((from, to) in may)
				else if (to !~ "/" || to ~ "^[.]")
					ok = 0 # not from the root
				else
					ok = ((from, to) in may) ||
						((from, directory(to)) in may)
				if (!ok)
					print FILENAME ":" FNR ": " from \
						" may not include " to
			}
			/^[ \t]*#[ \t]*include[ \t]*[A-Z_]/ && # a macro: the policy
			FILENAME != "runtime/gil/fast.h" {
				print FILENAME ":" FNR ": " from \
					" may not include " $NF
			}
			END { print files + 0 }' "$work/rules"
	)
}

tell() { # NAME, what is wrong or nothing
	if [ -z "$2" ]; then
		echo "PASS: $1"
	else
		echo "FAIL: $1"
		echo "$2" | sed 's/^/  /'
		failures=$((failures + 1))
	fi
}

# --- the tree -----------------------------------------------------------------

check_tree "$srcdir" >"$work/out"
tell 'every include keeps to the layers' "$(sed '$d' "$work/out")"
wrong=
[ "$(tail -n 1 "$work/out")" -gt 0 ] || wrong='no file was checked'
tell 'there were files to check' "$wrong"

# --- the check ----------------------------------------------------------------

# An include that must be refused: found FILE INCLUDED.
found() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/$(dirname "$1")"
	case $2 in
	*.*) printf '/* a mistake */\n#\tinclude "%s"\n' "$2" ;;
	*) printf '/* a mistake */\n#include %s\n' "$2" ;;
	esac >"$work/tree/$1"
	wrong=
	check_tree "$work/tree" | grep -q "^$1:2: .* may not include $2\$" ||
		wrong="it passed"
	tell "$1 may not include $2" "$wrong"
}

# ... and one that must pass: allowed FILE INCLUDED.
allowed() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/$(dirname "$1")"
	printf '#include <stdio.h>\n#include "%s"\n' "$2" >"$work/tree/$1"
	tell "$1 may include $2" "$(check_tree "$work/tree" | sed '$d')"
}

found common/clock.c runtime/gil/gil.h
found common/clock.c config.h
found common/clock.c clock.h
found common/die.c tests/checker/sync.h
found runtime/gil/gil.c runtime/heap/roots.h
found runtime/gil/gil.c runtime/thread/thread.h
found runtime/gil/gil.c tests/policy_test.h
found runtime/heap/roots.c runtime/gil/gil.h
found runtime/thread/thread.c workloads/crew.h
found runtime/thread/thread.c ../gil/gil.h
found workloads/crew.c harness/run/gilrun.h
found workloads/crew.c revision.h
found workloads/gilload_udp.c runtime/gil/gil.h
found workloads/gilload_udp.c workloads/crew.h
found harness/plan.c runtime/gil/variant.h
found harness/plan.c workloads/workload.h
found harness/plan.c harness/run/gilrun.h
found harness/perf/group.c runtime/gil/gil.h
found harness/run/main.c tests/policy_test.h
found harness/run/main.c GIL_POLICY_HEADER
allowed common/build_info.c revision.h
allowed runtime/gil/fast.h common/clock.h
allowed runtime/thread/thread.c runtime/gil/gil.h
allowed workloads/gilload_udp.c workloads/echo_wire.h
allowed harness/plan.c config.h
allowed harness/run/main.c workloads/workload.h

rm -rf "$work/tree"
mkdir -p "$work/tree/runtime/jit"
echo >"$work/tree/runtime/jit/jit.c"
wrong=
check_tree "$work/tree" | grep -q 'no rule for runtime/jit' || wrong='it passed'
tell 'a directory without a rule is refused' "$wrong"
rm -rf "$work/tree"
mkdir "$work/tree"
wrong=
[ "$(check_tree "$work/tree" | tail -n 1)" = 0 ] || wrong='it found files'
tell 'an empty tree has no files' "$wrong"

[ "$failures" -eq 0 ]
