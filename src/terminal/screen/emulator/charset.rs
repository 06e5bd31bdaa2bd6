//! Character sets: which four are designated (G0 to G3), which is in use, and what they make of ASCII.
//!
//! Output is UTF-8, so only the left half matters: characters above ASCII are never translated. The sets of
//! the right half are kept because programs invoke them and DECSC saves them.

use super::super::grid::SavedState;

/// A set of characters in the places of ASCII: 94 of them, 96 in that of Latin-1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Charset {
    #[default]
    Ascii,
    British,
    DecSpecial,
    DecSupplemental,
    DecTechnical,
    Latin1,
    Dutch,
    Finnish,
    French,
    FrenchCanadian,
    German,
    Italian,
    NorwegianDanish,
    Portuguese,
    Spanish,
    Swedish,
    Swiss,
}

use Charset::*;

/// All of them, by their number.
const ALL: [Charset; 17] = [
    Ascii,
    British,
    DecSpecial,
    DecSupplemental,
    DecTechnical,
    Latin1,
    Dutch,
    Finnish,
    French,
    FrenchCanadian,
    German,
    Italian,
    NorwegianDanish,
    Portuguese,
    Spanish,
    Swedish,
    Swiss,
];

/// The characters that national sets replace, in the order of [`national`].
const REPLACED: &str = "#@[\\]^_`{|}~";

/// What a national set has in the places of [`REPLACED`].
fn national(set: Charset) -> &'static str {
    match set {
        British => "£@[\\]^_`{|}~",
        Dutch => "£¾ĳ½|^_`¨ƒ¼´",
        Finnish => "#@ÄÖÅÜ_éäöåü",
        French => "£à°ç§^_`éùè¨",
        FrenchCanadian => "#àâçêî_ôéùèû",
        German => "#§ÄÖÜ^_`äöüß",
        Italian => "£§°çé^_ùàòèì",
        NorwegianDanish => "#ÄÆØÅÜ_äæøåü",
        Portuguese => "#@ÃÇÕ^_`ãçõ~",
        Spanish => "£§¡Ñ¿^_`°ñç~",
        Swedish => "#ÉÄÖÅÜ_éäöåü",
        Swiss => "ùàéçêîèôäöüû",
        _ => REPLACED,
    }
}

/// 0x5F to 0x7E of the special graphics.
const SPECIAL: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─',
    '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// What is shown where a set has no character: the reversed question mark of DEC's terminals, as in xterm.
const UNDEFINED: char = '⸮';

/// 0x21 to 0x7E of the technical set.
const TECHNICAL: &str = "⎷┌─⌠⌡│⎡⎣⎤⎦⎧⎩⎫⎭⎨⎬⸮⸮⸮⸮⸮⸮⸮⸮⸮⸮⸮≤≠≥∫∴∝∞÷Δ∇ΦΓ∼≃Θ×Λ⇔⇒≡ΠΨ⸮Σ⸮⸮√ΩΞΥ⊂⊃∩∪∧∨¬αβχδεφγηιθκλ⸮ν∂πψρστ⸮ƒωξυζ←↑→↓";

impl Charset {
    /// The set that a designation names: its intermediates behind the one that says where to, and its
    /// final byte. `has_national`: national sets may be used (DECNRCM).
    pub(super) fn designated(between: &[u8], last: u8, has_national: bool) -> Option<Charset> {
        let (set, is_national) = match (between, last) {
            ([], b'B') => (Ascii, false),
            ([], b'A') => (British, false),
            ([], b'0') => (DecSpecial, false),
            // Of a ROM that no terminal has.
            ([], b'1' | b'2') => (Ascii, false),
            ([], b'<') | ([b'%'], b'5') => (DecSupplemental, false),
            ([], b'>') => (DecTechnical, false),
            ([], b'4') => (Dutch, true),
            ([], b'C' | b'5') => (Finnish, true),
            ([], b'R' | b'f') => (French, true),
            ([], b'Q' | b'9') => (FrenchCanadian, true),
            ([], b'K') => (German, true),
            ([], b'Y') => (Italian, true),
            ([], b'`' | b'E' | b'6') => (NorwegianDanish, true),
            ([b'%'], b'6') => (Portuguese, true),
            ([], b'Z') => (Spanish, true),
            ([], b'H' | b'7') => (Swedish, true),
            ([], b'=') => (Swiss, true),
            _ => return None,
        };
        // As in xterm a national set is ASCII while national sets may not be used.
        Some(if is_national && !has_national { Ascii } else { set })
    }

