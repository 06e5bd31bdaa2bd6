//! Keeps `docs/PROTOCOL.md` true where a test can: its examples are messages, it names every field and
//! every variant, and its schema is ours.

use super::vectors::{Any, Side};
use super::*;

const MANUAL: &str = include_str!("../../../docs/PROTOCOL.md");

#[test]
fn examples_are_messages() {
    let mut seen = 0;
    for line in MANUAL.lines() {
        let (side, text) = match (line.strip_prefix("→ "), line.strip_prefix("← ")) {
            (Some(text), _) => (Side::Client, text),
            (_, Some(text)) => (Side::Server, text),
            _ => continue,
        };
        let encoded = Encoded { text: true, payload: text.as_bytes().to_vec() };
        let message = Any::decode(side, Codec::Json, &encoded);
        let message = message.unwrap_or_else(|error| panic!("{}: {text}", error.message));
        if side == Side::Server {
            // A server writes every field.
            assert_eq!(message.encode(Codec::Json, false), encoded, "{text}");
        }
        seen += 1;
    }
    assert!(seen > 10);
}

#[test]
fn everything_is_named() {
    assert!(MANUAL.contains(&format!("**`{SCHEMA:08x}`**")), "the schema is {SCHEMA:08x} now");
    let declarations = include_str!("../protocol/schema.txt").lines();
    for declaration in declarations.filter(|line| line.contains('{')) {
        let (head, body) = declaration.split_once('{').unwrap();
        let words = body.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        let fields = words.filter_map(|word| word.strip_suffix(':')).map(String::from);
        let variants = if head.starts_with("enum") { variants(body) } else { Vec::new() };
        for name in fields.chain(variants) {
            let named =
                MANUAL.contains(&format!("`{name}`")) || MANUAL.contains(&format!("[`{name}`]"));
            assert!(named, "{head}: `{name}` is not in the manual");
        }
    }
}

/// Names of variants as JSON has them, from the text between the braces of an enum.
fn variants(body: &str) -> Vec<String> {
    let mut depth = 0;
    let outer: String = body
        .chars()
        .filter(|c| {
            depth += i32::from(matches!(c, '(' | '{'));
            depth -= i32::from(matches!(c, ')' | '}'));
            depth == 0 && !matches!(c, ')' | '}')
        })
        .collect();
    let snake = |name: &str| {
        let separate = |(at, c): (usize, char)| match c.is_uppercase() && at > 0 {
            true => format!("_{}", c.to_lowercase()),
            false => c.to_lowercase().to_string(),
        };
        name.char_indices().map(separate).collect()
    };
    outer.split(',').map(str::trim).filter(|name| !name.is_empty()).map(snake).collect()
}

#[test]
fn variants_are_found() {
    assert_eq!(
        variants(" A, TwoWords(u64, u8), C { d: Vec<u8> }, E }"),
        ["a", "two_words", "c", "e"]
    );
}
