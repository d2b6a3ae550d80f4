"""What a presenter orders from the pages of the demo: rehearsals, a day, a comparison, slow tools, a reset.

It runs in a process of the local stack, since the web process may do none of it. No image holds it.
"""
