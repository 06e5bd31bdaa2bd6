//! SGR: how text that comes will look, and the same as text for DECRQSS.

use super::super::grid::AttributeChange;
use super::super::parser::Params;
use super::super::style::{Attributes, Color, Rgb, Style, Underline};

/// Applies the parameters of SGR to a style.
pub(super) fn apply(params: &Params, style: &mut Style) {
    if params.has_subs() {
        return apply_groups(params, style);
    }
    let mut values = params.values().iter().copied();
    while let Some(value) = values.next() {
        match value {
            38 | 48 | 58 => {
                if let Some(color) = color(&mut values) {
                    *place(value, style) = color;
                }
            }
            4 => style.underline = Underline::Single,
            _ => apply_one(value, style),
        }
    }
}

/// The same for parameters of which some have sub-parameters.
fn apply_groups(params: &Params, style: &mut Style) {
    let mut groups = params.groups();
    while let Some(group) = groups.next() {
        let (Some(first), parts) = (group.first(), group.get(1..).unwrap_or(&[])) else { continue };
        match first {
            38 | 48 | 58 => {
                let color = match parts {
                    [] => color(&mut groups.by_ref().filter_map(|group| group.first().copied())),
                    parts => color_of_parts(parts),
                };
                if let Some(color) = color {
                    *place(*first, style) = color;
                }
            }
            4 => style.underline = underline(parts),
            _ if parts.is_empty() => apply_one(*first, style),
            _ => {}
        }
    }
}

/// The colour that 38, 48 or 58 sets.
fn place(parameter: u16, style: &mut Style) -> &mut Color {
    match parameter {
        38 => &mut style.foreground,
        48 => &mut style.background,
        _ => &mut style.underline_color,
    }
}

fn underline(parts: &[u16]) -> Underline {
    match parts {
        [0, ..] => Underline::None,
        [2, ..] => Underline::Double,
        [3, ..] => Underline::Curly,
        [4, ..] => Underline::Dotted,
        [5, ..] => Underline::Dashed,
        _ => Underline::Single,
    }
}

/// A parameter that stands for itself.
fn apply_one(parameter: u16, style: &mut Style) {
    match parameter {
        0 => *style = Style::default(),
        21 => style.underline = Underline::Double,
        24 => style.underline = Underline::None,
        30..=37 => style.foreground = Color::Indexed((parameter - 30) as u8),
        39 => style.foreground = Color::Default,
        40..=47 => style.background = Color::Indexed((parameter - 40) as u8),
        49 => style.background = Color::Default,
        59 => style.underline_color = Color::Default,
        90..=97 => style.foreground = Color::Indexed((parameter - 90 + 8) as u8),
        100..=107 => style.background = Color::Indexed((parameter - 100 + 8) as u8),
        _ => {
            let (set, clear) = attributes(parameter);
            let bits = style.attributes.bits() & !clear.bits() | set.bits();
            style.attributes = Attributes::from_bits(bits);
        }
    }
}

/// The attributes that a parameter sets and clears.
fn attributes(parameter: u16) -> (Attributes, Attributes) {
    const NONE: Attributes = Attributes::from_bits(0);
    const BOLD_DIM: Attributes =
        Attributes::from_bits(Attributes::BOLD.bits() | Attributes::DIM.bits());
    match parameter {
        1 => (Attributes::BOLD, NONE),
        2 => (Attributes::DIM, NONE),
        3 => (Attributes::ITALIC, NONE),
        5 | 6 => (Attributes::BLINK, NONE),
        7 => (Attributes::INVERSE, NONE),
        8 => (Attributes::HIDDEN, NONE),
        9 => (Attributes::STRIKEOUT, NONE),
        22 => (NONE, BOLD_DIM),
        23 => (NONE, Attributes::ITALIC),
        25 => (NONE, Attributes::BLINK),
        27 => (NONE, Attributes::INVERSE),
        28 => (NONE, Attributes::HIDDEN),
        29 => (NONE, Attributes::STRIKEOUT),
        _ => (NONE, NONE),
    }
}

