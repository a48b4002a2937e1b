# SPDX-License-Identifier: MIT
# Throughput of countdown against threads.  A GIL lets one thread compute at a
# time: 1.0 is the ideal, and what lies below it is the price of switching.
width = 900
height = 520
call "common.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set title "countdown: throughput of all threads, relative to one thread\n" . subtitle
set xlabel "computing threads (log scale)"
set ylabel "iterations per second / those of 1 thread"
set logscale x 2
counts = ""
stats data using (counts = with(counts, column("threads")), column("threads")) \
	nooutput name "THREADS"
set xrange [0.85:THREADS_max * 1.18]
set xtics ()
do for [i = 1:words(counts)] { set xtics add (nth(counts, i)) }
stats data using "launch_relative_ratio" nooutput name "Y"
set yrange [Y_min < 0.97 ? 0.98 * Y_min : 0.95:Y_max > 1.01 ? 1.02 * Y_max : 1.02]
set format y "%.2f"
set key outside right top Left reverse samplen 2.5 spacing 1.2

# Side by side, so that equal values do not hide each other.
step = 0.014
at(i, threads) = threads * (1 + step * (i - (words(series) + 1) / 2.0))
x(i) = is_of(nth(series, i)) ? at(i, column("threads")) : NaN

plot 1 with lines lc rgb "#555555" lw 1 dt 3 title "ideal", \
	for [i = 1:words(series)] data using (x(i)):"launch_relative_ratio" \
		with points lt lt_of[nth(series, i)] pt 7 ps small notitle, \
	for [i = 1:words(series)] data using (x(i)):"relative_ratio" \
		with linespoints lt lt_of[nth(series, i)] pt pt_of[nth(series, i)] \
		title label_of[nth(series, i)], \
	keyentry with points pt 7 ps small lc rgb "#555555" title "one launch"
