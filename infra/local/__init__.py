"""The whole system on a bare machine: real servers and every process of the application, started and stopped."""
