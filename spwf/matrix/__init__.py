"""`spwf matrix`: each promise of the note about TLS, put to real servers [design 8.10].

cells.py has the promises as data, run.py puts them to a module, judge.py compares, report.py
counts, and show.py and page.py are for who looks at it.
"""
