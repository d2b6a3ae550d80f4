"""Sets one document: JSON on standard input, PDF on standard output. `app.contract_file.pdf` starts this program.

A separate process per document, with limited time and memory and nothing else in it: Typst caches up to half a gigabyte
between documents, and its input comes from outside.
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
    order = json.load(sys.stdin.buffer)
    compiler = typst.Compiler(
        input=Path(__file__).with_name("contract_file.typ").read_bytes(),
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(order["document"])},
    )
    try:
        made = compiler.compile(format="pdf", pdf_standards=["ua-1", "a-2a"], timestamp=order["timestamp"])
    except typst.TypstError as error:
        sys.exit(error.message)
    if not isinstance(made, bytes):
        sys.exit("Typst returned no document")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
