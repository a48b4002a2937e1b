#!/bin/sh
# SPDX-License-Identifier: MIT
# Follow HACKING.md's recipe "Add a policy" to the letter, in a copy of the tree.
#
# Environment: srcdir and builddir, as Automake sets them; CC, optional.
#
# The copy is what `make distdir` makes, configured as the build was.  Blocks
# of HACKING.md that follow a marker are put into it:
#     <!-- walk: file PATH -->      the block becomes that file
#     <!-- walk: append PATH -->    the block's lines go to the end of the file
#     <!-- walk: commands -->       the block is run; its last command is a
#                                   gilrun-*, whose record is looked at
# Objects that the recipe cannot change come from the build, to save time.
set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
builddir=$(cd "${builddir:-.}" && pwd)
recipe=$srcdir/HACKING.md
make=${MAKE:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL # another make's jobs are not ours

skip() {
	echo "hacking_walk: skipped: $1" >&2
	exit 77
}
fail() {
	echo "hacking_walk: $1" >&2
	exit 1
}

for tool in autoconf automake aclocal pkg-config jq; do
	command -v "$tool" >/dev/null || skip "$tool is missing"
done
pkg-config --exists cmocka || skip 'cmocka is missing'
[ -x "$builddir/config.status" ] || fail "no config.status in $builddir"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
tree=$work/tree

# Run a step; show its output only if it fails.
step() {
	name=$1
	shift
	"$@" >"$work/log" 2>&1 || {
		tail -n 50 "$work/log" >&2
		fail "$name failed"
	}
}

# Write each marked block to a file; print "kind path file" for each.
extract_blocks() {
	awk -v directory="$work" '
		/^<!-- walk: / { kind = $3; path = $4; armed = 1; next }
		/^```/ && inside { inside = 0; close(file); next }
		/^```/ && armed {
			file = directory "/block" ++n
			printf "" >file
			print kind, path, file
			armed = 0
			inside = 1
			next
		}
		inside { print >file; next }
		armed && NF { print "stray", $0; exit }
	' "$recipe"
}

apply_block() {
	case $1 in
	file)
		[ ! -e "$2" ] ||
			fail "$2 is in the tree already: HACKING.md needs another example"
		cp "$3" "$2"
		;;
	append)
		cat "$3" >>"$2"
		;;
	commands)
		commands=$3
		;;
	*)
		fail "HACKING.md: a walk marker without a block: $1 $2 $3"
		;;
	esac
}

step 'make distdir' "$make" -C "$builddir" distdir distdir="$tree"
chmod -R u+w "$tree"
cd "$tree"
eval "set -- $("$builddir/config.status" --config)"
step configure ./configure "$@" --srcdir=. --disable-dependency-tracking \
	${CC:+"CC=$CC"}
# Their folders' stamps first: an object that is older would be made anew.
for kind in .dirstamp '*.o'; do
	(cd "$builddir" && find common harness runtime workloads -name "$kind" \
		! -name 'libgil_*' ! -name 'gil*_*-*' -print) >"$work/ready"
	while read -r file; do
		mkdir -p "$(dirname "$file")"
		cp "$builddir/$file" "$file"
	done <"$work/ready"
done

commands=
extract_blocks >"$work/blocks"
while read -r kind path file; do
	apply_block "$kind" "$path" "$file"
done <"$work/blocks"
[ -n "$commands" ] || fail 'HACKING.md has no block marked "walk: commands"'

MAKEFLAGS=-j2 sh -eu "$commands" >"$work/out" 2>"$work/err" || {
	tail -n 30 "$work/out" "$work/err" >&2
	fail "a command of the recipe failed"
}
program=$(awk '/gilrun-/ { word = $1 } END { print word }' "$commands")
variant=${program#./gilrun-}
tail -n 1 "$work/out" >"$work/record"
# No figure is looked at: how fast it was is not the question.
jq -e --arg variant "$variant" '
	.schema == "gilbench.run/1" and .variant == $variant
	and .error == null
	and ([.phases[] | select(.warmup | not) | .name]
		== ["threads=1", "threads=2"])
	and all(.phases[]; .gil.acquisitions >= (.threads | length))
' "$work/record" >/dev/null || {
	cat "$work/record" >&2
	fail "the record of $program is not as it should be"
}
"$program" --describe | jq -e --arg variant "$variant" \
	'.name == $variant and .own_slice and (.stands_for | length > 0)' \
	>/dev/null || fail "$program does not describe itself as $variant"
echo "hacking_walk: $program runs, and its property test passes"
