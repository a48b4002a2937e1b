#!/bin/sh
# SPDX-License-Identifier: MIT
# A run that was ended before its end, by whatever: what is in its file, and
# what `gilbench run --resume` makes of it.
#
# Nothing is measured and no timing is asserted; tests/cli_lib.sh says how.
set -u

# shellcheck disable=SC1091,SC2154 # what it sets is seen with -x only
. "${srcdir:-.}/tests/cli_lib.sh"

# shellcheck disable=SC2086 # $quick is a list of words
gilbench run --bindir good $quick --launches 3 --seed 1 -o run.jsonl
check 'a run to be cut up' "$status" -eq 0

# --- resuming ---------------------------------------------------------------

refused_resume() {
	name=$1 pattern=$2
	shift 2
	refused "resume: $name" "$pattern" run --bindir good --resume "$@"
}
: >empty.jsonl
echo 'hello, world' >foreign.jsonl
echo '{"name": "other"}' >other.jsonl
sed '1s,gilbench.results/1,gilbench.results/2,' run.jsonl >newer.jsonl
head -c 300 run.jsonl >head.jsonl
sed '3s/"status"/"sta/' run.jsonl >damaged.jsonl
sed '3p' run.jsonl >twice.jsonl
sed '1s/"a-5ms"/"gone-5ms"/g' run.jsonl >gone.jsonl
sed '1s/"cpu_model":"[^"]*"/"cpu_model":"Z80"/' run.jsonl >moved.jsonl
refused_resume 'no file' 'cannot read none.jsonl' none.jsonl
refused_resume 'empty' 'empty.jsonl is empty' empty.jsonl
refused_resume 'foreign' 'not a gilbench results file' foreign.jsonl
refused_resume 'other JSON' 'other.jsonl, line 1' other.jsonl
refused_resume 'newer schema' 'gilbench.results/2' newer.jsonl
refused_resume 'cut off in its head' 'first line' head.jsonl
refused_resume 'damaged' 'damaged.jsonl, line 3' damaged.jsonl
refused_resume 'a launch twice' 'is there twice' twice.jsonl
refused_resume 'variant gone' 'gone-5ms' gone.jsonl
if grep -q '"cpu_model":"' run.jsonl; then
	refused_resume 'another machine' 'another machine' moved.jsonl
fi
refused_resume 'changed plan' '--seed cannot change it' run.jsonl --seed 2
refused_resume 'changed variants' 'naming variants' run.jsonl a-5ms
refused_resume 'another output' 'no use for -o' run.jsonl -o x.jsonl
cp -r good rebuilt
sed -i 's/"revision": "0"/"revision": "1"/' rebuilt/gilrun-a-5ms
refused 'resume: another build' 'another build of a-5ms' \
	run --bindir rebuilt --resume run.jsonl
cp run.jsonl before
gilbench run --bindir good --resume run.jsonl
expect 'resume: complete' 0 'is complete'
check 'resume: complete stays' "$(cmp before run.jsonl && echo same)" = same

# alive PID: a zombie that nobody has waited for is not.
alive() {
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null)
	[ -n "$state" ] && [ "$state" != Z ]
}

# dies PID: within ten seconds.
dies() {
	tries=0
	while alive "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
	echo yes
}

# complete_once FILE TOTAL: every launch of the plan is there once.
complete_once() {
	grep '"rec":"launch"' "$1" | sed 's/.*"rec":"launch","id":\([0-9]*\),.*/\1/' |
		sort -n >ids
	seq 0 $(($2 - 1)) >planned
	cmp -s ids planned && tail -n 1 "$1" | grep -q '"rec":"end"' && echo yes
}

# Cut off in the middle of the 5th line: its launch runs again.
bytes=$(head -n 4 run.jsonl | wc -c)
head -c $((bytes + 200)) run.jsonl >cut.jsonl
: >launched
gilbench run --bindir good --resume cut.jsonl --dry-run
check 'resume: dry run' "$status" -eq 0 -a "$(grep -c '3 of them done' out)" -eq 1
check 'resume: dry run keeps the file' "$(wc -c <cut.jsonl)" -eq $((bytes + 200))
gilbench run --bindir good --resume cut.jsonl
expect 'resume: cut off' 0 'last line of cut.jsonl was cut off'
check 'resume: only what is missing' "$(wc -l <launched)" -eq 6
check 'resume: completes the plan' "$(complete_once cut.jsonl 9)" = yes
check 'resume: says so in the file' "$(grep -c '^{"rec":"resume"' cut.jsonl)" -eq 1

# All launches are there, but not the end.
sed '$d' run.jsonl >endless.jsonl
gilbench run --bindir good --resume endless.jsonl
check 'resume: the end alone' "$(complete_once endless.jsonl 9)" = yes

# --- the driver dies --------------------------------------------------------

# shellcheck disable=SC2086
slow="--bindir slow $quick --launches 10"

