//! Reads test cases that are kept as data, and compares.

#![allow(clippy::disallowed_methods, reason = "the cases are files")]

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

/// One case: its place, its name, the text and what is expected of it.
struct Case {
    name: String,
    text: String,
    expected: String,
}

/// The cases of a folder, each a test of its own. With `UPDATE` in the environment their results are
/// written back first.
pub(crate) fn trials(
    folder: &str,
    actual: impl Fn(&str) -> String + Copy + Send + 'static,
) -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files: Vec<PathBuf> = fs::read_dir(root.join(folder))
        .expect("the folder with the cases is part of the crate")
        .map(|entry| entry.expect("the folder is readable").path())
        .collect();
    files.sort();
    let mut trials = Vec::new();
    for file in &files {
        if std::env::var_os("UPDATE").is_some() {
            update(file, actual);
        }
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        for case in read(file) {
            let name = format!("{folder}/{stem}/{}", case.name);
            trials.push(Trial::test(name, move || {
                let actual = actual(&case.text);
                if actual == case.expected {
                    return Ok(());
                }
                let Case { text, expected, .. } = case;
                Err(format!("{text}--\n{expected}-- but it is\n{actual}").into())
            }));
        }
    }
    trials
}

fn read(file: &Path) -> Vec<Case> {
    let text = fs::read_to_string(file).expect("a file with cases is text");
    let mut cases: Vec<Case> = Vec::new();
    let mut in_expected = false;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("== ") {
            in_expected = false;
            cases.push(Case {
                name: name.trim().to_owned(),
                text: String::new(),
                expected: String::new(),
            });
        } else if let Some(case) = cases.last_mut() {
            match (line == "--\n", in_expected) {
                (true, _) => in_expected = true,
                (false, true) => case.expected += line,
                (false, false) => case.text += line,
            }
        }
    }
    for case in &mut cases {
        case.text = unescaped(&case.text);
        // The blank line before the next case is for the reader.
        if case.expected.ends_with("\n\n") || case.expected == "\n" {
            case.expected.pop();
        }
    }
    cases
}

/// `␍` is a carriage return, `␄` leaves out the newline after it, `␉` is a tab, and `␛` a byte order mark.
fn unescaped(text: &str) -> String {
    text.replace("␄\n", "")
        .replace('␍', "\r")
        .replace('␉', "\t")
        .replace('␛', "\u{feff}")
}

fn update(file: &Path, actual: impl Fn(&str) -> String) {
    let text = fs::read_to_string(file).expect("a file with cases is text");
    let mut cases = read(file).into_iter();
    let mut out = String::new();
    let mut in_expected = false;
    let mut current = None;
    let finish = |out: &mut String, case: Option<Case>| {
        if let Some(case) = case {
            *out += "--\n";
            *out += &actual(&case.text);
            *out += "\n";
        }
    };
    for line in text.split_inclusive('\n') {
        if line.starts_with("== ") {
            finish(&mut out, current.take());
            current = cases.next();
            in_expected = false;
        }
        in_expected |= line == "--\n";
        if !in_expected {
            out += line;
        }
    }
    finish(&mut out, current);
    let out = format!("{}\n", out.trim_end_matches('\n'));
    fs::write(file, out).expect("the cases can be written");
}
