"""Pieces of output by family, for `streams.py`: each family is a function of a random generator and the size of the
screen that gives one piece."""


def number(rng, most):
    """A parameter: often small, sometimes none, zero, at an edge or far beyond it."""
    return rng.choice(["", "0", "1", "1", "2", "2", "3", str(rng.randint(1, most)), str(most), str(most + 1), "999"])


def csi(text):
    return b"\x1b[" + text.encode()


LETTERS = b"abcdefghijklmnopqrstuvwxyz"
WIDE = ["日", "日本語", "a語b", "漢字かな混", "한글", "😀", "全角文字列を全部"]
COMBINING = ["e\u0301", "n\u0303a", "日\u3099", "\u0301", "a\u0308\u0323", "x\u200dy", "\u2764\ufe0f"]


def text(rng, cols, rows):
    length = rng.choice([1, 2, 3, cols - 1, cols, cols + 1, rng.randint(1, 2 * cols)])
    start = rng.randrange(26)
    return bytes(LETTERS[(start + at) % 26] for at in range(length))


def page(rng, cols, rows):
    """A screen full of letters, so that what moves shows, and the cursor somewhere."""
    lines = [bytes(LETTERS[(row * 5 + col) % 26] for col in range(cols - rng.randrange(2))) for row in range(rows)]
    return b"\x1b[H" + b"\r\n".join(lines) + goto(rng, cols, rows)


def wide(rng, cols, rows):
    return rng.choice(WIDE).encode()


def combining(rng, cols, rows):
    return rng.choice(COMBINING).encode()


def goto(rng, cols, rows):
    where = [f"{number(rng, rows)};{number(rng, cols)}{rng.choice('Hf')}", f"{number(rng, cols)}G",
             f"{number(rng, rows)}d", f"{number(rng, cols)}`", f"{rng.randint(1, rows)};{rng.randint(1, cols)}H"]
    return csi(rng.choice(where))


def to_last_column(rng, cols, rows):
    """Text up to the last column, so that a wrap is pending."""
    start = rng.randint(1, cols)
    return csi(f"{rng.randint(1, rows)};{start}H") + LETTERS[: cols + 1 - start] + b"x" * max(0, cols - start - 25)


def move(rng, cols, rows):
    return csi(number(rng, max(cols, rows)) + rng.choice("ABCDEFae"))


def control(rng, cols, rows):
    return rng.choice([b"\r", b"\n", b"\r\n", b"\b", b"\b\b\b", b"\v", b"\f", b"\x1bD", b"\x1bM", b"\x1bE", b"\x1bM\x1bM"])


def modes(*which):
    return lambda rng, cols, rows: csi(rng.choice(which) + rng.choice("hl"))


def tab(rng, cols, rows):
    return rng.choice([b"\t", b"\t\t", b"\x1bH", csi("g"), csi("3g"), csi("?5W"), csi(number(rng, 9) + "I"),
                       csi(number(rng, 9) + "Z"), csi("?41h"), csi("?41l")])


def rows_margin(rng, cols, rows):
    return csi(rng.choice(["", f"{number(rng, rows)};{number(rng, rows)}", f"{rng.randint(1, rows)};{rng.randint(1, rows)}",
                           "2;" + str(rows - 1), ";" + str(rows - 1)]) + "r")


def cols_margin(rng, cols, rows):
    first = rng.randint(1, cols)
    inside = f"{first};{rng.randint(first, cols)}s"
    return rng.choice([csi("?69h"), csi("?69l"), csi("?69h") + csi(inside), csi("?69h") + csi(inside), csi(inside),
                       csi("?69h") + csi(f"{number(rng, cols)};{number(rng, cols)}s")])


def scroll(rng, cols, rows):
    return rng.choice([csi(number(rng, rows) + rng.choice("STLM^")), b"\x1bM", b"\x1bD", b"\n" * rng.randint(1, rows)])


def erase(rng, cols, rows):
    return csi(rng.choice([rng.choice(["", "0", "1", "2"]) + rng.choice("JK"), number(rng, cols) + "X"]))


def protect(rng, cols, rows):
    return rng.choice([csi('1"q'), csi('0"q'), csi('2"q'), csi('"q'), b"\x1bV", b"\x1bW",
                       csi("?" + rng.choice(["", "0", "1", "2"]) + rng.choice("JK"))])


def shift(rng, cols, rows):
    return csi(number(rng, cols) + rng.choice("@P@P@PX"))


def lines(rng, cols, rows):
    return csi(number(rng, rows) + rng.choice("LM"))


def repeat(rng, cols, rows):
    return rng.choice([b"x", b"x", "日".encode(), b"x\r", b"x\x1b[m", b""]) + csi(number(rng, cols) + "b")


def columns(rng, cols, rows):
    return rng.choice([b"\x1b6", b"\x1b9", csi(number(rng, cols) + rng.choice([" @", " A", "'}", "'~"]))])


