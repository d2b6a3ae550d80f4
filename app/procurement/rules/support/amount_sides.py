"""Which side of a comparison an amount adds to, by the label its rule gave it; None for one that is not compared."""


def amount_side(label: str) -> str:
    """Funding lines of one instrument add up, and so do the transactions of one report."""
    if label.startswith("line "):
        return f"accounting data in {label.rpartition(' in ')[2]}"
    return label.partition(", transaction ")[0]


def funds_side(label: str) -> str | None:
    """Only certified commitments that have not ended count as funds."""
    counts = label == "amount of the action" or label.startswith("commitment, certified")
    return label.split(",", maxsplit=1)[0] if counts and ", until " not in label else None


def obligations_side(label: str) -> str | None:
    """The lines of the ledger add up; the value of the contract is no obligation."""
    if label == "base and all options":
        return None
    return "net of all lines" if label.startswith("net of line ") else label
