//! Reports over HTTP: the token of a request for one, and the head of the response. Pure.
//!
//! A report is made for one request and never kept by anybody, and the connection ends with it: so nothing that a
//! token allowed outlasts the response.

use httparse::Header;

use super::{Refusal, single};

/// The text of the token in `Authorization: Bearer TOKEN`; another scheme shows none.
pub(super) fn bearer(headers: &[Header<'_>]) -> Result<Option<String>, Refusal> {
    let value = single(headers, "authorization")?;
    let bearer = value.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_ascii().to_owned())
    });
    Ok(bearer)
}

/// The head of a response. `length`: of the body, if it is known.
pub(crate) fn head(status: u16, media_type: &str, length: Option<usize>) -> Vec<u8> {
    let phrase = match status {
        200 => "OK",
        503 => "Service Unavailable",
        _ => "Report",
    };
    let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: {media_type}\r\n{length}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_requests() {
        for (values, expected) in [
            (&["Bearer abc"][..], Ok(Some("abc"))),
            (&["bearer  abc "], Ok(Some("abc"))),
            (&["BEARER "], Ok(None)),
            (&["Bearer"], Ok(None)),
            (&["Basic abc"], Ok(None)),
            (&["Bearerabc"], Ok(None)),
            (&[], Ok(None)),
            (&["Bearer a", "Bearer b"], Err(400)),
            (&["Bearer \u{e9}"], Err(400)),
        ] {
            let header =
                |value: &&'static str| Header { name: "Authorization", value: value.as_bytes() };
            let headers: Vec<Header<'_>> = values.iter().map(header).collect();
            let found = bearer(&headers).map_err(|refusal| refusal.status);
            assert_eq!(
                found.as_ref().map(Option::as_deref),
                expected.as_ref().copied(),
                "{values:?}"
            );
        }
    }
}
