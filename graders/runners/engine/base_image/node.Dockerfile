# A stand-in for an official Node image: a Debian of ours, and the Node that comes with the course.
ARG ROOT
FROM ${ROOT}
ARG EXTRA=""
ARG VERSION
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin NODE_VERSION=${VERSION}
ADD node.tar /usr/local
RUN set -e; \
    if [ -n "${EXTRA}" ]; then \
      apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${EXTRA}; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    useradd --uid 1000 --user-group --shell /bin/bash --create-home node; \
    npm config --global set offline true; \
    node --version
CMD ["node"]
