//! Shell patterns for one name (functions.md §11.2.6).

/// A pattern that can not be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(crate) struct PatternError;

/// Whether the pattern matches the whole name. `*` is any text and `?` any character, neither with a
/// slash; `[a-z]` is one of several characters and `[^a-z]` another one; a backslash takes away the
/// meaning of what follows.
///
/// # Errors
/// If a bracket or a backslash is left open, whether the name matches or not.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, PatternError> {
    let pattern = parse(&characters(pattern))?;
    let name = characters(name);
    let (mut in_pattern, mut in_name) = (0, 0);
    // Where to go on if the last star takes one character more. Earlier stars need no second try: they
    // took as little as they could, and no star takes a slash.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let matched = match (pattern.get(in_pattern), name.get(in_name)) {
            (None, None) => return Ok(true),
            (Some(Token::Any), _) => {
                retry = Some((in_pattern + 1, in_name));
                in_pattern += 1;
                continue;
            }
            (Some(token), Some(character)) => token.matches(*character),
            _ => false,
        };
        if matched {
            in_pattern += 1;
            in_name += 1;
            continue;
        }
        match retry {
            Some((after_star, from)) if name.get(from).is_some_and(|c| *c != SLASH) => {
                retry = Some((after_star, from + 1));
                (in_pattern, in_name) = (after_star, from + 1);
            }
            _ => return Ok(false),
        }
    }
}

/// A code point, or beyond all of them a byte that is not UTF-8.
type Character = u32;

const SLASH: Character = '/' as u32;

fn characters(text: &[u8]) -> Vec<Character> {
    text.utf8_chunks()
        .flat_map(|chunk| {
            let valid = chunk.valid().chars().map(u32::from);
            valid.chain(
                chunk
                    .invalid()
                    .iter()
                    .map(|byte| 0x11_0000 + u32::from(*byte)),
            )
        })
        .collect()
}

enum Token {
    Any,
    One,
    Literal(Character),
    Class {
        negated: bool,
        ranges: Vec<(Character, Character)>,
    },
}

impl Token {
    fn matches(&self, character: Character) -> bool {
        match self {
            Self::Any => false,
            Self::One => character != SLASH,
            Self::Literal(literal) => *literal == character,
            Self::Class { negated, ranges } => {
                let inside = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character));
                inside != *negated
            }
        }
    }
}

fn parse(pattern: &[Character]) -> Result<Vec<Token>, PatternError> {
    let mut rest = pattern.iter().copied().peekable();
    let mut tokens = Vec::new();
    while let Some(character) = rest.next() {
        tokens.push(match char::from_u32(character) {
            Some('*') => Token::Any,
            Some('?') => Token::One,
            Some('\\') => Token::Literal(rest.next().ok_or(PatternError)?),
            Some('[') => class(&mut rest)?,
            _ => Token::Literal(character),
        });
    }
    Ok(tokens)
}

fn class(
    rest: &mut std::iter::Peekable<impl Iterator<Item = Character>>,
) -> Result<Token, PatternError> {
    const END: Character = ']' as u32;
    const DASH: Character = '-' as u32;
    let negated = rest.next_if_eq(&('^' as u32)).is_some();
    let mut ranges = Vec::new();
    while ranges.is_empty() || rest.next_if_eq(&END).is_none() {
        let low = class_character(rest)?;
        let high = if rest.next_if_eq(&DASH).is_some() {
            class_character(rest)?
        } else {
            low
        };
        ranges.push((low, high));
    }
    Ok(Token::Class { negated, ranges })
}

/// A character of a class, which may be escaped.
fn class_character(rest: &mut impl Iterator<Item = Character>) -> Result<Character, PatternError> {
    match rest
        .next()
        .map(|character| (character, char::from_u32(character)))
    {
        Some((_, Some('\\'))) => rest
            .next()
            .filter(|character| char::from_u32(*character).is_some())
            .ok_or(PatternError),
        // What is not UTF-8 has no place in a range.
        None | Some((_, None | Some('-' | ']'))) => Err(PatternError),
        Some((character, _)) => Ok(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns() {
        for (pattern, name, matched) in [
            ("*.conf", "a.conf", true),
            ("*", "a/b", false),
            ("*/*", "a/b", true),
            ("a*b*c", "axbxbxc", true),
            ("a?c", "aéc", true),
            ("?", "/", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[\\]]", "]", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("", "", true),
            ("", "a", false),
            ("a*", "a", true),
            ("*a", "aab", false),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                Ok(matched),
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn malformed_patterns() {
        for pattern in ["[", "[]", "[]a]", "[a", "[a-]", "[-a]", "a\\", "x[^]"] {
            assert_eq!(
                matches(pattern.as_bytes(), b""),
                Err(PatternError),
                "{pattern}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_stand_for_themselves_outside_of_classes() {
        assert_eq!(matches(b"\xff?", b"\xff\xfe"), Ok(true));
        assert_eq!(matches(b"[^a]", b"\xff"), Ok(true));
        for pattern in [&b"[\xff]"[..], b"[a-\xff]", b"[\\\xff]"] {
            assert_eq!(matches(pattern, b"\xff"), Err(PatternError));
        }
    }

    proptest! {
        #[test]
        fn an_escaped_name_matches_itself(name: Vec<u8>) {
            let mut pattern = Vec::new();
            for chunk in name.utf8_chunks() {
                for c in chunk.valid().chars() {
                    pattern.push(b'\\');
                    pattern.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                pattern.extend_from_slice(chunk.invalid());
            }
            prop_assert_eq!(matches(&pattern, &name), Ok(true));
        }

        #[test]
        fn a_star_takes_what_a_slow_search_says(pattern in "[ab*/]{0,8}", name in "[ab/]{0,8}") {
            fn slow(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern.split_first(), name.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), None) => slow(rest, name),
                    (Some((b'*', rest)), Some((first, after))) => {
                        slow(rest, name) || (*first != b'/' && slow(pattern, after))
                    }
                    (Some((a, rest)), Some((b, after))) => a == b && slow(rest, after),
                    _ => false,
                }
            }
            let expected = slow(pattern.as_bytes(), name.as_bytes());
            prop_assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), Ok(expected));
        }
    }
}
