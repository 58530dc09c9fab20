# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.12
ARG DISTRO=slim-bookworm

FROM --platform=linux/amd64 python:${PYTHON_VERSION}-${DISTRO} AS base
ENV PYTHONUNBUFFERED=1 \
    # no bytecode in images
    PYTHONDONTWRITEBYTECODE=1

FROM base AS build
COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv
RUN --mount=type=cache,target=/root/.cache \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=bind,from=registry.example.com/wheels:2026@sha256:0123,source=/wheels,target=/wheels \
    uv pip install --system -r requirements.txt

FROM base
COPY --chown=1000:1000 --from=build /usr/local /usr/local
COPY <<EOF /etc/motd
FROM here to there
EOF
HEALTHCHECK --interval=30s CMD ["python", "-c", "1"]
CMD ["python", "-m", "notifier"]
