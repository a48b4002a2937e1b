# SPDX-License-Identifier: MIT
# Condvar against spinning: one lock protocol in its waiting modes.  Left what a
# switch takes, right what it costs; full with a CPU for each thread, hollow
# with more threads than CPUs.
width = 960
height = 500
call "common.gp" ARG1 ARG2 ARG3 ARG4 ARG5

# All stats come before the axes get ranges, which they would keep to.
us(name) = column(name) / 1e3
stats data using (us("switch_latency_p50_ns")) nooutput name "P50"
stats data using (us("switch_latency_p99_ns")) nooutput name "P99"
stats data using (us("launch_cpu_per_switch_ns")) nooutput name "CPU"
array mode_of[4096]
sides = ""
array threads_of[2]
stats data using (mode_of[row_series(0)] = strcol("mode"), \
	sides = with(sides, column("is_beyond_cpus")), \
	threads_of[flag("is_beyond_cpus") + 1] = int(column("threads")), 1) nooutput

set multiplot layout 1, 2 margins 0.085, 0.985, 0.13, 0.77 spacing 0.1, 0.1 \
	title "handoff: a switch in each waiting mode\n" . subtitle font ",12"
set logscale y
set format y "%g"
set xrange [0.4:words(series) + 0.6]
set xtics () scale 0
do for [i = 1:words(series)] {
	set xtics add (mode_of[nth(series, i)] i)
}
unset grid
set grid y lc rgb "#DDDDDD" lw 1 lt 1

# Full to the left of the mode's middle, hollow to the right.
x(i, beyond) = is_of(nth(series, i)) && flag("is_beyond_cpus") == beyond \
	? i + (beyond ? 0.16 : -0.16) : NaN
shape(i, beyond) = int(word(beyond ? "6 4 8 12" : "7 5 9 13", (i - 1) % 4 + 1))
side_text(beyond) = sprintf("%d threads, %s the CPUs", threads_of[beyond + 1], \
	beyond ? "beyond" : "within")

set key at screen 0.5, screen 0.885 center top horizontal maxrows 1 samplen 1 width 2
set title "switch latency: median, up to p99" offset 0, -0.3
set ylabel "from release to acquisition (us, log scale)"
set yrange [decade_below(P50_min):decade_above(P99_max)]
plot for [i = 1:words(series)] for [j = 1:words(sides)] data \
		using (x(i, nth(sides, j))):(us("switch_latency_p50_ns")): \
		(us("switch_latency_p50_ns")):(us("switch_latency_p99_ns")) \
		with yerrorbars lt lt_of[nth(series, i)] pt shape(i, nth(sides, j)) \
		ps large notitle, \
	for [j = 1:words(sides)] keyentry with points pt shape(1, nth(sides, j)) \
		ps large lc rgb "#555555" title side_text(nth(sides, j))

unset label 1000
unset key
set title "CPU time: median, and each launch"
set ylabel "CPU time of the process per switch (us, log scale)"
set yrange [decade_below(CPU_min):decade_above(CPU_max)]
plot for [i = 1:words(series)] for [j = 1:words(sides)] data \
		using (x(i, nth(sides, j)) + 0.13):(us("launch_cpu_per_switch_ns")) \
		with points lt lt_of[nth(series, i)] pt 7 ps small, \
	for [i = 1:words(series)] for [j = 1:words(sides)] data \
		using (x(i, nth(sides, j))):(us("cpu_per_switch_ns")) \
		with points lt lt_of[nth(series, i)] pt shape(i, nth(sides, j)) ps large
unset multiplot
