"""What two verdicts show, cell by cell, and where that differs."""

import unicodedata

FIELDS = ("cols", "rows", "cursor", "alternate")
PLAIN = {"fg": "default", "bg": "default"}
BLANK = (" ", PLAIN)
# It has a column.
SOFT_HYPHEN = "\u00ad"


def differing(ours, judge):
    """The fields that differ, and the numbers of the rows whose text does, and of those where only looks do."""
    name = judge["judge"]
    fields = [field for field in FIELDS if ours[field] != judge[field]]
    if name != "tmux" and plain_title(ours) != plain_title(judge):
        fields.append("title")
    mine, theirs = grid(ours, name), grid(judge, name)
    if name == "real":
        forgive_last_columns(mine, theirs)
    rows = {"lines": [], "looks": []}
    for row, (a, b) in enumerate(zip(mine, theirs)):
        if a != b:
            is_text = [text for text, _ in a] != [text for text, _ in b]
            rows["lines" if is_text else "looks"].append(row)
    return fields, rows


def plain_title(verdict):
    """We leave out what cannot be shown, and blanks at both ends."""
    return "".join(c for c in verdict["title"] if unicodedata.category(c) != "Cc").strip()


def grid(verdict, name):
    """The cells of each row, each as what it shows: text, none for the second half of a wide character, and look."""
    return [cells(row, verdict["cols"], name) for row in verdict["cells"]]


def cells(row, cols, name):
    found = []
    for col, text, look in row:
        found += [BLANK] * (col - len(found))
        for character in text:
            if found and unicodedata.category(character) in ("Mn", "Me", "Cf") and character != SOFT_HYPHEN:
                before = 1 + (found[-1][0] == "" and len(found) > 1)
                found[-before] = (found[-before][0] + character, found[-before][1])
                continue
            found.append((character, look))
            if unicodedata.east_asian_width(character) in "WF":
                found.append(("", look))
    found = [shown(text, look, name) for text, look in found[:cols]]
    return found + [BLANK] * (cols - len(found))


def shown(text, look, name):
    """What looks the same is the same: whether characters are composed, and the foreground of a blank. Invisible text
    is to xterm as if it were not there, and so are characters that only say how others are shown, as ZWJ."""
    text = unicodedata.normalize("NFC", text)
    if name == "real":
        text = "".join(c for c in text if unicodedata.category(c) != "Cf" or c == SOFT_HYPHEN)
        if "invisible" in look:
            text, look = " " * (text != ""), {what: value for what, value in look.items() if what != "invisible"}
    if text == " " and "inverse" not in look:
        look = look | {"fg": "default"}
    return text, look


def forgive_last_columns(mine, theirs):
    """Where a wide character does not fit into the last column, that is blank in ours (and in xterm.js), and keeps
    what is in it in xterm."""
    for row, below in enumerate(mine[1:]):
        if below[0][0] and unicodedata.east_asian_width(below[0][0][0]) in "WF":
            mine[row][-1] = theirs[row][-1] = BLANK