    /// The same for sets of 96 characters, of which there is one: the right half of Latin-1.
    pub(super) fn designated_96(between: &[u8], last: u8) -> Option<Charset> {
        (between.is_empty() && last == b'A').then_some(Latin1)
    }

    /// Whether it has 96 characters.
    pub(super) fn has_96(self) -> bool {
        self == Latin1
    }

    /// The intermediate byte by which it becomes the set of this number, 0 to 3.
    pub(super) fn intermediate(self, index: u8) -> u8 {
        let first = if self == Latin1 { b',' } else { b'(' };
        first + index
    }

    /// What designates it, behind the intermediate.
    pub(super) fn designator(self) -> &'static [u8] {
        match self {
            Ascii => b"B",
            British | Latin1 => b"A",
            DecSpecial => b"0",
            DecSupplemental => b"<",
            DecTechnical => b">",
            Dutch => b"4",
            Finnish => b"C",
            French => b"R",
            FrenchCanadian => b"Q",
            German => b"K",
            Italian => b"Y",
            NorwegianDanish => b"E",
            Portuguese => b"%6",
            Spanish => b"Z",
            Swedish => b"H",
            Swiss => b"=",
        }
    }

    /// Whether it is designated only in mode 42.
    pub(super) fn is_national(self) -> bool {
        self as u8 >= Dutch as u8
    }

    /// What stands in the place of a character of ASCII.
    fn map(self, c: char) -> char {
        let index = (c as usize).wrapping_sub(0x21);
        match self {
            Ascii => c,
            DecSpecial => match c {
                '_'..='~' => SPECIAL.get(c as usize - 0x5F).copied().unwrap_or(c),
                _ => c,
            },
            DecSupplemental => supplemental(c),
            Latin1 if c.is_ascii() => char::from(c as u8 | 0x80),
            Latin1 => c,
            DecTechnical => TECHNICAL.chars().nth(index).unwrap_or(c),
            _ => {
                let place = REPLACED.chars().position(|replaced| replaced == c);
                place.and_then(|place| national(self).chars().nth(place)).unwrap_or(c)
            }
        }
    }
}

/// DEC's supplemental set: Latin-1 but for a few places, and a reversed question mark where it has no character.
fn supplemental(c: char) -> char {
    match c {
        ' ' => c,
        '(' => '¤',
        'W' => 'Œ',
        'w' => 'œ',
        ']' => 'Ÿ',
        '}' => 'ÿ',
        // Places that it leaves free.
        '$' | '&' | ',' | '-' | '.' | '/' | '4' | '8' | '>' | 'P' | '^' | 'p' | '~' => UNDEFINED,
        '!'..='~' => char::from_u32(c as u32 + 0x80).unwrap_or(c),
        _ => c,
    }
}

/// The four designated sets and which of them is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charsets {
    sets: [Charset; 4],
    /// Which one the left half shows.
    left: u8,
    /// Which one the right half would show.
    right: u8,
    /// Which one shows the next character only.
    single: Option<u8>,
}

impl Charsets {
    pub(super) fn new() -> Self {
        Charsets { right: 2, ..Charsets::default() }
    }

