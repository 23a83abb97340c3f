from typing import Any

from django.core.management.base import BaseCommand

from cms.demo.logins import login_table


class Command(BaseCommand):
    help = "Who one can be in the demo."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(login_table())
