"""Who is here and what is true: people, rooms, accounts, sanctions.  Data, without verbs."""