    /// Whether ASCII is shown as it is.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.single.is_none() && self.set(self.left) == Ascii
    }

    fn set(&self, index: u8) -> Charset {
        self.sets.get(usize::from(index)).copied().unwrap_or_default()
    }

    pub(super) fn sets(&self) -> impl Iterator<Item = Charset> {
        self.sets.into_iter()
    }

    pub(super) fn left(&self) -> u8 {
        self.left
    }

    pub(super) fn right(&self) -> u8 {
        self.right
    }

    /// The set that the next character alone is of.
    pub(super) fn single(&self) -> Option<u8> {
        self.single
    }

    pub(super) fn designate(&mut self, index: u8, set: Charset) {
        if let Some(place) = self.sets.get_mut(usize::from(index)) {
            *place = set;
        }
    }

    /// LS0 to LS3.
    pub(super) fn shift_left(&mut self, index: u8) {
        self.left = index;
    }

    /// LS1R to LS3R.
    pub(super) fn shift_right(&mut self, index: u8) {
        self.right = index;
    }

    /// SS2, SS3.
    pub(super) fn shift_once(&mut self, index: u8) {
        self.single = Some(index);
    }

    /// Appends the characters that are shown for others, one for each.
    pub(super) fn translate(&mut self, mut chars: impl Iterator<Item = char>, out: &mut Vec<char>) {
        if let Some(single) = self.single
            && let Some(first) = chars.next()
        {
            self.single = None;
            out.push(self.set(single).map(first));
        }
        let set = self.set(self.left);
        out.extend(chars.map(|c| set.map(c)));
    }

    /// What DECSC saves.
    pub(super) fn saved(&self) -> SavedState {
        let sets = self.sets.iter().rev().fold(0, |bits, set| bits << 5 | *set as u32);
        SavedState(sets << 4 | u32::from(self.left) << 2 | u32::from(self.right) ^ 2)
    }

    /// DECRC: but for a single shift, which is not saved.
    pub(super) fn restore(&mut self, saved: SavedState) {
        *self = Charsets { single: self.single, ..Charsets::restored(saved) };
    }

    /// What DECSC has saved.
    pub(super) fn restored(saved: SavedState) -> Self {
        let SavedState(bits) = saved;
        let set = |index: u32| {
            let number = bits >> (4 + 5 * index) & 0x1F;
            ALL.get(number as usize).copied().unwrap_or_default()
        };
        Charsets {
            sets: [set(0), set(1), set(2), set(3)],
            left: (bits >> 2 & 3) as u8,
            right: (bits & 3) as u8 ^ 2,
            single: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_whole() {
        assert_eq!(TECHNICAL.chars().count(), 94);
        for set in ALL {
            assert_eq!(national(set).chars().count(), REPLACED.chars().count(), "{set:?}");
            assert_eq!(ALL[set as usize], set);
        }
    }

    #[test]
    fn what_is_saved_is_restored() {
        assert_eq!(Charsets::restored(SavedState::default()), Charsets::new());
        for (first, last) in [(Ascii, Swiss), (Swiss, DecSpecial), (German, British)] {
            let mut charsets = Charsets::new();
            charsets.designate(0, first);
            charsets.designate(3, last);
            charsets.shift_left(3);
            charsets.shift_right(1);
            assert_eq!(Charsets::restored(charsets.saved()), charsets);
        }
    }

    #[test]
    fn characters_are_translated() {
        let table = [
            (DecSpecial, "lqx~`A", "┌─│·◆A"),
            (British, "#a", "£a"),
            (German, "[~]{|}", "ÄßÜäöü"),
            (Swiss, "#_", "ùè"),
            (DecTechnical, "!a~", "⎷α↓"),
            (DecSupplemental, "iW(", "éŒ¤"),
            (DecSupplemental, "$~", "⸮⸮"),
            (Latin1, " #a~é", "\u{a0}£áþé"),
            (Ascii, "#[~", "#[~"),
        ];
        for (set, text, shown) in table {
            let (mut charsets, mut out) = (Charsets::new(), Vec::new());
            charsets.designate(2, set);
            charsets.shift_left(2);
            charsets.translate(text.chars(), &mut out);
            assert_eq!(String::from_iter(out), shown, "{set:?}");
        }
    }

    #[test]
    fn a_single_shift_is_for_one_character() {
        let (mut charsets, mut out) = (Charsets::new(), Vec::new());
        charsets.designate(2, DecSpecial);
        charsets.shift_once(2);
        assert!(!charsets.is_plain());
        charsets.translate("".chars(), &mut out);
        charsets.translate("qq".chars(), &mut out);
        assert_eq!(String::from_iter(out), "─q");
        assert!(charsets.is_plain());
    }
}
