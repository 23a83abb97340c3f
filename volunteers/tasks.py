from celery import shared_task

from volunteers.actions.leaving import forget_unproven_accounts


@shared_task
def forget_unproven_sign_ups() -> int:
    return forget_unproven_accounts()
