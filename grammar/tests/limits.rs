//! Deep and large texts, on a small stack.

use std::fmt::Write;

use mgmt_grammar::format::format;
use mgmt_grammar::span::SourceId;
use mgmt_grammar::{MAX_DEPTH, Parsed, SyntaxErrorKind, dump, parse};

/// Parses, prints and formats with less stack than a thread usually has.
fn parse_on_small_stack(text: String) -> Parsed {
    std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            let parsed = parse(SourceId(0), &text);
            dump::dump(&parsed.file);
            assert_eq!(format(&text).is_ok(), parsed.errors.is_empty());
            parsed
        })
        .expect("there are threads left")
        .join()
        .expect("the stack suffices")
}

fn assert_too_deep_once(text: String) {
    let parsed = parse_on_small_stack(text);
    let kinds: Vec<_> = parsed.errors.iter().map(|error| &error.kind).collect();
    assert_eq!(kinds, [&SyntaxErrorKind::TooDeep]);
}

fn nested(open: &str, middle: &str, close: &str, levels: usize) -> String {
    format!(
        "$x = {}{middle}{}\n",
        open.repeat(levels),
        close.repeat(levels)
    )
}

#[test]
fn a_thousand_levels_are_fine() {
    for text in [
        nested("(", "1", ")", 1000),
        nested("[", "", "]", 1000),
        nested("not ", "1", "", 1000),
        nested("", "1", " + 1", 1000),
        nested("", "$a", "->b", 1000),
        nested("", "$a", "[0]", 1000),
        nested("func() { ", "1", " }", 1000),
        nested("if true { ", "1", " } else { 2 }", 1000),
        nested("{1 => ", "1", "}", 1000),
        nested("", "$a->b <|> 1", " <|> 1", 1000),
        nested("$a->b <|> ", "1", "", 1000),
        format!("$x {}int = $y\n", "[]".repeat(1000)),
        format!(
            "$x {}int{} = $y\n",
            "map{str: ".repeat(1000),
            "}".repeat(1000)
        ),
        format!("$x {}int = $y\n", "func() ".repeat(1000)),
        format!("{}{}", "if true {\n".repeat(1000), "}\n".repeat(1000)),
    ] {
        let parsed = parse_on_small_stack(text);
        assert_eq!(parsed.errors, []);
    }
}

#[test]
fn more_levels_than_the_limit_are_one_error() {
    let levels = 10_000;
    assert!(levels > 2 * MAX_DEPTH);
    for text in [
        nested("(", "1", ")", levels),
        nested("[", "", "]", levels),
        nested("func() { ", "1", " }", levels),
        nested("{1 => ", "1", "}", levels),
        format!(
            "$x {}int{} = $y\n",
            "map{str: ".repeat(levels),
            "}".repeat(levels)
        ),
        format!("{}{}", "if true {\n".repeat(levels), "}\n".repeat(levels)),
    ] {
        assert_too_deep_once(text);
    }
    let levels = MAX_DEPTH + 10;
    for text in [
        nested("not ", "1", "", levels),
        nested("", "1", " + 1", levels),
        nested("", "$a", "->b", levels),
        nested("", "$a", "[0]", levels),
        nested("$a->b <|> ", "1", "", levels),
        format!("$x {}int = $y\n", "[]".repeat(levels)),
        format!("$x {}int = $y\n", "func() ".repeat(levels)),
    ] {
        assert_too_deep_once(text);
    }
}

#[test]
fn unclosed_and_unopened_brackets_in_masses_are_reported() {
    for text in [
        "(".repeat(200_000),
        ")".repeat(20_000),
        "{\n".repeat(20_000),
        "}\n".repeat(20_000),
        "([{".repeat(10_000),
        "([".repeat(10_000) + &")".repeat(10_000),
    ] {
        let parsed = parse_on_small_stack(text);
        assert!(!parsed.errors.is_empty());
    }
}

#[test]
fn many_comments_and_long_lines_are_fine() {
    let mut text = "# comment\n".repeat(50_000);
    let _ = writeln!(text, "$x = [{}1]", "1, ".repeat(200_000));
    let _ = writeln!(text, "$y = \"{}\"", "é ".repeat(200_000));
    let parsed = parse_on_small_stack(text);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.comments.len(), 50_000);
}
