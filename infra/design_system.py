"""Installs the U.S. Web Design System: `npm ci`, then a copy of the files that the pages use.

Only this module needs Node. Without it, or without the package, the pages have their own plain style. `make setup` runs
it, with the standard library alone.
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGE = _ROOT / "node_modules/@uswds/uswds"
_TARGET = _ROOT / "app/web/static/uswds"
#: Seconds for the whole of `npm ci`.
_PATIENCE = 300

_SCRIPTS = ("js/uswds-init.min.js", "js/uswds.min.js")
_SHEET = "css/uswds.min.css"
#: The package sets text in Source Sans Pro and Merriweather; these pages use Public Sans for both.
_REPLACED = ("Source Sans Pro Web", "Merriweather Web")
_TEXT, _CODE = "Public Sans Web", "Roboto Mono Web"
#: Family, style, weight, file.
_FONTS = (
    (_TEXT, "normal", 400, "fonts/public-sans/PublicSans-Regular.woff2"),
    (_TEXT, "italic", 400, "fonts/public-sans/PublicSans-Italic.woff2"),
    (_TEXT, "normal", 700, "fonts/public-sans/PublicSans-Bold.woff2"),
    (_CODE, "normal", 400, "fonts/roboto-mono/roboto-mono-v5-latin-regular.woff2"),
    (_CODE, "normal", 700, "fonts/roboto-mono/roboto-mono-v5-latin-700.woff2"),
)


def main() -> int:
    """Install and copy. The exit status is always 0: the pages work without the design system."""
    npm = shutil.which("npm")
    if npm is None:
        return _without("npm is not installed")
    start = time.monotonic()
    sys.stdout.write("setup: npm fetches the design system of the pages\n")
    sys.stdout.flush()
    try:
        _install(npm)
        copy(_PACKAGE / "dist", _TARGET)
    except (OSError, subprocess.SubprocessError, LookupError) as error:
        return _without(str(error))
    sys.stdout.write(f"setup: the design system is ready after {time.monotonic() - start:.0f} s\n")
    return 0


def _install(npm: str) -> None:
    """Fill `node_modules` from the lock. Raises `OSError` or `subprocess.SubprocessError`."""
    ended = subprocess.run(
        [npm, "ci", "--loglevel=error"],
        cwd=_ROOT,
        check=False,
        timeout=_PATIENCE,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        output = ended.stderr.strip().splitlines() or ["npm printed nothing"]
        raise subprocess.SubprocessError(f"npm ci ended with {ended.returncode}; {output[0]}")


def copy(dist: Path, target: Path) -> None:
    """Replace `target` by a copy from the package. Raises `OSError` or `LookupError` if the package is not as expected."""
    sheet = stylesheet((dist / _SHEET).read_text(encoding="utf-8"))
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in (*(file for *_, file in _FONTS), *sorted(_images(sheet)), "img/sprite.svg"):
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dist / name, fresh / name)
    for name in _SCRIPTS:
        (fresh / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh / name).write_text(_without_map((dist / name).read_text(encoding="utf-8")), encoding="utf-8")
    (fresh / _SHEET).parent.mkdir(parents=True, exist_ok=True)
    (fresh / _SHEET).write_text(sheet, encoding="utf-8")
    shutil.copyfile(dist.parent / "LICENSE.md", fresh / "LICENSE.md")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    (target / ".ready").touch()


def stylesheet(packaged: str) -> str:
    """The style sheet of the package with the fonts of these pages. Raises `LookupError` if it has none to replace."""
    sheet, faces = re.subn(r"@font-face\{[^}]*\}", "", _without_map(packaged))
    if not faces or not all(name in sheet for name in _REPLACED):
        raise LookupError(f"{_SHEET} does not name its fonts as expected")
    for name in _REPLACED:
        sheet = sheet.replace(name, _TEXT)
    own = "".join(
        f'@font-face{{font-family:"{family}";font-style:{style};font-weight:{weight};font-display:fallback;'
        f'src:url(../{file})format("woff2")}}'
        for family, style, weight, file in _FONTS
    )
    return own + sheet


def _images(sheet: str) -> set[str]:
    """The drawings in the style sheet. Its only photograph is for a component that these pages do not use."""
    return set(re.findall(r"url\(\.\./(img/[^)]+\.svg)\)", sheet))


def _without_map(text: str) -> str:
    """Remove the reference to a source map, which is not copied."""
    return re.sub(r"\n(?://|/\*)# sourceMappingURL=\S+(?: \*/)?\s*\Z", "\n", text)


def _without(reason: str) -> int:
    sys.stderr.write(f"setup: the pages are plain without the design system ({reason})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
