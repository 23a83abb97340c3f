"""What happened in this room. Rooms above listen in their handlers.py; nobody is called by name."""

from django.dispatch import Signal

# After commit: some service records may now be owed to the ledger. No arguments: the database says which.
records_owed = Signal()

# In the same transaction: kwargs `kept: Volunteer`, `merged: Volunteer`, `by: User | None`.
volunteers_merged = Signal()

# In the same transaction: kwargs `organisation: Organisation`.
organisation_created = Signal()

# In the same transaction: kwargs `organisation: Organisation`, `user: User`.
membership_changed = Signal()
