//! The key that detaches: one key, or a sequence of keys.
//!
//! A terminal sends a key as a byte, or in the form that the program has requested (the keyboard
//! protocols of kitty and xterm). All forms are recognized. Keys that begin the sequence are held
//! until the next key, and are passed on if that key does not continue the sequence.

/// What a key may be, for messages.
const KEY: &str = "a character, ctrl-X, ^X, escape, tab, enter, space or backspace";

/// The maximum number of keys in a sequence.
const KEYS_MAX: usize = 8;

/// Modifier bits to ignore: Caps Lock and Num Lock.
const LOCKS: u32 = 64 | 128;
const CTRL: u32 = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DetachKey {
    /// Empty: no key detaches.
    keys: Vec<Key>,
    /// As the user wrote it, for messages.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// What a terminal sends unless a program requests another form.
    bytes: Vec<u8>,
    /// The character that is reported, and whether Ctrl is pressed.
    code: u32,
    ctrl: bool,
}

impl Default for DetachKey {
    /// Ctrl-].
    fn default() -> Self {
        DetachKey { keys: vec![Key::ctrl(b']')], text: "Ctrl-]".into() }
    }
}

impl DetachKey {
    /// Reads keys with blanks between them; the error is what was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let keys = match text.trim() {
            "none" => Vec::new(),
            "" => return Err(KEY.into()),
            text => text.split_whitespace().map(Key::parse).collect::<Result<_, _>>()?,
        };
        if keys.len() > KEYS_MAX {
            return Err(format!("at most {KEYS_MAX} keys"));
        }
        Ok(DetachKey { keys, text: text.trim().into() })
    }

    /// How to detach, for a message.
    pub(crate) fn hint(&self) -> String {
        if self.keys.is_empty() { String::new() } else { format!(" ({} detaches)", self.text) }
    }
}

impl Key {
    fn ctrl(letter: u8) -> Self {
        let byte = if letter == b'?' { 0x7f } else { letter & 0x1f };
        Key { bytes: vec![byte], code: u32::from(letter), ctrl: true }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let plain = |bytes: &[u8], code: u32| Key { bytes: bytes.to_vec(), code, ctrl: false };
        let with_ctrl = ["ctrl-", "ctrl+", "c-", "^"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix))
            .filter(|rest| !rest.is_empty());
        if let Some(rest) = with_ctrl {
            return match rest.as_bytes() {
                [letter @ (b'a'..=b'z' | b'@' | b'[' | b'\\' | b']' | b'^' | b'_' | b'?')] => {
                    Ok(Key::ctrl(*letter))
                }
                _ => Err("Ctrl with a letter or one of @ [ \\ ] ^ _ ?".into()),
            };
        }
        let mut chars = text.chars();
        match (lower.as_str(), chars.next(), chars.next()) {
            ("escape" | "esc", ..) => Ok(plain(b"\x1b", 27)),
            ("tab", ..) => Ok(plain(b"\t", 9)),
            ("enter" | "return", ..) => Ok(plain(b"\r", 13)),
            ("space", ..) => Ok(plain(b" ", 32)),
            ("backspace", ..) => Ok(plain(b"\x7f", 127)),
            (_, Some(only), None) if !only.is_control() => {
                Ok(plain(text.as_bytes(), u32::from(only)))
            }
            _ => Err(KEY.into()),
        }
    }

    /// The number of bytes that this key occupies at the start of `typed`, if it is this key.
    fn len_at(&self, typed: &[u8]) -> Option<usize> {
        if typed.starts_with(&self.bytes) {
            // ESC is also the first byte of other keys.
            let is_longer = self.bytes == b"\x1b" && typed.len() > 1;
            return (!is_longer).then_some(self.bytes.len());
        }
        let body = typed.strip_prefix(b"\x1b[")?;
        let end = body.iter().position(|byte| (0x40..=0x7e).contains(byte))?;
        let text = str::from_utf8(&body[..end]).ok()?;
        let mut fields = text.split(';').map(|field| {
            let mut parts = field.split(':').map(|part| part.parse::<u32>().ok());
            (parts.next().flatten(), parts.next().flatten())
        });
        let (code, modifiers) = match body[end] {
            b'u' => (fields.next()?.0?, fields.next()),
            b'~' if fields.next()?.0 == Some(27) => {
                let modifiers = fields.next();
                (fields.next()?.0?, modifiers)
            }
            _ => return None,
        };
        let (modifiers, event) = modifiers.unwrap_or((None, None));
        let modifiers = modifiers.map_or(0, |n| n.saturating_sub(1)) & !LOCKS;
        // Event 3 is the release of the key.
        let is_it =
            code == self.code && modifiers == if self.ctrl { CTRL } else { 0 } && event != Some(3);
        is_it.then_some(2 + end + 1)
    }
}

