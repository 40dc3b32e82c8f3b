# One image for every part: worker, viewer, producer.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 imagebus && install -d -o imagebus /data
WORKDIR /app

# Dependencies first: they change less often than the code.
COPY pyproject.toml setup.cfg requirements-nodeps.txt README.md LICENSE ./
RUN mkdir functions streams web && touch functions/__init__.py streams/__init__.py web/__init__.py \
 && pip install --no-cache-dir . && pip install --no-cache-dir --no-deps -r requirements-nodeps.txt \
 && pip uninstall --yes imagebus && rm -rf functions streams web

COPY functions functions
COPY streams streams
COPY web web
RUN pip install --no-cache-dir --no-deps .

USER imagebus
ENV IMAGEBUS_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
CMD ["faust", "-A", "streams", "worker", "-l", "info"]