def rectangle(rng, cols, rows):
    area = f"{number(rng, rows)};{number(rng, cols)};{number(rng, rows)};{number(rng, cols)}"
    if rng.randrange(2):
        top, left = rng.randint(1, rows), rng.randint(1, cols)
        area = f"{top};{left};{rng.randint(top, rows)};{rng.randint(left, cols)}"
    attributes = ";".join(rng.choice(["0", "1", "4", "5", "7", "22", "24", "25", "27"]) for _ in range(rng.randint(1, 3)))
    return csi(rng.choice([f"{rng.choice([65, 35, 126, 32, 163, 7])};{area}$x", f"{area}$z", f"{area}${{",
                           f"{area};1;{number(rng, rows)};{number(rng, cols)};1$v", f"{area};1;{number(rng, rows)};{number(rng, cols)}$v",
                           f"{area};{attributes}$r", f"{area};{attributes}$t", rng.choice(["1*x", "2*x", "*x"]),
                           "$x", "$z", "1;1$z"]))


def rendition(rng, cols, rows):
    colors = [f"{rng.choice('3349')}{rng.randrange(10)}", f"10{rng.randrange(8)}", f"38;5;{rng.randrange(256)}",
              f"48;5;{rng.randrange(256)}", f"38;2;{rng.randrange(256)};{rng.randrange(256)};7", f"48:2::9:{rng.randrange(256)}:8",
              f"38:5:{rng.randrange(256)}", "48:2:1:2:3"]
    plain = [str(rng.choice([0, 1, 2, 3, 4, 5, 7, 8, 9, 21, 22, 23, 24, 25, 27, 28, 29, 39, 49])), "", "6", "73"]
    chosen = [rng.choice(colors + plain * 3) for _ in range(rng.randint(1, 4))]
    return csi(";".join(chosen) + "m")


def background(rng, cols, rows):
    return csi(rng.choice(["44m", "7m", "0m", "1;41m", "48;5;99m"]))


SETS = [b"B", b"0", b"A", b"4", b"C", b"5", b"R", b"f", b"Q", b"9", b"K", b"Y", b"E", b"6", b"`", b"%6", b"Z", b"H", b"7", b"=", b"<",
        b"%5", b">", b"1", b"2", b"X", b"%2", b"\"?"]


def charset(rng, cols, rows):
    designation = b"\x1b" + rng.choice([b"(", b"(", b")", b"*", b"+"]) + rng.choice(SETS[:2] * 8 + SETS)
    used = rng.choice([b"\x0e", b"\x0f", b"\x1bn", b"\x1bo", b"\x1b|", b"\x1b}", b"\x1b~", b"\x1bN", b"\x1bO"])
    return rng.choice([designation, designation, used, csi("?42h"), b"#@[\\]^_`{|}~", b"lqqk`aj", "\x1b7\x1b8".encode()])


def screens(rng, cols, rows):
    return csi("?" + rng.choice(["47", "1047", "1049", "1048"]) + rng.choice("hl"))


def saving(rng, cols, rows):
    return rng.choice([b"\x1b7", b"\x1b8", b"\x1b7", b"\x1b8", csi("s"), csi("u"), csi("?6h"), csi("?6l"),
                       csi("?7;6s") + rng.choice([csi("?7l"), csi("?6h"), csi("?7h")]) + csi("?7;6r")])


def reset(rng, cols, rows):
    return rng.choice([csi("!p"), csi("!p"), b"\x1bc", b"\x1b#8", csi("64;1\"p"), csi("65\"p")])


def string(rng, cols, rows):
    opening = rng.choice([b"\x1b]", b"\x1b]2;", b"\x1b]52;", b"\x1bP", b"\x1bP1$q", b"\x1bX", b"\x1b^", b"\x1b_", b"\x1b]l", b"\x1bP!|"])
    body = rng.choice([b"", b"abc", b"0;x", "é日".encode(), b"a\nb", b"\x07", b"a\x00b", "“q”".encode(), b"x" * 50, b"\x1b", b"\x7f"])
    closing = rng.choice([b"\x1b\\", b"\x1b\\", b"\x1b\\", b"\x07", b"\x18", b"\x1a", b"\x1b[2C", b"\x1bD", b"\x1bc"])
    return opening + body + closing


def broken(rng, cols, rows):
    return rng.choice([b"\x1b[2\x18", b"\x1b[3\x1aC", b"\x1b[2\nC", b"\x1b[1\x1b[2C", b"\x1b[5:3C", b"\x1b[<5C", b"\x1b[5?C", b"\x1b[?5$C",
                       b"\x1b[99999999999D", b"\x1b[;;;5H", b"\x1b[2;3;4;5;6;7H", b"\x1b#9", b"\x1b%G", b"\x1b G", b"\x1b[2\x7fC", b"\x7f", b"\x00",
                       b"\xff", b"\xc3(", b"\xe6\x97", b"\xf0\x9f", b"\x1b[3 C", b"\x1b[\x08C", b"\x1b(\x18B",
                       b"\x1b\x1bD", b"\x1b[-3C", b"\x1b[1;2!C", b"\x1b[2$D", b"\x1b[=3C", b"\x1b\x7fM", b"\x1b[2\x0eC"])


