"""Facts of a run, kept in a file and judged again: the codec, the file, and names made aliases."""
