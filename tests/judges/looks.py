"""What two verdicts show, cell by cell, and where that differs."""

import unicodedata

FIELDS = ("cols", "rows", "cursor", "alternate")
PLAIN = {"fg": "default", "bg": "default"}
BLANK = (" ", PLAIN)
# It has a column.
SOFT_HYPHEN = "\u00ad"


def differing(ours, judge):
    """The fields that differ, and the numbers of the rows whose text does (`edge` where only the last two columns
    have another one), and of those where only looks do."""
    name = judge["judge"]
    fields = [field for field in FIELDS if ours[field] != judge[field]]
    if name != "tmux" and plain_title(ours) != plain_title(judge):
        fields.append("title")
    rows = {"lines": [], "edge": [], "looks": []}
    for row, (mine, theirs) in enumerate(zip(grid(ours, name), grid(judge, name))):
        if mine != theirs:
            rows[kind(mine, theirs)].append(row)
    return fields, rows


def kind(mine, theirs):
    texts, others = [text for text, _ in mine], [text for text, _ in theirs]
    if texts == others:
        return "looks"
    return "edge" if texts[:-2] == others[:-2] else "lines"


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
