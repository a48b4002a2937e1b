#!/bin/sh
# SPDX-License-Identifier: MIT
# Do the documents say what is there?
#
# Environment: srcdir; GILBENCH, the driver; GILRUN_DIR, where the gilrun-* are.
#
#   options   each option of --help is in its manual page, and the other way
#             round: gilbench command by command, gilrun-* all together
#   names     each path and each function() in backticks in the documents exists
#   decisions each page of docs/adr has its five headings and fits on a page
#   pages     mandoc has nothing to say about the manual pages, if it is there
set -eu

srcdir=$(cd "${srcdir:-.}" && pwd)
gilbench=${GILBENCH:-./gilbench}
gilrun_dir=${GILRUN_DIR:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM
failed=0

complain() {
	echo "docs_sync: $1" >&2
	failed=1
}

# The options of a program's --help, one "w,workload" or "json" a line.
help_options() {
	"$@" --help | sed -n \
		-e 's/^ *-\(.\), --\([a-z][a-z-]*\).*/\1,\2/p' \
		-e 's/^ *--\([a-z][a-z-]*\).*/\1/p' | sort -u
}

# The options of a manual page, between two patterns.
page_options() {
	sed -n "/$2/,/$3/p" "$1" | sed -n \
		-e 's/\\&//g' \
		-e 's/^\.It Fl \(.\) , Fl -\([a-z][a-z-]*\).*/\1,\2/p' \
		-e 's/^\.It Fl -\([a-z][a-z-]*\).*/\1/p' | sort -u
}

# Options that every argp program has are in the page's own list of them.
compare_options() {
	grep -v -x -e '?,help' -e 'usage' -e 'V,version' "$work/help" \
		>"$work/a" || :
	grep -v -x -e '?,help' -e 'usage' -e 'V,version' "$work/page" \
		>"$work/b" || :
	[ -s "$work/a" ] || complain "$1 --help shows no options"
	comm -23 "$work/a" "$work/b" | while read -r option; do
		echo "$1: --help has the option $option, the page has not"
	done >"$work/differences"
	comm -13 "$work/a" "$work/b" | while read -r option; do
		echo "$1: the page has the option $option, --help has not"
	done >>"$work/differences"
	while read -r difference; do
		complain "$difference"
	done <"$work/differences"
}

check_gilbench() {
	page=$srcdir/docs/man/gilbench.1
	help_options "$gilbench" >"$work/help"
	page_options "$page" '^\.Sh DESCRIPTION' '^\.Ss' >"$work/page"
	cmp -s "$work/help" "$work/page" ||
		complain 'gilbench: its general options are not those of the page'
	"$gilbench" --help |
		sed -n '/^Commands:/,/^$/s/^ *\([a-z]\{1,\}\)  *[a-z].*/\1/p' \
			>"$work/commands"
	[ -s "$work/commands" ] || complain 'gilbench --help shows no commands'
	while read -r command; do
		help_options "$gilbench" "$command" >"$work/help"
		page_options "$page" "^\\.Ss $command\$" '^\.S[hs]' >"$work/page"
		compare_options "gilbench $command"
	done <"$work/commands"
}

check_gilrun() {
	for program in "$gilrun_dir"/gilrun-*; do
		[ -x "$program" ] && help_options "$program"
	done | sort -u >"$work/help"
	page_options "$srcdir/docs/man/gilrun.1" '^\.Sh DESCRIPTION' \
		'^\.Sh EXIT' >"$work/page"
	compare_options gilrun
}

# Words in backticks, outside of blocks of code.  Left out: files that HACKING.md
# itself tells the reader to make.
cited_words() {
	awk '
		/^```/ { inside = !inside; next }
		/^<!-- walk: file / { made[$4] = 1 }
		!inside && !/^    / {
			n = split($0, part, "`")
			for (i = 2; i <= n; i += 2)
				word[part[i]] = 1
		}
		END {
			for (w in word)
				if (!(w in made))
					print w
		}' "$1"
}

# Those that look like paths.  Left out: placeholders (NAME), and what a build
# or a run makes.
cited_paths() {
	grep -E '^[A-Za-z0-9_.][A-Za-z0-9_.*/-]*$' "$work/words" |
		grep -E '/|\.(c|h|def|am|ac|md|sh|gp|json|debian)$' |
		grep -v -e NAME -e VARIANT -e POLICY -e '^DIR/' -e '^\./' \
			-e '^tests/bin/' -e '^results/raw' -e '^results/report' || :
}

check_path() {
	# shellcheck disable=SC2086 # globs are wanted
	set -- "$1" $2
	[ ! -e "$2" ] || return 0
	case $2 in
	*/*) ;;
	*) # a bare name: somewhere in the tree
		[ -z "$(find . -name "$2" -print -quit)" ] || return 0
		;;
	esac
	complain "$1 names $2, which is not there"
}

check_names() {
	for document in ARCHITECTURE.md HACKING.md CONTRIBUTING.md README.md \
		docs/adr/*.md; do
		[ -f "$document" ] || {
			complain "$document is missing"
			continue
		}
		cited_words "$document" >"$work/words"
		cited_paths >"$work/paths"
		while read -r path; do
			check_path "$document" "$path"
		done <"$work/paths"
		sed -n 's/^\([a-z_0-9]*\)()$/\1/p' "$work/words" >"$work/functions"
		while read -r function; do
			grep -rqw --include='*.[ch]' "$function" common runtime \
				workloads harness ||
				complain "$document names $function(), which is not there"
		done <"$work/functions"
	done
}

check_decisions() {
	for page in docs/adr/*.md; do
		for heading in Context Options Decision Consequences \
			'How we would know we were wrong'; do
			grep -qx "## $heading" "$page" ||
				complain "$page has no heading '$heading'"
		done
		[ "$(wc -l <"$page")" -le 60 ] ||
			complain "$page is longer than 60 lines"
	done
}

check_pages() {
	command -v mandoc >/dev/null || {
		echo 'docs_sync: mandoc is missing: manual pages not checked' >&2
		return 0
	}
	for page in docs/man/*.1; do
		mandoc -Tlint -W warning "$page" >&2 ||
			complain "mandoc complains about $page"
	done
}

[ -x "$gilbench" ] || complain "there is no driver $gilbench"
[ "$failed" = 0 ] && check_gilbench
check_gilrun
cd "$srcdir"
check_names
check_decisions
check_pages
exit "$failed"
