# SPDX-License-Identifier: MIT
# What all charts share.  `gilbench report -o DIR` draws them; by hand:
#
#   GNUPLOT_LIB=plots gnuplot -c plots/NAME.gp IN.tsv OUT FORMAT SUBTITLE CAPTION
#
# A script sets width and height, then calls this with its own arguments, and has
#   data          the table; its first line names the columns
#   subtitle      what of it is drawn
#   series        the numbers of its curves, in the table's order
#   label_of[s]   the column "label" of a curve; likewise
#   lt_of[s]      its line type: a variant has one colour in all charts, and
#   pt_of[s]      its point, which tells apart what the eye does not
#   small, normal, large   sizes of points

data = ARG1
subtitle = ARG4

if (ARG3 eq "png") {
	set terminal pngcairo size width, height noenhanced \
		font "DejaVu Sans,10" background rgb "white"
	small = 0.35
	normal = 0.9
	large = 1.3
} else {
	set terminal svg size width, height dynamic noenhanced \
		font "DejaVu Sans,12" background rgb "white"
	small = 0.32
	normal = 0.65
	large = 0.95
}
set output ARG2

set encoding utf8
set datafile separator tab
set datafile columnheaders
set datafile missing "NaN"

# Okabe and Ito's colours, without their yellow, which white swallows.
palette_colors = "#0072B2 #D55E00 #009E73 #CC79A7 #000000 #E69F00 #56B4E9 #7F7F7F"
# Circle, square, triangles, diamond, pentagon: filled, then hollow.
palette_points = "7 5 9 13 11 15 6 4 8 12 10 14"
do for [i = 1:32] {
	set linetype i lc rgb word(palette_colors, (i - 1) % 8 + 1) lw 2 ps normal
}
point_type(i) = int(word(palette_points, (i - 1) % 12 + 1))

array label_of[4096]
array lt_of[4096]
array pt_of[4096]
has(list, s) = strstrt(list, sprintf(" %d ", s)) > 0
with(list, s) = has(list, s) ? list : list . sprintf(" %d ", s)
# The i-th number of a list; gnuplot evaluates it once even for an empty one.
nth(list, i) = i <= words(list) ? int(word(list, i)) : 1
row_series(dummy) = int(column("series"))
series = ""
stats data using (series = with(series, column("series")), \
	label_of[row_series(0)] = strcol("label"), \
	lt_of[row_series(0)] = (int(column("style")) - 1) % 32 + 1, \
	pt_of[row_series(0)] = point_type(int(column("point"))), 1) nooutput
is_of(s) = int(column("series")) == s
flag(name) = column(name) == 1

# The decades round a range, for a log axis: never an empty one.
decade_below(v) = 10 ** floor(log10(v) - 0.02)
decade_above(v) = 10 ** ceil(log10(v) + 0.02)

set title font ",12"
set border 3 lw 1
set tics nomirror out
set grid lc rgb "#DDDDDD" lw 1 lt 1
set bmargin 5.5
set label 1000 ARG5 at screen 0.012, screen 0.022 left font ",8" \
	tc rgb "#555555" noenhanced