/// Looks for the detach key in the input.
#[derive(Default)]
pub(crate) struct Watch {
    /// The keys of the sequence that have been typed so far, as they were sent.
    held: Vec<Vec<u8>>,
}

impl Watch {
    /// Reads input and appends what is to be passed on to `out`. Returns whether the detach key was
    /// typed; what follows it is dropped.
    pub(crate) fn feed(&mut self, key: &DetachKey, typed: &[u8], out: &mut Vec<u8>) -> bool {
        if key.keys.is_empty() {
            out.extend_from_slice(typed);
            return false;
        }
        let mut rest = typed.to_vec();
        let mut at = 0;
        while at < rest.len() {
            let next = key.keys.get(self.held.len());
            if let Some(len) = next.and_then(|next| next.len_at(&rest[at..])) {
                self.held.push(rest[at..at + len].to_vec());
                at += len;
                if self.held.len() == key.keys.len() {
                    self.held.clear();
                    return true;
                }
            } else if self.held.is_empty() {
                out.push(rest[at]);
                at += 1;
            } else {
                // The first held key does not begin the sequence; the others may.
                out.extend_from_slice(&self.held.remove(0));
                let mut again = self.held.concat();
                self.held.clear();
                again.extend_from_slice(&rest[at..]);
                (rest, at) = (again, 0);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed on before the keys were typed, and whether they were.
    fn feed(keys: &str, pieces: &[&str]) -> (String, bool) {
        let key = DetachKey::parse(keys).unwrap();
        let (mut watch, mut out) = (Watch::default(), Vec::new());
        let found = pieces.iter().any(|piece| watch.feed(&key, piece.as_bytes(), &mut out));
        (String::from_utf8(out).unwrap(), found)
    }

    #[test]
    fn where_the_keys_are() {
        for (keys, pieces, passed, found) in [
            ("ctrl-]", &[""][..], "", false),
            ("ctrl-]", &["abc"], "abc", false),
            ("^]", &["ab\x1dc"], "ab", true),
            ("C-]", &["a\x1b[93;5u"], "a", true),
            ("Ctrl-]", &["\x1b[27;5;93~"], "", true),
            ("ctrl-]", &["\x1b[93;69u"], "", true),
            ("ctrl-]", &["\x1b[93:125;5:1u"], "", true),
            ("ctrl-]", &["\x1b[93;5:3u"], "\x1b[93;5:3u", false),
            ("ctrl-]", &["\x1b[93;6u\x1b[94;5u"], "\x1b[93;6u\x1b[94;5u", false),
            ("ctrl-]", &["\x1b[A\x1b[3~]"], "\x1b[A\x1b[3~]", false),
            ("ctrl-a d", &["x\x01d"], "x", true),
            ("ctrl-a d", &["\x01", "d"], "", true),
            ("ctrl-a d", &["\x01", "e\x01"], "\x01e", false),
            ("ctrl-a d", &["\x01\x01d"], "\x01", true),
            ("ctrl-a d", &["\x1b[97;5u\x1b[100u"], "", true),
            ("^a ^a d", &["\x01\x01\x01d"], "\x01", true),
            ("^a ^a d", &["\x01\x01", "e"], "\x01\x01e", false),
            ("escape q", &["\x1b[A\x1b", "q"], "\x1b[A", true),
            ("escape", &["\x1bq"], "\x1bq", false),
            ("é", &["aé"], "a", true),
            ("enter ~ .", &["\r~."], "", true),
            ("none", &["\x1d"], "\x1d", false),
        ] {
            let (out, detaches) = feed(keys, pieces);
            assert_eq!((out.as_str(), detaches), (passed, found), "{keys}: {pieces:?}");
        }
    }

    #[test]
    fn what_is_no_key() {
        for text in ["", " ", "ctrl-", "ctrl-ab", "^1", "nonsense", "f99", "a b c d e f g h i"] {
            assert!(DetachKey::parse(text).is_err_and(|expected| !expected.is_empty()), "{text:?}");
        }
        assert_eq!(DetachKey::parse("ctrl-]").unwrap().keys, DetachKey::default().keys);
        assert_eq!(DetachKey::default().hint(), " (Ctrl-] detaches)");
        assert_eq!(DetachKey::parse("none").unwrap().hint(), "");
    }
}
