//! Colours in spaces that do not depend on a device, as X11 names them: `CIEXYZ`, `CIEuvY`, `CIExyY`, `CIELab`,
//! `CIELuv`, `TekHVC`, and `rgbi`, the intensities of a monitor.
//!
//! xterm leaves them to Xlib, which computes them for a monitor of its own where the display describes none: P22
//! phosphors and a white of 9300 K. How that monitor responds is fitted to what a real xterm reports, so values are
//! at most one step of 255 away from xterm's. A colour that the monitor cannot show keeps its luminance and hue and
//! loses as much chroma as it has to; what is then barely lit may be dark in xterm.
//!
//! Two things are Xlib's own: a*, b*, u* and v* are in hundredths, and L* of CIELab below 8 is a hundred times
//! too bright.

use std::ops::RangeInclusive;

use super::super::Rgb;

/// The monitor: intensities of red, green and blue from X, Y and Z. It follows from the phosphors' chromaticities
/// (0.625, 0.340), (0.280, 0.595), (0.155, 0.070) and the white's, (0.283, 0.298).
const FROM_XYZ: [[f64; 3]; 3] = [
    [3.483_404_39, -1.521_763_57, -0.559_231_27],
    [-1.071_527_55, 1.965_938_02, 0.036_736_91],
    [0.063_511_80, -0.200_205_01, 0.810_709_44],
];

/// X and Z of its white, whose Y is 1, and its chromaticity u', v'.
const WHITE_X: f64 = 0.949_664_43;
const WHITE_Z: f64 = 1.406_040_27;
const WHITE_U: f64 = 0.188_352_75;
const WHITE_V: f64 = 0.446_256_24;

/// How a colour responds to its intensity: from what value on as soon as it is lit, by how much it rises to an
/// intensity of 0.001, and a polynomial of the cube root of the intensity, from its highest power down.
struct Gun {
    lit: f64,
    rise: f64,
    curve: [f64; 6],
}

const GUNS: [Gun; 3] = [
    Gun { lit: 9.05, rise: 2.0, curve: [105.2, -326.7, 396.5, -191.6, 287.1, -15.2] },
    Gun { lit: 19.15, rise: 1.95, curve: [-50.3, 253.2, -354.1, 269.5, 132.0, 5.0] },
    Gun { lit: 14.05, rise: 1.4, curve: [158.4, -436.6, 518.3, -261.7, 290.1, -13.2] },
];

/// Halvings when the chroma that can be shown is looked for.
const STEPS: usize = 24;

/// A luminance of 0 to 1 with a chromaticity u', v'.
struct Tinted {
    y: f64,
    u: f64,
    v: f64,
}

const BLACK: Tinted = Tinted { y: 0.0, u: WHITE_U, v: WHITE_V };

/// What three numbers are in one of the spaces; `None` where they are out of its range.
type Space = fn([f64; 3]) -> Option<Tinted>;

const SPACES: [(&str, Space); 6] = [
    ("ciexyz", from_xyz),
    ("cieuvy", |[u, v, y]| UNIT.contains(&y).then_some(Tinted { y, u, v })),
    ("ciexyy", from_xyy),
    ("cielab", from_lab),
    ("cieluv", from_luv),
    ("tekhvc", from_hvc),
];

/// The lightness up to which luminance is proportional to it: that of a luminance of 0.008856.
const DARK: f64 = 7.9996;

const UNIT: RangeInclusive<f64> = 0.0..=1.0;
const PERCENT: RangeInclusive<f64> = 0.0..=100.0;

/// The colour that three numbers are in this space; the space's name in any case.
pub(super) fn color(space: &str, numbers: [f64; 3]) -> Option<Rgb> {
    if !numbers.iter().all(|number| number.is_finite()) {
        return None;
    }
    if space.eq_ignore_ascii_case("rgbi") {
        let is_in_range = numbers.iter().all(|number| UNIT.contains(number));
        return is_in_range.then(|| shown(numbers));
    }
    let (_, read) = SPACES.iter().find(|(name, _)| space.eq_ignore_ascii_case(name))?;
    Some(shown(read(numbers)?.intensities()))
}

/// What the monitor shows at these intensities.
fn shown(intensities: [f64; 3]) -> Rgb {
    let value = |index: usize| response(&GUNS[index], intensities[index]);
    Rgb { r: value(0), g: value(1), b: value(2) }
}

fn response(gun: &Gun, intensity: f64) -> u8 {
    if intensity <= 0.0 {
        return 0;
    }
    let root = intensity.cbrt();
    let curve = gun.curve.iter().fold(0.0, |sum, factor| sum * root + factor);
    curve.max(gun.lit + gun.rise * (intensity * 1000.0).min(1.0)) as u8
}

