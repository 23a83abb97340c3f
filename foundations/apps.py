from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FoundationsConfig(AppConfig):
    name = "foundations"
    verbose_name = _("Foundations")

    def ready(self) -> None:
        from foundations import handlers
        from volunteers import signals

        signals.account_closing.connect(handlers.let_go_of_closing)
        signals.data_copy_asked.connect(handlers.copy_gifts)
