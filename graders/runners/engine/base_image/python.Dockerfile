# A stand-in for an official Python image: a Debian of ours, and a Python that was found on this machine.
ARG ROOT
FROM ${ROOT}
ARG EXTRA=""
ARG VERSION
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHON_VERSION=${VERSION}
COPY etc /etc
COPY wheels /usr/share/ninesteps/wheels
ADD python.tar /usr/local
RUN set -e; \
    if [ -n "${EXTRA}" ]; then \
      apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${EXTRA}; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    ldconfig; \
    if [ ! -e /usr/local/bin/python3 ]; then \
      ln -s /usr/bin/python3 /usr/local/bin/python3; ln -s /usr/bin/pip3 /usr/local/bin/pip; \
      rm -f /usr/lib/python3*/EXTERNALLY-MANAGED; \
    else \
      python3 -m ensurepip >/dev/null; ln -sf pip3 /usr/local/bin/pip; \
    fi; \
    ln -sf python3 /usr/local/bin/python; \
    pip --version
CMD ["python3"]