impl Tinted {
    /// Intensities that the monitor has: with less chroma where there are none for this colour.
    fn intensities(&self) -> [f64; 3] {
        let whole = self.with_chroma(1.0);
        if is_shown(&whole) {
            return whole;
        }
        if self.y <= 0.0 || self.y >= 1.0 {
            return [self.y.clamp(0.0, 1.0); 3];
        }
        let (mut chroma, mut step) = (0.0, 0.5);
        for _ in 0..STEPS {
            if is_shown(&self.with_chroma(chroma + step)) {
                chroma += step;
            }
            step /= 2.0;
        }
        self.with_chroma(chroma)
    }

    /// Intensities for a part of its chroma, 0 to 1.
    fn with_chroma(&self, part: f64) -> [f64; 3] {
        let u = WHITE_U + part * (self.u - WHITE_U);
        let v = WHITE_V + part * (self.v - WHITE_V);
        let x = self.y * 9.0 * u / (4.0 * v);
        let z = self.y * (12.0 - 3.0 * u - 20.0 * v) / (4.0 * v);
        FROM_XYZ.map(|[of_x, of_y, of_z]| of_x * x + of_y * self.y + of_z * z)
    }
}

fn is_shown(intensities: &[f64; 3]) -> bool {
    intensities.iter().all(|intensity| UNIT.contains(intensity))
}

fn from_xyz([x, y, z]: [f64; 3]) -> Option<Tinted> {
    let sum = x + 15.0 * y + 3.0 * z;
    let (u, v) = (4.0 * x / sum, 9.0 * y / sum);
    let tinted = if sum == 0.0 { BLACK } else { Tinted { y, u, v } };
    UNIT.contains(&y).then_some(tinted)
}

fn from_xyy([x, y, luminance]: [f64; 3]) -> Option<Tinted> {
    let sum = 12.0 * y - 2.0 * x + 3.0;
    let is_in_range = [x, y, luminance].iter().all(|number| UNIT.contains(number));
    is_in_range.then_some(Tinted { y: luminance, u: 4.0 * x / sum, v: 9.0 * y / sum })
}

fn from_lab([lightness, a, b]: [f64; 3]) -> Option<Tinted> {
    let (x, y, z) = if lightness > DARK {
        let root = (lightness + 16.0) / 116.0;
        ((root + a / 5.0).powi(3), root.powi(3), (root - b / 2.0).powi(3))
    } else {
        let y = lightness / 9.033;
        (y + a / 3893.5, y, y - b / 1557.4)
    };
    PERCENT.contains(&lightness).then(|| from_xyz([x * WHITE_X, y, z * WHITE_Z]))?
}

fn from_luv([lightness, u, v]: [f64; 3]) -> Option<Tinted> {
    let scale = 100.0 / (13.0 * lightness);
    let tinted = Tinted { y: luminance(lightness), u: WHITE_U + u * scale, v: WHITE_V + v * scale };
    let tinted = if lightness == 0.0 { BLACK } else { tinted };
    PERCENT.contains(&lightness).then_some(tinted)
}

/// Hue in degrees, value and chroma, by the definition of Tektronix: hues are counted from that of the best red.
fn from_hvc([hue, value, chroma]: [f64; 3]) -> Option<Tinted> {
    let (sin, cos) = (hue.to_radians() + (0.4931 - WHITE_V).atan2(0.7127 - WHITE_U)).sin_cos();
    let radius = chroma / (7.50725 * value);
    let tinted =
        Tinted { y: luminance(value), u: WHITE_U + radius * cos, v: WHITE_V + radius * sin };
    let tinted = if value == 0.0 { BLACK } else { tinted };
    (PERCENT.contains(&value) && chroma >= 0.0).then_some(tinted)
}

