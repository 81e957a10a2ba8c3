"""The working half of *Unrolled*: the code that every chapter shows, calls and tests."""
