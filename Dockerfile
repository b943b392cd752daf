# The gateway as a container: it needs GATEWAY_DATABASE_URL (PostgreSQL 15 or newer) and GATEWAY_PUBLIC_URL (the https
# address that callers know, or a loopback one), keeps its keys in the volume /data and listens on 8080 (HTTP) and 2575
# (MLLP). Two stages: nothing that only the build needs is in the image.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv /app/venv \
    && /app/venv/bin/python -m pip install --no-cache-dir --no-deps --require-hashes --requirement requirements.txt

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin gateway \
    && install --directory --owner 10001 --group 10001 --mode 0700 /data
WORKDIR /app
COPY --from=build /app/venv /app/venv
COPY gateway/ gateway/
COPY mappings/ mappings/
COPY profiles/ profiles/
ENV PATH=/app/venv/bin:$PATH \
    GATEWAY_DATA_FOLDER=/data \
    GATEWAY_HTTP_HOST=0.0.0.0 \
    GATEWAY_MLLP_HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8080 2575
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "import os, ssl, urllib.request as u; tls = 's' if os.environ.get('GATEWAY_HTTP_CERTIFICATE') else ''; u.urlopen(f'http{tls}://127.0.0.1:8080/health/ready', timeout=4, context=ssl._create_unverified_context())"]
ENTRYPOINT ["python3", "-m", "gateway"]
CMD ["serve"]
