"""The gate: files in, checked records and cells out, all or nothing."""
