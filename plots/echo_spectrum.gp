# SPDX-License-Identifier: MIT
# Response-time spectrum of echo: every percentile at once, the tail stretched
# out.  A horizontal step at a whole slice is a convoy.
width = 960
height = 560
call "common.gp" ARG1 ARG2 ARG3 ARG4 ARG5

set title "echo: response time by percentile\n" . subtitle
set xlabel "percentile of the requests (log scale of 1 / (1 - p))"
set ylabel "response time from the intended moment (ms, log scale)"
set logscale xy
stats data using "one_in" nooutput name "X"
set xrange [1:X_max > 10 ? X_max : 10]
set xtics ("0 %%" 1, "50 %%" 2, "90 %%" 10, "95 %%" 20, "99 %%" 100, "99.9 %%" 1000, \
	"99.99 %%" 10000, "99.999 %%" 100000, "99.9999 %%" 1000000)
set format y "%g"
set key outside right top Left reverse samplen 4 spacing 1.2

# Which curves have measured points, and which have lower bounds.
measured = ""
bounds = ""
stats data using (flag("is_lower_bound") ? (bounds = with(bounds, column("series"))) \
	: (measured = with(measured, column("series"))), 1) nooutput
y(s, bound) = is_of(s) && flag("is_lower_bound") == bound \
	? column("response_ns") / 1e6 : NaN

# gnuplot runs a loop over an empty list once, so absent kinds are left out.
solid = 'for [i = 1:words(measured)] data using "one_in":(y(nth(measured, i), 0)) ' . \
	'with linespoints lt lt_of[nth(measured, i)] pt pt_of[nth(measured, i)] pi 5 ' . \
	'title label_of[nth(measured, i)]'
dashed = 'for [i = 1:words(bounds)] data using "one_in":(y(nth(bounds, i), 1)) ' . \
	'with linespoints lt lt_of[nth(bounds, i)] pt pt_of[nth(bounds, i)] pi 5 dt 2 ' . \
	'title has(measured, nth(bounds, i)) ? "" : label_of[nth(bounds, i)], ' . \
	'keyentry with lines lc rgb "#555555" lw 2 dt 2 title "dashed: lower bound"'
eval "plot " . (measured eq "" ? "" : solid) . \
	(measured eq "" || bounds eq "" ? "" : ", ") . (bounds eq "" ? "" : dashed)
