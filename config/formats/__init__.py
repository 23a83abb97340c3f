"""Dates as people here write them, where Django's own have a zero in front of the month."""