def controls_of_8_bits(rng, cols, rows):
    return rng.choice(["\x84", "\x85", "\x8d", "\x88", "\x9b2C", "\x9d2;x\x9c", "\x90x\x9c", "\x98x\x9c", "\x80", "\x96", "\x9a"]).encode()


def title(rng, cols, rows):
    texts = ["a", "bc", "日本", "", "x y", " lead", "a;b", "é", "tail ", "\u009c", "a\tb"]
    setting = f"\x1b]{rng.choice('0012212')};{rng.choice(texts)}".encode() + rng.choice([b"\x07", b"\x1b\\", b"\x18"])
    return rng.choice([setting, setting, csi(rng.choice(["22", "23"]) + rng.choice(["t", ";0t", ";1t", ";2t"]))])


def paragraph(rng, cols, rows):
    """Lines that may be longer than a row: what changes of size wrap anew. None ends with a blank, which for us takes no
    row of its own."""
    def words():
        return bytes(rng.choice(LETTERS) for _ in range(rng.randint(1, 3 * cols)))

    parts = [rng.choice([words(), words(), rng.choice(WIDE).encode(), b"\r\n", b" ."]) for _ in range(rng.randint(1, 4))]
    return b"".join(parts) + b"\r\n"


def choice(**weights):
    """A piece of one of these, as often as their weights say."""
    kinds = [globals()[name] for name, weight in weights.items() for _ in range(weight)]
    return lambda rng, cols, rows: rng.choice(kinds)(rng, cols, rows)


wrapping = modes("?7", "?7", "?45", "?1045")
inserting = modes("4")
new_line = modes("20")
origin = modes("?6")
TEXT = {"text": 3, "goto": 2}
EDITED = {"page": 2, "text": 2, "goto": 2}

FAMILIES = {
    "wrap": choice(text=4, to_last_column=4, wrapping=2, control=3, move=2, goto=1, tab=1, erase=1, shift=1, background=1),
    "move": choice(page=1, move=6, rows_margin=1, cols_margin=1, origin=1, control=2, new_line=1, **TEXT),
    "tabs": choice(tab=8, cols_margin=1, origin=1, to_last_column=1, **TEXT),
    "rows": choice(rows_margin=3, scroll=4, control=3, origin=1, move=1, background=1, screens=1, **EDITED),
    "cols": choice(cols_margin=3, rows_margin=1, scroll=2, control=2, origin=1, move=1, shift=2, tab=1, inserting=1, wrapping=1, **EDITED),
    "erase": choice(erase=4, background=2, to_last_column=1, **EDITED),
    "protected": choice(protect=5, erase=2, rectangle=1, **EDITED),
    "edit": choice(shift=4, lines=2, repeat=2, inserting=2, background=1, to_last_column=1, wide=1, **EDITED),
    "columns": choice(columns=5, cols_margin=1, rows_margin=1, background=1, origin=1, **EDITED),
    "rectangles": choice(rectangle=6, rendition=1, origin=1, rows_margin=1, cols_margin=1, wide=1, **EDITED),
    "rendition": choice(rendition=6, erase=1, background=1, saving=1, text=4, goto=1),
    "charsets": choice(charset=8, saving=1, reset=1, **TEXT),
    "screens": choice(screens=5, saving=2, erase=1, rows_margin=1, scroll=1, background=1, **EDITED),
    "saving": choice(saving=5, rows_margin=1, cols_margin=1, wrapping=1, charset=1, background=1, protect=1, to_last_column=1, **TEXT),
    "reset": choice(reset=3, saving=1, rows_margin=1, cols_margin=1, origin=1, wrapping=1, inserting=1, charset=1, protect=1, screens=1,
                    rendition=1, tab=1, **EDITED),
    "wide": choice(wide=6, shift=2, erase=1, to_last_column=1, inserting=1, cols_margin=1, rectangle=1, columns=1, wrapping=1, move=1, **TEXT),
    "combining": choice(combining=5, wide=1, repeat=1, to_last_column=1, move=1, erase=1, shift=1, **TEXT),
    "strings": choice(string=6, title=1, **TEXT),
    "broken": choice(broken=6, **TEXT),
    "controls": choice(controls_of_8_bits=5, control=1, **TEXT),
    "titles": choice(title=8, text=1, reset=1),
    "mixed": choice(text=6, page=1, goto=2, wide=1, combining=1, control=3, move=2, tab=1, rows_margin=1, cols_margin=1, wrapping=1, inserting=1,
                    new_line=1, origin=1, scroll=1, erase=2, protect=1, shift=2, lines=1, repeat=1, columns=1, rectangle=1, rendition=1,
                    screens=1, saving=1, reset=1, string=1, to_last_column=1),
    "reflow": paragraph,
    "resize_alternate": choice(page=1, text=3, goto=2, control=2, rows_margin=1, cols_margin=1, saving=1, erase=1, tab=1, origin=1, wide=1),
}
