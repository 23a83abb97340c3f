# The production image: the site, its worker and its beat. docker-compose.yml runs all three.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --requirement requirements/base.txt
COPY . .
RUN python -m config.translations compile \
 && DJANGO_SETTINGS_MODULE=config.settings.build python manage.py collectstatic --no-input

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --uid 10001 linli \
 && install -d -o linli /app/media /app/media/images /app/state
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production LINLI_MEDIA=/app/media
USER linli
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "config.wsgi:application"]
