"""The report for people: the answer first, from one renderer. Pure: widths and styles are given by the edge."""
