"""Camera readers, one protocol per file, and what turns their access units into fragments."""
