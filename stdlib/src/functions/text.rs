//! Operations on byte strings that several packages name (functions.md §1.9).

use std::borrow::Cow;

use bstr::ByteSlice;
use icu_casemap::{CaseMapper, CaseMapperBorrowed};

/// The characters with where they start and end. Each byte that is not UTF-8 is one, read as U+FFFD (§1.9.2).
pub(crate) fn char_indices(text: &[u8]) -> impl Iterator<Item = (usize, usize, char)> {
    let mut at = 0;
    text.utf8_chunks().flat_map(move |chunk| {
        let start = at;
        let middle = start + chunk.valid().len();
        at = middle + chunk.invalid().len();
        let valid = chunk.valid().char_indices().map(move |(place, c)| {
            let place = start + place;
            (place, place + c.len_utf8(), c)
        });
        let invalid = (middle..at).map(|byte| (byte, byte + 1, char::REPLACEMENT_CHARACTER));
        valid.chain(invalid)
    })
}

/// The characters of [`char_indices`] alone.
pub(crate) fn chars(text: &[u8]) -> impl Iterator<Item = char> {
    char_indices(text).map(|(_, _, c)| c)
}

/// Maps each character by itself; a byte that is not UTF-8 becomes U+FFFD.
pub(crate) fn map_chars(
    text: &[u8],
    map: impl Fn(CaseMapperBorrowed<'static>, char) -> char,
) -> String {
    let cases = CaseMapper::new();
    chars(text).map(|c| map(cases, c)).collect()
}

/// Simple upper case (§1.9.4).
pub(crate) fn upper(text: &[u8]) -> String {
    map_chars(text, |cases, c| cases.simple_uppercase(c))
}

/// Simple lower case (§1.9.4).
pub(crate) fn lower(text: &[u8]) -> String {
    map_chars(text, |cases, c| cases.simple_lowercase(c))
}

/// The characters under simple case folding.
pub(crate) fn fold(text: &[u8]) -> impl Iterator<Item = char> {
    let cases = CaseMapper::new();
    chars(text).map(move |c| cases.simple_fold(c))
}

/// The places of the non-overlapping occurrences of `needle`, from the left. An empty needle is found
/// before each character and at the end.
pub(crate) fn find_all<'t>(
    text: &'t [u8],
    needle: &'t [u8],
) -> Box<dyn Iterator<Item = usize> + 't> {
    if needle.is_empty() {
        let boundaries = char_indices(text).map(|(start, _, _)| start);
        Box::new(boundaries.chain([text.len()]))
    } else {
        Box::new(text.find_iter(needle))
    }
}

/// Replaces the first `limit` of what [`find_all`] finds.
pub(crate) fn replace(text: &[u8], old: &[u8], new: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    for at in find_all(text, old).take(limit) {
        out.extend_from_slice(&text[copied..at]);
        out.extend_from_slice(new);
        copied = at + old.len();
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// The pieces between occurrences of `separator`; with an empty one, the characters.
pub(crate) fn split<'t>(text: &'t [u8], separator: &'t [u8]) -> Vec<&'t [u8]> {
    if separator.is_empty() {
        char_indices(text)
            .map(|(start, end, _)| &text[start..end])
            .collect()
    } else {
        text.split_str(separator).collect()
    }
}

/// Joins pieces with a separator between them.
pub(crate) fn join(pieces: &[&[u8]], separator: &[u8]) -> Vec<u8> {
    bstr::join(separator, pieces)
}

/// The text without white space at its ends.
pub(crate) fn trim_space(text: &[u8]) -> &[u8] {
    text.trim_with(|c| c.is_whitespace())
}

/// The text without what `cut` says at its start.
pub(crate) fn trim_start(text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    text.trim_start_with(cut)
}

/// The text without what `cut` says at its end.
pub(crate) fn trim_end(text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    text.trim_end_with(cut)
}

/// Whether `set` holds the character.
pub(crate) fn in_set(set: &[u8], c: char) -> bool {
    set.chars().any(|member| member == c)
}

/// The text with each run of bytes that are not UTF-8 replaced.
pub(crate) fn to_valid<'t>(text: &'t [u8], replacement: &[u8]) -> Cow<'t, [u8]> {
    if text.is_utf8() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut in_run = false;
    for chunk in text.utf8_chunks() {
        if !chunk.valid().is_empty() {
            in_run = false;
            out.extend_from_slice(chunk.valid().as_bytes());
        }
        if !chunk.invalid().is_empty() && !in_run {
            in_run = true;
            out.extend_from_slice(replacement);
        }
    }
    Cow::Owned(out)
}

/// The text with the first letter of each word in title case. A word starts at the beginning, after
/// white space, and after ASCII characters other than letters, digits and `_`.
pub(crate) fn title(text: &[u8]) -> String {
    let cases = CaseMapper::new();
    let mut previous = ' ';
    chars(text)
        .map(|c| {
            let starts = if previous.is_ascii() {
                !previous.is_ascii_alphanumeric() && previous != '_'
            } else {
                previous.is_whitespace()
            };
            previous = c;
            if starts { cases.simple_titlecase(c) } else { c }
        })
        .collect()
}

/// Escapes the five characters that have a meaning in HTML.
pub(crate) fn escape_html(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len() + s.len() / 8);
    for byte in s {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'"' => out.extend_from_slice(b"&#34;"),
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_mapping_is_character_by_character() {
        assert_eq!(upper("straße".as_bytes()), "STRAßE");
        assert_eq!(lower("İΣ".as_bytes()), "iσ");
        assert_eq!(upper(b"a\xffb"), "A\u{fffd}B");
        // The first two bytes of three are two characters.
        assert_eq!(lower(b"A\xe2\x82B"), "a\u{fffd}\u{fffd}b");
        assert_eq!(
            title("hello wORLD it's o'neil_x".as_bytes()),
            "Hello WORLD It'S O'Neil_x"
        );
    }

    #[test]
    fn an_empty_needle_is_everywhere() {
        assert_eq!(
            replace("aé".as_bytes(), b"", b"-", usize::MAX),
            "-a-é-".as_bytes()
        );
        assert_eq!(replace(b"ab", b"", b"-", 1), b"-ab");
        assert_eq!(replace(b"", b"", b"-", usize::MAX), b"-");
        assert_eq!(replace(b"\xf0\x9f", b"", b"-", usize::MAX), b"-\xf0-\x9f-");
        assert_eq!(replace(b"aaa", b"aa", b"b", usize::MAX), b"ba");
    }

    #[test]
    fn splitting_by_nothing_gives_characters() {
        assert_eq!(split(b"a\xe2\x82", b""), [&b"a"[..], b"\xe2", b"\x82"]);
        assert!(split(b"", b"").is_empty());
        assert_eq!(split(b"", b","), [b""]);
        assert_eq!(split(b"a,,b", b","), [&b"a"[..], b"", b"b"]);
    }

    #[test]
    fn runs_of_invalid_bytes_are_replaced_once() {
        assert_eq!(&*to_valid(b"a\xff\xfeb\xff", b"?"), b"a?b?");
        assert_eq!(&*to_valid(b"ok", b"?"), b"ok");
    }

    #[test]
    fn white_space_is_that_of_unicode() {
        assert_eq!(
            trim_space("\u{85}\u{a0}\t a\u{200b} ".as_bytes()),
            "a\u{200b}".as_bytes()
        );
    }
}
