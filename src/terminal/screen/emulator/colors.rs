//! The palette: what programs set of it, and how they write colours.

use super::super::palette;
use super::super::{Rgb, ScreenOptions};
use super::spaces;

/// Places behind the palette's 256.
pub(super) const FOREGROUND: usize = 256;
pub(super) const BACKGROUND: usize = 257;
pub(super) const CURSOR: usize = 258;
/// The first of the special colours: of bold, underlined, blinking, reversed and italic text.
const SPECIAL: usize = 259;
const SPECIAL_COUNT: usize = 5;

/// The place of a number of OSC 4, whose numbers from 256 on are the special colours.
pub(super) fn place_of_index(index: usize) -> Option<usize> {
    match index {
        0..FOREGROUND => Some(index),
        _ => special(index - FOREGROUND),
    }
}

/// The place of a special colour, a number of OSC 5.
pub(super) fn special(number: usize) -> Option<usize> {
    (number < SPECIAL_COUNT).then_some(SPECIAL + number)
}

/// The sequence that sets a place, without the colour.
pub(super) fn setter(place: usize) -> (usize, Option<usize>) {
    match place {
        0..FOREGROUND => (4, Some(place)),
        FOREGROUND..SPECIAL => (10 + place - FOREGROUND, None),
        _ => (5, Some(place - SPECIAL)),
    }
}

/// The colours that programs have set, few as a rule, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Palette {
    set: Vec<(u16, Rgb)>,
}

impl Palette {
    /// The colour at a place, as the program or else the options set it.
    pub(super) fn color(&self, place: usize, options: &ScreenOptions) -> Rgb {
        match self.find(place).and_then(|at| self.set.get(at).ok_or(at)) {
            Ok((_, color)) => *color,
            Err(_) => palette::color(place, options),
        }
    }

    fn find(&self, place: usize) -> Result<usize, usize> {
        self.set.binary_search_by_key(&place, |(place, _)| usize::from(*place))
    }

    pub(super) fn set(&mut self, place: usize, color: Rgb) {
        if place >= SPECIAL + SPECIAL_COUNT {
            return;
        }
        match self.find(place) {
            Ok(at) => self.set.iter_mut().skip(at).take(1).for_each(|entry| entry.1 = color),
            Err(at) => self.set.insert(at, (place as u16, color)),
        }
    }

    pub(super) fn reset(&mut self, place: usize) {
        self.set.retain(|(set, _)| usize::from(*set) != place);
    }

    /// Resets the 256 and the special ones, not the colours of text, background and cursor.
    pub(super) fn reset_indexed(&mut self) {
        self.set.retain(|(place, _)| (FOREGROUND..SPECIAL).contains(&usize::from(*place)));
    }

    pub(super) fn reset_special(&mut self) {
        self.set.retain(|(place, _)| usize::from(*place) < SPECIAL);
    }

    pub(super) fn clear(&mut self) {
        self.set = Vec::new();
    }

    /// What programs have set: places and colours.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Rgb)> + '_ {
        self.set.iter().map(|(place, color)| (usize::from(*place), *color))
    }

    pub(super) fn bytes(&self) -> usize {
        self.set.capacity() * size_of::<(u16, Rgb)>()
    }
}

/// Whether a background is dark, by its luminance.
pub(super) fn is_dark(background: Rgb) -> bool {
    let Rgb { r, g, b } = background;
    u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 < 128 * 1000
}

/// A colour as X11 writes it: `#rgb` with one to four digits each, `rgb:r/g/b` in fractions of any
/// precision, and three numbers in one of the device-independent spaces.
pub(super) fn parse(text: &[u8]) -> Option<Rgb> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(digits) = text.strip_prefix('#') {
        return parse_digits(digits);
    }
    let (space, parts) = text.split_once(':')?;
    let mut parts = parts.split('/');
    let parts = [parts.next()?, parts.next()?, parts.next().filter(|_| parts.next().is_none())?];
    if space.eq_ignore_ascii_case("rgb") {
        let [r, g, b] = parts.map(scale_fraction);
        return Some(Rgb { r: r?, g: g?, b: b? });
    }
    let [a, b, c] = parts.map(|part| part.parse().ok());
    spaces::color(space, [a?, b?, c?])
}

/// The digits are the most significant ones.
fn parse_digits(digits: &str) -> Option<Rgb> {
    let len = digits.len() / 3;
    if !digits.len().is_multiple_of(3) || !(1..=4).contains(&len) {
        return None;
    }
    let part = |index: usize| {
        let value = number(digits.get(index * len..(index + 1) * len)?)?;
        Some((value << 12 >> (4 * (len - 1)) >> 8) as u8)
    };
    Some(Rgb { r: part(0)?, g: part(1)?, b: part(2)? })
}

fn number(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_number.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

fn scale_fraction(digits: &str) -> Option<u8> {
    let len = u32::try_from(digits.len()).ok().filter(|len| (1..=4).contains(len))?;
    Some((255 * number(digits)? / (16u32.pow(len) - 1)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_x11_writes_them() {
        type Row = (&'static str, Option<(u8, u8, u8)>);
        let table: &[Row] = &[
            ("#102030", Some((16, 32, 48))),
            ("#fff", Some((240, 240, 240))),
            ("#123456789abc", Some((0x12, 0x56, 0x9a))),
            ("#123456789", Some((0x12, 0x45, 0x78))),
            ("rgb:1/2/3", Some((17, 34, 51))),
            ("rgb:ffff/8080/0000", Some((255, 128, 0))),
            ("RGB:f/80/000", Some((255, 128, 0))),
            ("rgbi:1/.5/0", Some((255, 187, 0))),
            ("rgbi:2/0/0", None),
            ("rgbi:1/nan/0", None),
            ("CIEXYZ:.5/.5/.5", Some((221, 181, 160))),
            ("CIELab:5e1/+0/0.", Some((131, 125, 126))),
            ("TekHVC:10/50/inf", None),
            ("CIELab:50/0", None),
            ("CIELab:50/0/0/0", None),
            ("rgb:12345/0/0", None),
            ("rgb:1/2", None),
            ("rgb:1/2/3/4", None),
            ("rgb:+1/2/3", None),
            ("rgb://", None),
            ("#12", None),
            ("#", None),
            ("#1234567890123456", None),
            ("#é00", None),
            ("", None),
            ("?", None),
        ];
        for (text, color) in table {
            let color = color.map(|(r, g, b)| Rgb { r, g, b });
            assert_eq!(parse(text.as_bytes()), color, "{text}");
        }
    }

    #[test]
    fn what_is_set_comes_before_the_options() {
        let (mut palette, options) = (Palette::default(), ScreenOptions::default());
        let red = Rgb { r: 255, g: 0, b: 0 };
        for place in [9, 3, CURSOR, 3, 5000] {
            palette.set(place, red);
        }
        assert_eq!(palette.iter().map(|(place, _)| place).collect::<Vec<_>>(), [3, 9, CURSOR]);
        assert_eq!(palette.color(3, &options), red);
        assert_eq!(palette.color(BACKGROUND, &options), options.background);
        palette.reset_indexed();
        assert_eq!(palette.iter().collect::<Vec<_>>(), [(CURSOR, red)]);
        palette.reset(CURSOR);
        assert_eq!(palette, Palette::default());
    }
}
