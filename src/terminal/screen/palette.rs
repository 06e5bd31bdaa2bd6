//! The colours that are reported to a program that queries them and has not set them itself.

use super::{Rgb, ScreenOptions};

/// The sixteen colours of xterm.
const NAMED: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The colour of a place: the palette's 256, then foreground, background, cursor; the special ones behind them are
/// the foreground.
pub(super) fn color(index: usize, options: &ScreenOptions) -> Rgb {
    const FOREGROUND: usize = 256;
    const BACKGROUND: usize = 257;
    const CURSOR: usize = 258;
    match index {
        0..16 => {
            let (r, g, b) = NAMED[index];
            Rgb { r, g, b }
        }
        16..232 => {
            let level = |part: usize| if part == 0 { 0 } else { (55 + 40 * part) as u8 };
            let cube = index - 16;
            Rgb { r: level(cube / 36), g: level(cube / 6 % 6), b: level(cube % 6) }
        }
        232..256 => {
            let grey = (8 + 10 * (index - 232)) as u8;
            Rgb { r: grey, g: grey, b: grey }
        }
        BACKGROUND => options.background,
        CURSOR => options.cursor,
        FOREGROUND.. => options.foreground,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_are_those_of_xterm() {
        let options = ScreenOptions::default();
        let table = [
            (16, (0, 0, 0)),
            (17, (0, 0, 95)),
            (196, (255, 0, 0)),
            (231, (255, 255, 255)),
            (232, (8, 8, 8)),
            (255, (238, 238, 238)),
        ];
        for (index, (r, g, b)) in table {
            assert_eq!(color(index, &options), Rgb { r, g, b }, "{index}");
        }
    }
}
