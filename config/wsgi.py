"""What the web server loads: `granian --interface wsgi config.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

application = get_wsgi_application()

# What is loaded by now stays. Python need not look for garbage in it again and again, which would
# hold up whoever asks at that moment by a tenth of a second.
gc.collect()
gc.freeze()
