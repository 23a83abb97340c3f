"""What the city's staff keep in Wagtail's admin; registered in points/wagtail_hooks.py."""
