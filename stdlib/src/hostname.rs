//! The names that hosts can have (engine.md 6.6.4).

/// The longest name.
const LENGTH: usize = 253;

/// Whether a host can have that name: letters, digits, dots, hyphens and underscores, not all of them signs, and
/// neither a dot nor a hyphen at the beginning.
pub fn is_valid(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=LENGTH).contains(&name.len())
        && name.chars().all(allowed)
        && name.contains(|c: char| c.is_ascii_alphanumeric())
        && !name.starts_with(['.', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts() {
        for good in ["h1", "web-1.example.org", "_a", &"a".repeat(LENGTH)] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            ".a",
            "a b",
            "*",
            "a/b",
            "_",
            "é",
            &"a".repeat(LENGTH + 1),
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
