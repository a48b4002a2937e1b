# SPDX-License-Identifier: MIT
# What a variant gives up against what it gives: lost compute throughput and the
# slow end of the response times.  Where the server was overloaded its response
# times mean little, so the right panel shows how many requests it answered.
width = 1000
height = 520
call "common.gp" ARG1 ARG2 ARG3 ARG4 ARG5

answered = ""
overloaded = ""
stats data using (flag("is_overloaded") ? (overloaded = with(overloaded, column("series"))) \
	: (answered = with(answered, column("series"))), 1) nooutput
panels = (words(answered) > 0) + (words(overloaded) > 0)

# All stats come before the axes get ranges, which they would keep to.
p99(s) = column("response_p99_ns") / 1e6
rate(s) = column("requests_per_s")
if (words(answered) > 0) {
	stats data using (flag("is_overloaded") ? NaN : p99(0)) nooutput name "P99"
}
if (words(overloaded) > 0) {
	stats data using (flag("is_overloaded") ? rate(0) : NaN) nooutput name "RATE"
}
stats data using (100 * column("loss_ratio_max")) nooutput name "X_HIGH"
stats data using (100 * column("loss_ratio_min")) nooutput name "X_LOW"
letters = 0
stats data using (letters = strlen(strcol("label")) > letters ? \
	strlen(strcol("label")) : letters, 1) nooutput

x(s, panel) = is_of(s) && flag("is_overloaded") == panel \
	? 100 * column("loss_ratio") : NaN
low_x(s) = 100 * column("loss_ratio_min")
high_x(s) = 100 * column("loss_ratio_max")

set multiplot layout 1, panels margins 0.08, 0.985, 0.19, 0.80 spacing 0.1, 0.1 \
	title "echo: loss of compute throughput against response\n" . subtitle font ",12"
set xlabel "loss of compute throughput against countdown alone (%)"
set format y "%g"
unset key

# The labels stand in a column to the right of the points, evenly spread in the
# order of the points' heights, each with a line to its point.
left = (X_LOW_min < 0 ? X_LOW_min : 0)
span = (X_HIGH_max > 5 ? X_HIGH_max : 5) - left
left = left - 0.03 * span
column_at = left + 1.14 * span
to_column(s) = column_at - 0.01 * span - 100 * column("loss_ratio")
# Room for the longest label, at about 8 pixels a letter.
room = (8.0 * letters + 10) / (0.86 * width / panels)
room = room > 0.6 ? 0.6 : room
set xrange [left:left + 1.16 * span / (1 - room)]
# The axis ends where the labels begin.
rough = span / 5.0
unit = 10 ** floor(log10(rough))
step = unit * (rough / unit > 5 ? 10 : rough / unit > 2 ? 5 : rough / unit > 1 ? 2 : 1)
set xtics step * ceil(left / step), step, step * floor((left + 1.05 * span) / step)
share(list) = (column("label_rank") - 0.5) / words(list)

if (words(answered) > 0) {
	low = decade_below(P99_min)
	high = decade_above(P99_max)
	set logscale y
	set yrange [low:high]
	label_y(s) = low * (high / low) ** share(answered)
	set title "all answered: slow end of the response times" offset 0, -0.3
	set ylabel "p99 of the response time (ms, log scale)"
	plot for [i = 1:words(answered)] data using (x(nth(answered, i), 0)):(p99(0)): \
			(to_column(0)):(label_y(0) - p99(0)) \
			with vectors nohead lt lt_of[nth(answered, i)] lw 0.5, \
		for [i = 1:words(answered)] data using (x(nth(answered, i), 0)):(p99(0)): \
			(low_x(0)):(high_x(0)) \
			with xerrorbars lt lt_of[nth(answered, i)] pt pt_of[nth(answered, i)] ps large, \
		for [i = 1:words(answered)] data \
			using (x(nth(answered, i), 0) * 0 + column_at):(label_y(0)):"label" \
			with labels left tc lt lt_of[nth(answered, i)] noenhanced
	unset label 1000
}
if (words(overloaded) > 0) {
	high = RATE_max > 1 ? 1.15 * RATE_max : 1
	unset logscale y
	set yrange [-0.04 * high:high]
	label_y(s) = high * share(overloaded)
	set title "overloaded: requests answered" offset 0, -0.3
	set ylabel "requests answered per second"
	plot for [i = 1:words(overloaded)] data using (x(nth(overloaded, i), 1)):(rate(0)): \
			(to_column(0)):(label_y(0) - rate(0)) \
			with vectors nohead lt lt_of[nth(overloaded, i)] lw 0.5, \
		for [i = 1:words(overloaded)] data using (x(nth(overloaded, i), 1)):(rate(0)): \
			(low_x(0)):(high_x(0)) \
			with xerrorbars lt lt_of[nth(overloaded, i)] pt pt_of[nth(overloaded, i)] ps large, \
		for [i = 1:words(overloaded)] data \
			using (x(nth(overloaded, i), 1) * 0 + column_at):(label_y(0)):"label" \
			with labels left tc lt lt_of[nth(overloaded, i)] noenhanced
}
unset multiplot
