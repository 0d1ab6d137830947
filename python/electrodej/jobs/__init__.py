"""What each verb does, from files to files. The command line and the demo are two callers of these."""
