//! Tests of the table of tokens.

use super::*;
use crate::error::ErrorKind;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[allow(clippy::disallowed_methods)] // An origin for times; nothing is measured.
fn start() -> Instant {
    Instant::now()
}

fn options(scopes: Scopes) -> TokenOptions {
    TokenOptions { scopes, ..TokenOptions::default() }
}

fn granted(verdict: TokenCheck) -> Option<(TokenId, Scopes)> {
    match verdict {
        TokenCheck::Valid { id, scopes, .. } => Some((id, scopes)),
        _ => None,
    }
}

#[test]
fn scopes_are_bits() {
    assert_eq!(Scopes::from_bits(7), Some(Scopes::OBSERVE | Scopes::TYPE | Scopes::MANAGE));
    assert_eq!(Scopes::from_bits(16), None);
    assert!(Scopes::ALL.contains(Scopes::TYPE) && Scopes::TYPE.contains(Scopes::NONE));
    assert!(!Scopes::MANAGE.contains(Scopes::OBSERVE), "independent");
    assert!(!Scopes::TYPE.contains(Scopes::TYPE | Scopes::OBSERVE));
    assert_eq!(format!("{:?}", Scopes::OBSERVE | Scopes::MANAGE), r#"{"observe", "manage"}"#);
}

#[test]
fn a_token_is_granted_until_it_is_revoked() {
    let (now, mut tokens) = (start(), Tokens::default());
    let (a, text) = tokens.add(options(Scopes::OBSERVE), now).unwrap();
    let (b, other) = tokens.add(options(Scopes::ALL), now).unwrap();
    assert_ne!(text, other);
    assert_eq!(text.len(), TEXT_BYTES);
    assert!(text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_'));
    assert_eq!(granted(tokens.check(&text, now)), Some((a, Scopes::OBSERVE)));
    assert_eq!(granted(tokens.check(&other, now)), Some((b, Scopes::ALL)));
    assert!(tokens.revoke(a) && !tokens.revoke(a));
    assert_eq!(tokens.check(&text, now), TokenCheck::Unknown);
    assert!(!tokens.is_valid(a, now) && tokens.is_valid(b, now));
    let (c, _) = tokens.add(options(Scopes::ALL), now).unwrap();
    assert!(c > b && c != a, "an id is not used again");
    assert!(!tokens.is_valid(TokenId::from_u64(0), now));
}

#[test]
fn a_token_expires() {
    let (now, mut tokens) = (start(), Tokens::default());
    let hour = Duration::from_secs(3600);
    let short = TokenOptions { expires_in: Some(hour), ..options(Scopes::TYPE) };
    let (id, text) = tokens.add(short, now).unwrap();
    let just_before = now + hour - Duration::from_nanos(1);
    let verdict = tokens.check(&text, just_before);
    let expires_at = Some(now + hour);
    assert_eq!(verdict, TokenCheck::Valid { id, scopes: Scopes::TYPE, expires_at });
    assert!(tokens.is_valid(id, just_before) && !tokens.is_valid(id, now + hour));
    assert_eq!(tokens.check(&text, now + hour), TokenCheck::Expired);
    let endless = TokenOptions { expires_in: Some(Duration::MAX), ..options(Scopes::TYPE) };
    let (id, _) = tokens.add(endless, now).unwrap();
    assert!(tokens.is_valid(id, now + hour * 24 * 365 * 100));
}

#[test]
fn a_full_table_drops_what_is_expired_and_nothing_else() {
    let (now, mut tokens) = (start(), Tokens::default());
    let second = Duration::from_secs(1);
    let short = TokenOptions { expires_in: Some(second), ..options(Scopes::TYPE) };
    let (old, _) = tokens.add(short, now).unwrap();
    let kept: Vec<_> =
        (1..TOKENS_MAX).map(|_| tokens.add(options(Scopes::TYPE), now).unwrap()).collect();
    assert!(tokens.add(options(Scopes::TYPE), now).unwrap_err().is_limit_reached());
    let (new, text) = tokens.add(options(Scopes::OBSERVE), now + second).unwrap();
    assert_eq!(tokens.len(), TOKENS_MAX);
    assert_eq!(granted(tokens.check(&text, now)), Some((new, Scopes::OBSERVE)));
    assert!(!tokens.revoke(old));
    for (id, text) in kept.iter().step_by(100) {
        assert_eq!(granted(tokens.check(text, now)), Some((*id, Scopes::TYPE)));
    }
    assert!(kept.iter().all(|(id, _)| tokens.is_valid(*id, now)));
}

#[test]
fn options_are_checked() {
    let (now, mut tokens) = (start(), Tokens::default());
    let with = |secret| TokenOptions { secret: Some(secret), ..options(Scopes::TYPE) };
    let refused = [
        with([0; 32]),
        options(Scopes::NONE),
        TokenOptions { label: "x".repeat(257), ..options(Scopes::TYPE) },
        TokenOptions { expires_in: Some(Duration::ZERO), ..options(Scopes::TYPE) },
    ];
    for options in refused {
        let error = tokens.add(options.clone(), now).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{options:?}");
    }
    let (id, text) = tokens.add(with([0xff; 32]), now).unwrap();
    assert_eq!(text, "_".repeat(42) + "8");
    assert_eq!(granted(tokens.check(&text, now)), Some((id, Scopes::TYPE)));
    let error = tokens.add(with([0xff; 32]), now).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(tokens.len(), 1);
    let named = TokenOptions { label: "laptop".into(), ..options(Scopes::TYPE) };
    let (id, _) = tokens.add(named, now).unwrap();
    assert_eq!(tokens.label(id), Some("laptop"));
}

#[test]
fn a_token_has_one_form() {
    let (now, mut tokens) = (start(), Tokens::default());
    let secret = Some([0xff; 32]);
    tokens.add(TokenOptions { secret, ..options(Scopes::ALL) }, now).unwrap();
    let text = "_".repeat(42) + "8";
    assert!(granted(tokens.check(&text, now)).is_some());
    let others = [
        String::new(),
        text[..42].to_string(),
        format!("{text}="),
        format!("{text}8"),
        format!(" {text}"),
        "_".repeat(43), // The same 256 bits, and two that do not count.
        "/".repeat(42) + "8",
        "\u{e9}".repeat(21) + "8",
        "A".repeat(43),
        "_".repeat(41) + "-8",
    ];
    for other in others {
        assert_eq!(tokens.check(&other, now), TokenCheck::Unknown, "{other}");
    }
    assert_eq!(Tokens::default().check(&text, now), TokenCheck::Unknown);
}

#[test]
fn nothing_shows_a_secret() {
    let (now, mut tokens) = (start(), Tokens::default());
    let options = TokenOptions { secret: Some([0xab; 32]), ..options(Scopes::ALL) };
    let shown = format!("{options:?}");
    let (_, text) = tokens.add(options, now).unwrap();
    let shown = format!("{shown} {tokens:?} {:?}", tokens.check(&text, now));
    for secret in [text.as_str(), "171", "0xab", "abab"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_secret_is_overwritten() {
    let mut bytes = [7; SECRET_BYTES];
    wipe(&mut bytes);
    assert_eq!(bytes, [0; SECRET_BYTES]);
}

#[derive(Clone, Debug)]
enum Step {
    Add { expires_in: Option<u64> },
    Revoke(usize),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::option::of(1..50u64).prop_map(|expires_in| Step::Add { expires_in }),
        (0..32usize).prop_map(Step::Revoke),
        (0..20u64).prop_map(Step::Advance),
    ]
}

proptest! {
    /// The table says what a map of texts would say.
    #[test]
    fn equals_a_map(steps in prop::collection::vec(step(), 1..60)) {
        let (begin, mut time, mut tokens) = (start(), 0, Tokens::default());
        let mut model: BTreeMap<String, (TokenId, Option<u64>)> = BTreeMap::new();
        let mut all = Vec::new();
        for step in steps {
            let now = begin + Duration::from_secs(time);
            match step {
                Step::Add { expires_in } => {
                    let options = TokenOptions {
                        expires_in: expires_in.map(Duration::from_secs),
                        ..options(Scopes::ALL)
                    };
                    let (id, text) = tokens.add(options, now).unwrap();
                    model.insert(text.clone(), (id, expires_in.map(|after| time + after)));
                    all.push((id, text));
                }
                Step::Revoke(n) => if let Some((id, text)) = all.get(n) {
                    prop_assert_eq!(tokens.revoke(*id), model.remove(text).is_some());
                },
                Step::Advance(by) => time += by,
            }
            let now = begin + Duration::from_secs(time);
            for (id, text) in &all {
                let expected = match model.get(text) {
                    None => TokenCheck::Unknown,
                    Some((_, Some(at))) if *at <= time => TokenCheck::Expired,
                    Some((id, at)) => TokenCheck::Valid {
                        id: *id,
                        scopes: Scopes::ALL,
                        expires_at: at.map(|at| begin + Duration::from_secs(at)),
                    },
                };
                prop_assert_eq!(tokens.check(text, now), expected);
                let valid = matches!(expected, TokenCheck::Valid { .. });
                prop_assert_eq!(tokens.is_valid(*id, now), valid);
            }
        }
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,60}|[A-Za-z0-9_-]{43}") {
        prop_assert_eq!(Tokens::default().check(&text, start()), TokenCheck::Unknown);
    }
}