/// The colour of `5;n` or `2;r;g;b`.
fn color(numbers: &mut impl Iterator<Item = u16>) -> Option<Color> {
    match numbers.next()? {
        2 => {
            let mut part = || numbers.next().and_then(|part| u8::try_from(part).ok());
            let (r, g, b) = (part(), part(), part());
            Some(Color::Rgb(Rgb { r: r?, g: g?, b: b? }))
        }
        5 => numbers.next().and_then(|index| u8::try_from(index).ok()).map(Color::Indexed),
        _ => None,
    }
}

/// The colour of `5:n`, `2:r:g:b`, or `2:space:r:g:b` with what may follow.
fn color_of_parts(parts: &[u16]) -> Option<Color> {
    match parts {
        [2, _, r, g, b, ..] => color(&mut [2, *r, *g, *b].into_iter()),
        parts => color(&mut parts.iter().copied()),
    }
}

/// The change that DECCARA makes with the parameters from `first` on.
pub(super) fn change(params: &Params, first: usize) -> AttributeChange {
    let mut change = AttributeChange::default();
    let changed = |kept: Attributes, set: Attributes, clear: Attributes| {
        Attributes::from_bits(kept.bits() & !clear.bits() | set.bits())
    };
    for parameter in parameters(params, first) {
        let (set, clear) = match parameter {
            0 => {
                change.underline = Some(Underline::None);
                (Attributes::default(), Attributes::from_bits(u16::MAX))
            }
            4 | 24 => {
                let is_on = parameter == 4;
                change.underline = Some(if is_on { Underline::Single } else { Underline::None });
                continue;
            }
            parameter => attributes(parameter),
        };
        change.set = changed(change.set, set, clear);
        change.clear = changed(change.clear, clear, set);
    }
    change
}

/// The change that DECRARA makes with the parameters from `first` on.
pub(super) fn toggle(params: &Params, first: usize) -> AttributeChange {
    let mut change = AttributeChange::default();
    let mut bits = 0;
    for parameter in parameters(params, first) {
        match parameter {
            0 => {
                bits ^= [1, 5, 7].iter().fold(0, |bits, one| bits | attributes(*one).0.bits());
                change.toggle_underline = !change.toggle_underline;
            }
            4 => change.toggle_underline = !change.toggle_underline,
            parameter => bits ^= attributes(parameter).0.bits(),
        }
    }
    change.toggle = Attributes::from_bits(bits);
    change
}

/// The parameters from `first` on; a single 0 if there are none.
fn parameters(params: &Params, first: usize) -> impl Iterator<Item = u16> {
    (first..params.len().max(first + 1)).map(|index| params.get(index))
}

/// Writes the parameters that make a style, beginning with a reset, in the order in which xterm reports them.
pub(super) fn describe(style: &Style, out: &mut Vec<u8>) {
    out.push(b'0');
    for parameter in [1, 4, 5, 7, 8, 2, 3, 9, 21] {
        match (parameter, style.underline) {
            (4, Underline::Single) | (21, Underline::Double) => push(out, b";", parameter as u8),
            (4, Underline::None | Underline::Double) | (21, _) => {}
            (4, other) => push(out, b";4:", other as u8),
            _ if style.attributes.contains(attributes(parameter).0) => {
                push(out, b";", parameter as u8);
            }
            _ => {}
        }
    }
    describe_color(out, style.foreground, Some(30), 38);
    describe_color(out, style.background, Some(40), 48);
    describe_color(out, style.underline_color, None, 58);
}

/// `plain`: the parameter of the first of eight colours, if there is one.
fn describe_color(out: &mut Vec<u8>, color: Color, plain: Option<u8>, extended: u8) {
    match (color, plain) {
        (Color::Default, _) => {}
        (Color::Indexed(index @ 0..8), Some(plain)) => push(out, b";", plain + index),
        (Color::Indexed(index @ 8..16), Some(plain)) => push(out, b";", plain + 60 + index - 8),
        (Color::Indexed(index), _) => {
            push(out, b";", extended);
            push(out, b":5:", index);
        }
        (Color::Rgb(Rgb { r, g, b }), _) => {
            push(out, b";", extended);
            push(out, b":2::", r);
            push(out, b":", g);
            push(out, b":", b);
        }
    }
}

/// Adds a number behind a separator.
fn push(out: &mut Vec<u8>, separator: &[u8], number: u8) {
    out.extend_from_slice(separator);
    let digits = [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + digit);
    let zeros = usize::from(number < 100) + usize::from(number < 10);
    out.extend_from_slice(&digits[zeros..]);
}
