# One image for all our processes; docker-compose.yml names the command of each container.
#
# Size on amd64: about 230 MB besides the base, of which typst, which sets the contract file, takes 81, and byte code, which
# a read-only container could not write, takes 50.
ARG PYTHON_IMAGE=python:3.13.16-slim-trixie
ARG NODE_IMAGE=node:24.19.0-trixie-slim

FROM ${NODE_IMAGE} AS design-system
WORKDIR /design
# A package index to use in place of the client's default, here and below.
ARG NPM_CONFIG_REGISTRY
COPY .npmrc package.json package-lock.json ./
RUN npm ci --silent

FROM ${PYTHON_IMAGE} AS environment
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
# Trust the authorities of the base image, to which a company's authority can be added.
ENV UV_SYSTEM_CERTS=1 UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /build
COPY requirements/uv.lock requirements/runtime.lock ./
RUN python3 -m venv /uv \
 && /uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r uv.lock
RUN /uv/bin/uv venv --quiet --python python3 /opt/triage \
 && /uv/bin/uv pip install --quiet --python /opt/triage/bin/python --compile-bytecode \
      --require-hashes --only-binary :all: -r runtime.lock
WORKDIR /app
COPY app app
COPY workers workers
COPY mocks mocks
# A test asset, but needed here: the mocks serve its scenarios, and `triage provision demo-data` writes them.
COPY known_answers known_answers
COPY infra infra
COPY --from=design-system /design/node_modules/@uswds/uswds /design/uswds
RUN python3 -c 'from pathlib import Path; from infra.design_system import copy; \
      copy(Path("/design/uswds/dist"), Path("app/web/static/uswds"))' \
 && /opt/triage/bin/python -m compileall -q app workers mocks known_answers infra \
 && printf '#!/opt/triage/bin/python\nfrom app.cli.main import main\n\nmain()\n' > /opt/triage/bin/triage \
 && chmod 0755 /opt/triage/bin/triage

FROM ${PYTHON_IMAGE}
# A volume takes owner and mode from the folder on which it is first mounted. So the one process that needs a volume can
# write it, although no container runs as root. Our processes and most servers are 10001. The vault has a separate user, so
# that only containers in group 10003 can read its log; so has the reconciler, which reads the tools' logs and that of the
# vault's second audit device in group 10004.
RUN set -e; echo 'triage:x:10001:10001::/tmp:/usr/sbin/nologin' >> /etc/passwd; echo 'triage:x:10001:' >> /etc/group; \
    umask 077; mkdir /secrets /data /vault; chmod 0755 /secrets /data /vault; \
    for owner in backup contracts debarment dispatcher documents identity-provider operator postgres proxy reconciler rotator \
      sam-gov sweeper switch valkey vault web worker; do mkdir "/secrets/$owner"; done; \
    mkdir /secrets/identities; chmod 0755 /secrets/identities; \
    for owner in backup dispatcher operator rotator sweeper switch web; do mkdir "/secrets/identities/$owner"; done; \
    mkdir /data/demo /data/postgres /data/valkey /vault/data /vault/audit /vault/audit-2; \
    chown 10001:10001 /secrets/* /secrets/identities/* /data/*; \
    chown 10001:10002 /secrets/vault; chmod 2750 /secrets/vault; \
    chown 10001:10004 /secrets/reconciler; chmod 2750 /secrets/reconciler; \
    mkdir /logs; chmod 0755 /logs; \
    for tool in contracts debarment documents ledger sam-gov; do mkdir "/logs/$tool"; done; \
    chown 10001:10004 /logs/*; chmod 2750 /logs/*; \
    chown 10002:10002 /vault/data; \
    chown 10002:10003 /vault/audit; chown 10002:10004 /vault/audit-2; chmod 2750 /vault/audit /vault/audit-2
COPY --from=environment /opt/triage /opt/triage
COPY --from=environment /app /app
ENV PATH=/opt/triage/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
WORKDIR /app
USER 10001:10001
CMD ["triage", "--help"]
