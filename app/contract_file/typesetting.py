"""Sets one document: JSON on standard input, PDF on standard output. A program of its own, started by `app.contract_file.pdf`.

What Typst remembers between documents comes to half a gigabyte, and what it is given comes from outside: this process is
gone after each document, has no more time and memory than it needs, and knows nothing else.
"""

import json
import resource
import sys
from pathlib import Path

import typst

#: Seconds of processor time, and bytes of address space.
_SECONDS = 60
_MEMORY = 3_000_000_000


def main() -> None:
    """Exit status 1, with Typst's message on standard error, when the document cannot be set."""
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin.buffer)
    compiler = typst.Compiler(
        input=Path(__file__).with_name("contract_file.typ").read_bytes(),
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(asked["document"])},
    )
    try:
        made = compiler.compile(format="pdf", pdf_standards=["ua-1", "a-2a"], timestamp=asked["timestamp"])
    except typst.TypstError as error:
        sys.exit(error.message)
    if not isinstance(made, bytes):
        sys.exit("Typst returned no document")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
