"""The worker and web fixtures reach the same database as the test that asked for them."""

from config.celery import app


def test_a_worker_started_by_a_test_consumes_the_tests_own_queue(worker, broker, wait_until):
    app.send_task("celery.ping")
    wait_until(lambda: broker.llen("linli") == 0)
    assert worker.poll() is None
    assert app.control.ping(timeout=5, limit=1)


def test_without_a_worker_a_message_stays_in_the_queue(db, broker):
    app.send_task("celery.ping")
    assert broker.llen("linli") == 1
