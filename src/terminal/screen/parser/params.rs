//! The parameters of a control sequence: numbers with sub-parameters.

/// Parameters and sub-parameters that are kept; a terminal of the VT500 family drops the rest.
pub(crate) const PARAMS_MAX: usize = 32;

/// Numbers as `1;2` or, with sub-parameters, `38:2::1:2:3`. A missing one is 0, a large one 65,535.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params {
    values: [u16; PARAMS_MAX],
    len: usize,
    /// A bit for each value that is a sub-parameter of the one before it.
    subs: u32,
    /// The number that is being read.
    current: u32,
    /// It is a sub-parameter.
    is_sub: bool,
    /// It has digits.
    has_digits: bool,
    /// A bit for each value that has digits.
    given: u32,
}

impl Params {
    pub(super) fn clear(&mut self) {
        (self.len, self.subs, self.current, self.is_sub) = (0, 0, 0, false);
        (self.has_digits, self.given) = (false, 0);
    }

    /// Reads digits, semicolons and colons from `at` on; returns where something else stands.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], mut at: usize) -> usize {
        let mut current = self.current;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'0'..=b'9' => {
                    current = (current * 10 + u32::from(byte - b'0')).min(u16::MAX.into());
                    self.has_digits = true;
                }
                b';' | b':' => {
                    self.current = current;
                    self.finish(*byte == b':');
                    current = 0;
                }
                _ => break,
            }
            at += 1;
        }
        self.current = current;
        at
    }

    /// Ends the number that is being read; `is_sub`: the next one is a sub-parameter.
    #[inline]
    pub(super) fn finish(&mut self, is_sub: bool) {
        if let Some(value) = self.values.get_mut(self.len) {
            *value = self.current as u16;
            self.subs |= u32::from(self.is_sub) << self.len;
            self.given |= u32::from(self.has_digits) << self.len;
            self.len += 1;
        }
        (self.current, self.is_sub, self.has_digits) = (0, is_sub, false);
    }

    /// The parameter at `index`, 0 if it is missing.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> u16 {
        if self.subs == 0 {
            return if index < self.len { self.values[index % PARAMS_MAX] } else { 0 };
        }
        self.groups().nth(index).and_then(|group| group.first()).copied().unwrap_or(0)
    }

    /// The parameter at `index`, `default` if it is missing or 0.
    #[inline]
    pub(crate) fn or(&self, index: usize, default: usize) -> usize {
        match self.get(index) {
            0 => default,
            value => value.into(),
        }
    }

    /// Whether the first parameter was written as 0, not left out.
    pub(crate) fn is_zero(&self) -> bool {
        self.given & 1 != 0 && self.get(0) == 0
    }

    /// Whether there are sub-parameters.
    #[inline]
    pub(crate) fn has_subs(&self) -> bool {
        self.subs != 0
    }

    /// The number of parameters, at least 1.
    pub(crate) fn len(&self) -> usize {
        if self.subs == 0 { self.len } else { self.groups().count() }
    }

    /// All numbers, parameters and sub-parameters alike.
    #[inline]
    pub(crate) fn values(&self) -> &[u16] {
        self.values.get(..self.len).unwrap_or(&[])
    }

    /// Each parameter with its sub-parameters.
    #[inline]
    pub(crate) fn groups(&self) -> Groups<'_> {
        Groups { values: self.values(), subs: self.subs >> 1 }
    }
}

/// Iterates over parameters, each with its sub-parameters; never an empty slice.
#[derive(Clone, Debug)]
pub(crate) struct Groups<'a> {
    values: &'a [u16],
    /// Bit n: the value at n + 1 belongs to the one before it.
    subs: u32,
}

impl<'a> Iterator for Groups<'a> {
    type Item = &'a [u16];

    #[inline]
    fn next(&mut self) -> Option<&'a [u16]> {
        if self.values.is_empty() {
            return None;
        }
        let len = (self.subs.trailing_ones() as usize + 1).min(self.values.len());
        let (group, rest) = self.values.split_at(len);
        self.values = rest;
        self.subs = self.subs.checked_shr(len as u32).unwrap_or(0);
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Params {
        let mut params = Params::default();
        assert_eq!(params.read(text.as_bytes(), 0), text.len());
        params.finish(false);
        params
    }

    #[test]
    fn numbers_and_their_parts() {
        let table: &[(&str, &[&[u16]])] = &[
            ("", &[&[0]]),
            ("1", &[&[1]]),
            (";2", &[&[0], &[2]]),
            ("1;", &[&[1], &[0]]),
            ("4:3;7", &[&[4, 3], &[7]]),
            ("38:2::1:2:3;1", &[&[38, 2, 0, 1, 2, 3], &[1]]),
            ("99999999999", &[&[65535]]),
        ];
        for (text, groups) in table {
            let params = read(text);
            assert_eq!(params.groups().collect::<Vec<_>>(), *groups, "{text}");
            assert_eq!(params.len(), groups.len(), "{text}");
            for (index, group) in groups.iter().enumerate() {
                assert_eq!(params.get(index), group[0], "{text}");
            }
            assert_eq!((params.get(groups.len()), params.or(40, 7)), (0, 7), "{text}");
        }
    }

    #[test]
    fn a_zero_is_not_taken_for_nothing() {
        for (text, is_zero) in
            [("0", true), ("00;1", true), ("", false), (";0", false), ("1", false)]
        {
            assert_eq!(read(text).is_zero(), is_zero, "{text}");
        }
    }

    #[test]
    fn those_that_are_too_many_are_dropped() {
        let params = read(&"1;".repeat(40));
        assert_eq!(params.len(), PARAMS_MAX);
        let params = read(&"1:".repeat(40));
        assert_eq!((params.len(), params.groups().next().map(<[u16]>::len)), (1, Some(PARAMS_MAX)));
    }
}
