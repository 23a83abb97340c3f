"""What happened in this room. Rooms above listen in their handlers.py; nobody is called by name."""

from django.dispatch import Signal

# After commit: some service records may now be owed to the ledger. No arguments: the database says
# which.
records_owed = Signal()

# In the same transaction: kwargs `kept: Volunteer`, `merged: Volunteer`, `by: User | None`.
volunteers_merged = Signal()

# In the same transaction: kwargs `organisation: Organisation`.
organisation_created = Signal()

# In the same transaction: kwargs `organisation: Organisation`, `user: User`.
membership_changed = Signal()

# In the same transaction: kwargs `volunteer: Volunteer`, `kind: str` (of the notice). Consent was
# given or taken back.
consent_changed = Signal()

# In the same transaction: kwargs `volunteer: Volunteer`. The person lives in another community.
community_changed = Signal()

# In the same transaction: kwargs `volunteer: Volunteer`. Where the person studies was said, proved
# or taken back.
affiliation_changed = Signal()

# In the same transaction: kwargs `volunteer: Volunteer`, `by: User | None`. The account was closed
# and the person made nameless: rooms above let go of what waits for that person.
volunteer_closed = Signal()

# In the same transaction, before the account forgets who it was: kwargs `user: User`,
# `by: User | None`. The account is being closed. A receiver may raise CannotLeave.
account_closing = Signal()

# In the same transaction: kwargs `volunteer_ids: list[int]`. These people had a place somewhere and
# did not come, or were excused for it afterwards, or turned out to have come.
no_shows_noted = Signal()

# kwargs `volunteer: Volunteer`. Each receiver returns `(name, data)`: what its room keeps about the
# person, JSON-serialisable, for the copy of their data that a person may take along (P4).
data_copy_asked = Signal()
