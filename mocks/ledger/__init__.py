"""The financial system: a database whose own grants decide who reads what."""
