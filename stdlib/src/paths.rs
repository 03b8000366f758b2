//! Paths as text, without a look at any file system. A trailing slash says "this is a directory".

/// The shortest equal path: no `.`, no double slashes, `..` resolved as far as it goes. The result ends
/// in a slash only if it is `/`; an empty path becomes `.`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                None if rooted => {}
                _ => parts.push(part),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The cleaned path with its trailing slash, if it had one.
pub fn clean_keeping_slash(path: &str) -> String {
    let mut cleaned = clean(path);
    if path.ends_with('/') && cleaned != "/" {
        cleaned.push('/');
    }
    cleaned
}

/// What is before the last component, with a trailing slash; empty for `/` and for a lone name.
pub fn directory_part(path: &str) -> String {
    let cleaned = clean(path);
    match cleaned.rfind('/') {
        Some(_) if cleaned == "/" => String::new(),
        Some(slash) => cleaned[..=slash].to_owned(),
        None => String::new(),
    }
}

/// The last component, with its trailing slash, if it had one.
pub fn last_component(path: &str) -> String {
    let cleaned = clean_keeping_slash(path);
    let name = cleaned.trim_end_matches('/');
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    cleaned[start..].to_owned()
}

/// Whether `path` is `directory` or lies below it, component by component.
pub fn is_within(path: &str, directory: &str) -> bool {
    let (path, directory) = (clean(path), clean(directory));
    directory == "/" && path.starts_with('/')
        || path
            .strip_prefix(&directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleaning_resolves_dots_and_slashes() {
        assert_eq!(clean("/a//b/./c/../d/"), "/a/b/d");
        assert_eq!(clean("/../a"), "/a");
        assert_eq!(clean("../../a/.."), "../..");
        assert_eq!(clean(""), ".");
        assert_eq!(clean("/"), "/");
        assert_eq!(clean_keeping_slash("/a//b//"), "/a/b/");
        assert_eq!(clean_keeping_slash("/"), "/");
    }

    #[test]
    fn a_path_has_two_parts() {
        assert_eq!(directory_part("/a/b/"), "/a/");
        assert_eq!(directory_part("/a"), "/");
        assert_eq!(directory_part("/"), "");
        assert_eq!(directory_part("a"), "");
        assert_eq!(last_component("/a/b/"), "b/");
        assert_eq!(last_component("/a/b"), "b");
        assert_eq!(last_component("/"), "/");
    }

    #[test]
    fn being_within_goes_by_components() {
        assert!(is_within("/a/b", "/a/"));
        assert!(is_within("/a", "/a"));
        assert!(is_within("/a", "/"));
        assert!(!is_within("/ab", "/a"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(path in "[/.ab]{0,12}") {
            let once = clean(&path);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
