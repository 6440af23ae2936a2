"""How much of anything still is an export. A file beyond a limit is refused, so that memory stays bounded."""

RECORD = 32 << 20
"""Bytes of one record, or of one JSON element, as UTF-8."""
NAMES = 10_000
"""Names in a header, or different keys of the objects of a file."""
DEPTH = 200
"""Brackets of JSON inside one another."""
EXPANSION, EXPANDED = 200, 10 << 30
"""Compressed data that grow by more than the one (times) and beyond the other (bytes) are no export."""
WORKBOOK = 1 << 30
"""Bytes of the unpacked parts of an .xlsx workbook."""
CELLS = 20_000_000
"""Cells of a sheet, empty ones between the first and the last included."""
PIECE = 1 << 22
"""Bytes that are rewritten at a time."""