/// The luminance of a lightness L* of 0 to 100.
fn luminance(lightness: f64) -> f64 {
    if lightness > DARK { ((lightness + 16.0) / 116.0).powi(3) } else { lightness / 903.3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real xterm reports for them.
    #[test]
    fn colours_are_those_of_xterm() {
        type Row = (&'static str, [f64; 3], Option<(u8, u8, u8)>);
        let table: &[Row] = &[
            ("rgbi", [1.0, 1.0, 1.0], Some((255, 255, 255))),
            ("rgbi", [0.5, 0.5, 0.5], Some((193, 187, 187))),
            ("rgbi", [0.0, 0.25, 0.75], Some((0, 141, 223))),
            ("rgbi", [0.001, 0.004, 0.02], Some((11, 31, 54))),
            ("CIEXYZ", [1.0, 1.0, 1.0], Some((255, 255, 255))),
            ("CIEXYZ", [0.5, 0.5, 0.5], Some((221, 181, 160))),
            ("ciexyz", [0.1, 0.1, 0.1], Some((118, 96, 86))),
            ("CIEXYZ", [0.0, 0.0, 0.0], Some((0, 0, 0))),
            ("CIEXYZ", [0.3, 0.5, 0.2], Some((127, 212, 92))),
            ("CIEXYZ", [0.1, 1.1, 0.1], None),
            ("CIEuvY", [0.5, 0.5, 0.5], Some((255, 163, 174))),
            ("CIEuvY", [0.2, 0.5, 0.4], Some((191, 172, 122))),
            ("CIEuvY", [0.2, 0.5, 1.1], None),
            ("CIExyY", [0.5, 0.5, 0.5], Some((247, 179, 14))),
            ("CIExyY", [0.3, 0.3, 0.7], Some((239, 210, 211))),
            ("CIExyY", [1.1, 0.1, 0.5], None),
            ("CIELab", [1.0, 1.0, 1.0], Some((108, 103, 103))),
            ("CIELab", [0.5, 0.5, 0.5], Some((82, 79, 79))),
            ("CIELab", [50.0, 0.0, 0.0], Some((131, 125, 126))),
            ("CIELab", [60.0, 0.1, -0.2], Some((148, 144, 180))),
            ("CIELab", [8.0, 0.0, 0.0], Some((38, 41, 39))),
            ("CIELab", [101.0, 0.0, 0.0], None),
            ("CIELuv", [1.0, 1.0, 1.0], Some((22, 20, 14))),
            ("CIELuv", [0.5, 0.5, 0.5], Some((14, 19, 14))),
            ("CIELuv", [70.0, 0.3, 0.1], Some((215, 160, 161))),
            ("CIELuv", [40.0, -0.05, 0.1], Some((101, 107, 95))),
            ("CIELuv", [0.0, 1.0, 1.0], Some((0, 0, 0))),
            ("CIELuv", [-1.0, 0.0, 0.0], None),
            ("TekHVC", [1.0, 1.0, 1.0], Some((26, 19, 15))),
            ("TekHVC", [0.5, 0.5, 0.5], Some((17, 19, 14))),
            ("TekHVC", [120.0, 60.0, 30.0], Some((108, 163, 110))),
            ("TekHVC", [400.0, 50.0, 10.0], Some((147, 122, 114))),
            ("TekHVC", [-10.0, 50.0, 10.0], Some((153, 118, 126))),
            ("TekHVC", [0.0, 50.0, 1000.0], Some((236, 19, 104))),
            ("TekHVC", [10.0, 100.0, 5.0], Some((255, 255, 255))),
            ("TekHVC", [10.0, 0.0, 5.0], Some((0, 0, 0))),
            ("TekHVC", [10.0, 50.0, -5.0], None),
            ("CIE", [1.0, 1.0, 1.0], None),
        ];
        for (space, numbers, expected) in table {
            let seen = color(space, *numbers).map(|Rgb { r, g, b }| (r, g, b));
            assert_eq!(seen, *expected, "{space} {numbers:?}");
        }
    }

    #[test]
    fn the_monitor_follows_from_its_phosphors() {
        let from = |x: f64, y: f64| {
            FROM_XYZ.map(|row| row[0] * x / y + row[1] + row[2] * (1.0 - x - y) / y)
        };
        let is_near = |seen: f64, expected: f64| (seen - expected).abs() < 1e-6;
        for (index, (x, y)) in [(0.625, 0.34), (0.28, 0.595), (0.155, 0.07)].iter().enumerate() {
            let others = from(*x, *y).into_iter().enumerate().filter(|(at, _)| *at != index);
            others.for_each(|(_, other)| assert!(is_near(other, 0.0), "{index}: {other}"));
        }
        assert!(from(0.283, 0.298).into_iter().all(|part| is_near(part, 1.0)));
        let sum = WHITE_X + 15.0 + 3.0 * WHITE_Z;
        assert!(is_near(WHITE_U, 4.0 * WHITE_X / sum) && is_near(WHITE_V, 9.0 / sum));
    }

    /// Each step of an intensity is a step of the colour, from 1 for the faintest to 255.
    #[test]
    fn responses_rise() {
        for gun in &GUNS {
            let values: Vec<u8> = (0..=10_000).map(|n| response(gun, f64::from(n) / 1e4)).collect();
            assert!(values.is_sorted(), "{values:?}");
            assert_eq!((values[0], values[10_000]), (0, 255));
        }
    }
}
