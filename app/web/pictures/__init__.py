"""Pictures drawn on the server: where each bar stands, in units of the drawing. Templates write the SVG.

Each picture is made of the rows of the table that stands below it, so that both say the same.
"""
