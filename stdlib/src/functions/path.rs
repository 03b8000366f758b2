//! Paths as strings of the language, taken apart without a look at the disk.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::value::Str;

/// The path that a string names.
pub(crate) fn from_str(text: &Str) -> &Path {
    Path::new(OsStr::from_bytes(text.as_bytes()))
}

/// The string that names a path.
pub(crate) fn to_str(path: &Path) -> Str {
    Str::from(path.as_os_str().as_bytes())
}

/// The shortest path that means the same, as far as the text alone tells: without repeated slashes, `.`
/// and `..`, and without a slash at its end. Nothing at all is `.`.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut kept: Vec<&[u8]> = Vec::new();
    for element in path.split(|byte| *byte == b'/') {
        match element {
            b"" | b"." => {}
            b".." => match kept.last() {
                Some(last) if *last != b".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(element),
            },
            _ => kept.push(element),
        }
    }
    let joined = kept.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleaning_collapses() {
        for (path, cleaned) in [
            ("", "."),
            ("a//b/./c/..", "a/b"),
            ("/../a", "/a"),
            ("../../a", "../../a"),
            ("a/../..", ".."),
            ("/", "/"),
            ("a/", "a"),
        ] {
            assert_eq!(clean(path.as_bytes()), cleaned.as_bytes(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(path in "[./a]{0,20}") {
            let once = clean(path.as_bytes());
            prop_assert_eq!(clean(&once), once);
        }
    }
}
