//! What the tests that leave much to chance share.

use std::path::{Path, PathBuf};

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    /// A number below a limit; 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    /// One of several.
    #[allow(dead_code, reason = "not all tests that share this draw lots")]
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// An offset in a text, between two characters.
    pub fn offset(&mut self, text: &str) -> usize {
        floor(text, self.below(text.len() + 1))
    }
}

/// The next boundary of a character at or before an offset. `\r\n` is one, since no editor can point into it.
pub fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) || text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

/// The texts of the language corpus, archives of several files as they are.
pub fn corpus() -> Vec<String> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lang")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension();
            if path.is_dir() {
                dirs.push(path);
            } else if extension.is_some_and(|it| it == "mcl" || it == "txtar") {
                found.push(path);
            }
        }
    }
    found.sort();
    let texts = found.iter();
    let texts: Vec<String> = texts
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    assert!(texts.len() > 1000, "{}", texts.len());
    texts
}

/// What an environment variable says, if it is a number.
pub fn setting(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// How much is tried: a little, or with `MGMT_SOAK` as many times that as it says.
pub fn effort() -> usize {
    setting("MGMT_SOAK").unwrap_or(1)
}
