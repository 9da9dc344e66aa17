# One image for every part: `sightline server`, `sightline streams`, `sightline up`.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/sightline \
 && /opt/sightline/bin/pip install --no-cache-dir --only-binary :all: --no-binary http-ece --require-hashes -r requirements/image.lock \
 && python -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements/node.lock
COPY . .
RUN /opt/node/bin/python clients/web/build.py \
 && /opt/sightline/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin sightline \
 && install -d -o sightline -g sightline /var/lib/sightline
COPY --from=build /opt/sightline /opt/sightline
ENV PATH=/opt/sightline/bin:$PATH PYTHONUNBUFFERED=1 SIGHTLINE_DATA=/var/lib/sightline
USER sightline
VOLUME /var/lib/sightline
EXPOSE 8080
ENTRYPOINT ["sightline"]
CMD ["server", "--config", "/etc/sightline/sightline.toml"]
