"""Records security events: each is one line on standard output and one row in the database.

`request_events` makes an event of a request, `event_outbox` records it, `event_notes` is what views add to it.
"""
