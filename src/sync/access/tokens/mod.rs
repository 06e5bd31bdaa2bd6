//! Tokens: who a client is. Pure but for where new secrets come from.
//!
//! A token is 256 bits, shown as 43 characters of base64url. It is compared with every token of the table,
//! each in constant time and none left out, so that the time taken says nothing about any of them. Output
//! for debugging never has a secret in it, and secrets are overwritten when they go. A copy that somebody
//! else holds (the text that [`Tokens::add`] returns, the host's options) is theirs to take care of.

use std::fmt;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nix::errno::Errno;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::scopes::Scopes;
use crate::error::{Error, Result};
use crate::id;

const TOKENS_MAX: usize = 1024;
const LABEL_BYTES_MAX: usize = 256;
const SECRET_BYTES: usize = 32;
/// Of a secret in base64url without padding.
const TEXT_BYTES: usize = 43;

/// What a new token is like.
#[derive(Clone, Default)]
pub struct TokenOptions {
    /// What it allows; at least one scope.
    pub scopes: Scopes,
    /// How long it is valid, above zero. `None`: until it is revoked.
    pub expires_in: Option<Duration>,
    /// The secret itself, for a host that has it from elsewhere: not all zero, and of no other token.
    /// `None`: made from the system's random source.
    pub secret: Option<[u8; SECRET_BYTES]>,
    /// A name for people; at most 256 bytes. It is shown in what describes clients.
    pub label: String,
}

/// Shows whether there is a secret, not which.
impl fmt::Debug for TokenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenOptions")
            .field("scopes", &self.scopes)
            .field("expires_in", &self.expires_in)
            .field("secret", &self.secret.map(|_| "..."))
            .field("label", &self.label)
            .finish()
    }
}

/// Names a token of one engine, until it is revoked; never another one after.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(u64);

impl TokenId {
    /// The id as an integer, never 0. The same number is used in the C ABI.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// An id from an integer that came from [`to_u64`](Self::to_u64). Any other number names nothing.
    pub fn from_u64(raw: u64) -> Self {
        TokenId(raw)
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {}", self.0)
    }
}

/// Bytes that are overwritten when they go. In a box, so that a table that grows leaves no copy behind.
struct Secret(Box<[u8; SECRET_BYTES]>);

impl Secret {
    fn zero() -> Self {
        Secret(Box::new([0; SECRET_BYTES]))
    }

    fn random() -> Result<Self> {
        let mut secret = Secret::zero();
        getrandom::fill(&mut secret.0[..]).map_err(|e| {
            Error::system("getrandom", Errno::from_raw(e.raw_os_error().unwrap_or(0)))
        })?;
        Ok(secret)
    }

    /// From the text of a token; `None` if it is not one in its only form.
    fn decode(text: &str) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let mut decoded = [0; SECRET_BYTES + 1]; // The decoder wants room for whole groups.
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut decoded);
        let mut secret = Secret::zero();
        secret.0.copy_from_slice(&decoded[..SECRET_BYTES]);
        wipe(&mut decoded);
        (length == Ok(SECRET_BYTES)).then_some(secret)
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0[..])
    }

    fn is_zero(&self) -> bool {
        self.0.ct_eq(&[0; SECRET_BYTES]).into()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.0[..]);
    }
}

/// Overwrites. The compiler is made to believe that somebody looks, or it would leave the writes out.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

struct Token {
    id: TokenId,
    secret: Secret,
    scopes: Scopes,
    expires_at: Option<Instant>,
    label: String,
}

impl Token {
    fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What a token turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenCheck {
    /// Valid until it is revoked, or until `expires_at`.
    Valid { id: TokenId, scopes: Scopes, expires_at: Option<Instant> },
    /// Not in the table, or no token at all.
    Unknown,
    /// In the table, and its time is over.
    Expired,
}

/// All tokens of a server.
#[derive(Default)]
pub(crate) struct Tokens {
    /// By ascending id.
    entries: Vec<Token>,
    last: u64,
}

impl Tokens {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Makes a token and returns its text. When the table is full, expired ones make room; without such,
    /// it is refused with [`LimitReached`](crate::ErrorKind::LimitReached).
    pub(crate) fn add(
        &mut self,
        mut options: TokenOptions,
        now: Instant,
    ) -> Result<(TokenId, String)> {
        let secret = match &mut options.secret {
            Some(given) => {
                let mut secret = Secret::zero();
                secret.0.copy_from_slice(given);
                wipe(given);
                secret
            }
            None => Secret::random()?,
        };
        if secret.is_zero() {
            return Err(Error::invalid("secret: must not be all zero"));
        }
        if self.find(&secret).is_some() {
            return Err(Error::invalid("secret: another token has it"));
        }
        if options.scopes.is_empty() {
            return Err(Error::invalid("scopes: at least one"));
        }
        if options.expires_in.is_some_and(|after| after.is_zero()) {
            return Err(Error::invalid("expires_in: above zero"));
        }
        if options.label.len() > LABEL_BYTES_MAX {
            return Err(Error::invalid("label: at most 256 bytes"));
        }
        if self.entries.len() >= TOKENS_MAX {
            self.entries.retain(|token| !token.is_expired(now));
        }
        if self.entries.len() >= TOKENS_MAX {
            return Err(Error::limit("at most 1,024 tokens"));
        }
        self.last += 1;
        let id = TokenId(id::compose(self.last, id::TOKEN_KIND, 0));
        let text = secret.encode();
        // A time that the clock cannot hold never comes.
        let expires_at = options.expires_in.and_then(|after| now.checked_add(after));
        let TokenOptions { scopes, label, .. } = options;
        self.entries.push(Token { id, secret, scopes, expires_at, label });
        Ok((id, text))
    }

    /// Takes a token out; false if there is none with this id.
    pub(crate) fn revoke(&mut self, id: TokenId) -> bool {
        let index = self.index(id);
        if let Some(index) = index {
            self.entries.remove(index);
        }
        index.is_some()
    }

    /// Looks a token up by its text.
    pub(crate) fn check(&self, text: &str, now: Instant) -> TokenCheck {
        let found = Secret::decode(text).and_then(|secret| self.find(&secret));
        match found {
            None => TokenCheck::Unknown,
            Some(token) if token.is_expired(now) => TokenCheck::Expired,
            Some(token) => TokenCheck::Valid {
                id: token.id,
                scopes: token.scopes,
                expires_at: token.expires_at,
            },
        }
    }

    /// Whether a token that was granted still is.
    pub(crate) fn is_valid(&self, id: TokenId, now: Instant) -> bool {
        self.get(id).is_some_and(|token| !token.is_expired(now))
    }

    /// The name that the host gave a token.
    pub(crate) fn label(&self, id: TokenId) -> Option<&str> {
        self.get(id).map(|token| token.label.as_str())
    }

    /// Compares with all, always.
    fn find(&self, secret: &Secret) -> Option<&Token> {
        let mut found = u64::MAX;
        for (index, token) in self.entries.iter().enumerate() {
            let equal = token.secret.0.ct_eq(&*secret.0);
            found.conditional_assign(&(index as u64), equal);
        }
        self.entries.get(usize::try_from(found).ok()?)
    }

    fn get(&self, id: TokenId) -> Option<&Token> {
        self.entries.get(self.index(id)?)
    }

    fn index(&self, id: TokenId) -> Option<usize> {
        self.entries.binary_search_by_key(&id, |token| token.id).ok()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("len", &self.entries.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
