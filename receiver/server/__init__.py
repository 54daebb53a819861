"""The web server: gunicorn, its workers, logs and metrics."""
