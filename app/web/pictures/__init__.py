"""Charts: the position of each bar, in units of the drawing. Templates write the SVG.

Each chart is made from the rows of the table below it, so that both agree.
"""
