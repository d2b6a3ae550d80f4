"""Rehearsed attacks: each carries out a real attempt against a running local stack, and shows how it is stopped.

No part of the application imports this package, and no image holds it: what attacks must not be where the real system is.
"""