# begin FILE: a run of 20 launches in the background; its pid is in $driver.
begin() {
	# shellcheck disable=SC2086
	"$GILBENCH" run $slow -o "$1" >begun.out 2>begun.err &
	driver=$!
}

# wait_for FILE COUNT: until so many launches are recorded, or a minute.
wait_for() {
	tries=0
	until [ -e "$1" ] && [ "$(launch_count "$1")" -ge "$2" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return 1
		sleep 0.1
	done
}

for after in 1 4 7; do
	begin killed-$after.jsonl
	wait_for killed-$after.jsonl $after
	kill -KILL $driver
	wait $driver 2>/dev/null
	status=$?
	: >launched
	held=$(launch_count killed-$after.jsonl)
	check "kill -9 after $after: the launches are there" "$held" -ge $after
	gilbench run --bindir slow --resume killed-$after.jsonl
	check "kill -9 after $after: resume" "$status" -eq 0
	check "kill -9 after $after: nothing runs twice" \
		"$(wc -l <launched)" -eq $((20 - held))
	check "kill -9 after $after: complete" \
		"$(complete_once killed-$after.jsonl 20)" = yes
done

# The child, and the child's child in its group, go with the driver.
for signal in KILL TERM; do
	fake sleepy sleepy-5ms 5000000 0 <<-END
		echo \$\$ >"$work/pid"
		exec sleep 1000
	END
	rm -f pid
	# shellcheck disable=SC2086
	"$GILBENCH" run --bindir sleepy $quick -o sleepy-$signal.jsonl \
		>out 2>err &
	driver=$!
	tries=0
	until [ -s pid ] || [ $tries -eq 600 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -$signal $driver
	wait $driver 2>/dev/null
	status=$?
	[ $signal = KILL ] || check 'SIGTERM exits 130' "$status" -eq 130
	check "children die with the driver ($signal)" \
		"$(dies "$(cat pid)")" = yes
done

fake group group-5ms 5000000 0 <<END
sleep 1000 &
echo \$! >"$work/pid"
run ok
END
# shellcheck disable=SC2086
gilbench run --bindir group $quick --launches 1 -o group.jsonl
check 'what a launch leaves behind is ended' "$status" -eq 0 -a \
	"$(dies "$(cat pid)")" = yes

# Ctrl-C.  timeout(1) sends it: a shell's background jobs ignore SIGINT.
# shellcheck disable=SC2086
timeout --preserve-status -s INT 1 "$GILBENCH" run --bindir sleepy $quick \
	--launches 2 -o interrupted.jsonl >out 2>err
status=$?
expect 'Ctrl-C exits 130' 130 'gilbench run --resume interrupted.jsonl'
check 'Ctrl-C leaves no half launch' "$(launch_count interrupted.jsonl)" -eq 0

# Two drivers on one file.
begin shared.jsonl
wait_for shared.jsonl 1
"$GILBENCH" run --bindir slow --resume shared.jsonl >out 2>err
status=$?
kill -TERM $driver
wait $driver 2>/dev/null
expect 'a file that is being written' 2 'being written by another gilbench'

# --- a disk that fills up -----------------------------------------------------

# A limit on the size of files is a disk that fills up, for one process.
# shellcheck disable=SC2086 # $slow is a list of words
(
	ulimit -f 16 && exec "$GILBENCH" run $slow -o full.jsonl
) >out 2>err
status=$?
expect 'a full disk' 2 'cannot write to full.jsonl: File too large'
expect 'a full disk: how to go on' 2 'gilbench run --resume full.jsonl'
held=$(launch_count full.jsonl)
check 'a full disk: the launches before are there' "$held" -gt 0 -a \
	"$held" -lt 20
check 'a full disk: no half record' "$(tail -c 1 full.jsonl | od -An -c)" = \
	"$(printf '\n' | od -An -c)"
gilbench run --bindir slow --resume full.jsonl
check 'a full disk: resume' "$(complete_once full.jsonl 20)" = yes

# --- a terminal -------------------------------------------------------------

if command -v script >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	on_terminal() {
		TERM=xterm script -q -c "'$GILBENCH' run --bindir bad $quick \
			crash-5ms a-5ms --launches 2 -o $1" typescript \
			>/dev/null 2>&1
	}
	status=0
	on_terminal tty.jsonl
	check 'a line that is rewritten on a terminal' \
		"$(tr -d -c '\r' <typescript | wc -c)" -gt 4
	check 'trouble in red on a terminal' \
		"$(grep -c "$(printf '\033')\[31m" typescript)" -eq 2
	NO_COLOR=1
	export NO_COLOR
	on_terminal plain.jsonl
	unset NO_COLOR
	check 'NO_COLOR' "$(tr -d -c '\033' <typescript | wc -c)" -eq 0
else
	echo "SKIP: there is no script(1), so no terminal"
fi

finish
