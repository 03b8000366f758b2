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

/// The last element of a path; slashes at the end do not count.
pub(crate) fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let kept = without_slashes(path);
    if kept.is_empty() {
        return b"/";
    }
    &kept[last_slash(kept).map_or(0, |at| at + 1)..]
}

/// All but the last element of a path, cleaned.
pub(crate) fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..last_slash(path).map_or(0, |at| at + 1)])
}

/// What follows the last dot of the last element, with the dot; or nothing.
pub(crate) fn ext(path: &[u8]) -> &[u8] {
    let element = &path[last_slash(path).map_or(0, |at| at + 1)..];
    let dot = element.iter().rposition(|byte| *byte == b'.');
    dot.map_or(&[], |at| &element[at..])
}

/// The elements that are not empty, joined and cleaned.
pub(crate) fn join(mut elements: Vec<&[u8]>) -> Vec<u8> {
    elements.retain(|element| !element.is_empty());
    if elements.is_empty() {
        return Vec::new();
    }
    clean(&elements.join(&b'/'))
}

/// The path without slashes at its end.
pub(crate) fn without_slashes(path: &[u8]) -> &[u8] {
    let kept = path.iter().rposition(|byte| *byte != b'/');
    &path[..kept.map_or(0, |at| at + 1)]
}

/// The path from one path to another; nothing if the text alone does not tell.
pub(crate) fn relative(base: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    let (base, target) = (clean(base), clean(target));
    if base.starts_with(b"/") != target.starts_with(b"/") {
        return None;
    }
    let (mut base, mut target) = (elements(&base), elements(&target));
    let common = base.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let (base, target) = (base.split_off(common), target.split_off(common));
    if base.contains(&&b".."[..]) {
        return None;
    }
    let up = base.iter().map(|_| &b".."[..]);
    let path = up.chain(target).collect::<Vec<_>>().join(&b'/');
    Some(if path.is_empty() { b".".to_vec() } else { path })
}

/// Whether a path stays below the directory where it starts.
pub(crate) fn is_local(path: &[u8]) -> bool {
    !path.is_empty() && !path.starts_with(b"/") && !elements(&clean(path)).contains(&&b".."[..])
}

/// The elements of a cleaned path.
fn elements(path: &[u8]) -> Vec<&[u8]> {
    path.split(|byte| *byte == b'/')
        .filter(|element| !matches!(*element, b"" | b"."))
        .collect()
}

fn last_slash(path: &[u8]) -> Option<usize> {
    path.iter().rposition(|byte| *byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_of_paths() {
        for (path, last, rest, extension) in [
            ("", ".", ".", ""),
            ("/", "/", "/", ""),
            ("a/b.tar.gz", "b.tar.gz", "a", ".gz"),
            ("a.d/b", "b", "a.d", ""),
            ("/a//", "a", "/a", ""),
            ("a", "a", ".", ""),
        ] {
            let path = path.as_bytes();
            assert_eq!(base(path), last.as_bytes());
            assert_eq!(dir(path), rest.as_bytes());
            assert_eq!(ext(path), extension.as_bytes());
        }
    }

    #[test]
    fn joining_skips_what_is_empty() {
        assert_eq!(join(vec![b"a", b"", b"../b/", b"c"]), b"b/c");
        assert_eq!(join(vec![b"", b""]), b"");
        assert_eq!(join(Vec::new()), b"");
    }

    #[test]
    fn relative_paths() {
        for (base, target, path) in [
            ("/a", "/a/b/c", Some("b/c")),
            ("/a/b", "/c", Some("../../c")),
            ("a", "a", Some(".")),
            ("a", "/a", None),
            ("..", "a", None),
            ("../a", "../b", Some("../b")),
        ] {
            let expected = path.map(|path| path.as_bytes().to_vec());
            assert_eq!(
                relative(base.as_bytes(), target.as_bytes()),
                expected,
                "{base} {target}"
            );
        }
    }

    #[test]
    fn local_paths_do_not_climb_out() {
        for (path, local) in [
            ("a/../b", true),
            (".", true),
            ("", false),
            ("/a", false),
            ("a/../../b", false),
        ] {
            assert_eq!(is_local(path.as_bytes()), local, "{path}");
        }
    }

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

        #[test]
        fn a_relative_path_leads_to_its_target(base in "[./a-c]{0,12}", target in "[./a-c]{0,12}") {
            let (base, target) = (base.as_bytes(), target.as_bytes());
            if let Some(path) = relative(base, target) {
                let from = clean(base);
                prop_assert_eq!(join(vec![&from, &path]), clean(target));
            }
        }

        #[test]
        fn directory_and_last_element_are_the_path(path in "[./a-c]{0,12}") {
            let path = clean(path.as_bytes());
            prop_assume!(path != b"/");
            prop_assert_eq!(join(vec![&dir(&path), base(&path)]), path);
        }

        #[test]
        fn a_local_path_is_found_below_any_directory(path in "[./a-c]{0,12}") {
            let below = clean(&[b"/d/", path.as_bytes()].concat());
            let is_below = below == b"/d" || below.starts_with(b"/d/");
            prop_assert!(is_below || !is_local(path.as_bytes()));
        }
    }
}
