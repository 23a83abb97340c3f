from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FoundationsConfig(AppConfig):
    name = "foundations"
    verbose_name = _("Foundations")
