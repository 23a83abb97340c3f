"""Django's command of this name asks for a user name, and our accounts have none."""

import getpass
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from volunteers.actions.staff import create_chief


class Command(BaseCommand):
    help = (
        "Make an account for the city's staff, who may do everything. The password is asked for,"
        " or read from DJANGO_SUPERUSER_PASSWORD with --no-input."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", default="")
        parser.add_argument("--no-input", "--noinput", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = os.environ.get("DJANGO_SUPERUSER_PASSWORD", "")
        if not options["no_input"]:
            password = getpass.getpass("Password: ")
            if getpass.getpass("Again: ") != password:
                raise CommandError("The two passwords differ.")
        try:
            create_chief(email=options["email"], name=options["name"], password=password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{options['email']} signs in at /accounts/login/ and works at /admin/")
