//! What holds for every text.

use mgmt_grammar::ast::ExprId;
use mgmt_grammar::format::{FormatError, format};
use mgmt_grammar::span::{SourceId, Span};
use mgmt_grammar::{Parsed, dump, parse, testing};
use proptest::prelude::*;

fn parsed(text: &str) -> Parsed {
    parse(SourceId(0), text)
}

/// Parses, and checks what must hold whatever the text is.
fn check(text: &str) -> Parsed {
    let parsed = parsed(text);
    let inside = |span: Span| {
        text.get(span.start as usize..span.end as usize).is_some() && span.start <= span.end
    };
    for error in &parsed.errors {
        assert!(inside(error.span), "{error:?}");
        let edit = error.edit.as_ref();
        assert!(edit.is_none_or(|edit| inside(edit.span)), "{error:?}");
    }
    assert!(parsed.errors.is_sorted_by_key(|error| error.span.start));
    for (index, expr) in parsed.file.exprs.iter().enumerate() {
        assert!(inside(expr.span), "{expr:?}");
        for child in expr.kind.children() {
            assert!(child.index() < index, "children stand before their parents");
        }
    }
    for stmt in &parsed.file.stmts {
        assert!(inside(stmt.span), "{stmt:?}");
    }
    match format(text) {
        Ok(formatted) => {
            assert!(parsed.errors.is_empty());
            assert_eq!(format(&formatted), Ok(formatted));
        }
        Err(FormatError::Syntax(errors)) => assert_eq!(errors, parsed.errors),
        Err(error) => panic!("{error}\n{text}"),
    }
    parsed
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

fn program() -> impl Strategy<Value = String> {
    choices().prop_map(|choices| testing::program(&choices))
}

/// Pieces of programs, in any order.
fn token_soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "\n", "\n\t", " ", "{", "}", "(", ")", "[", "]", "if ", " else ", "for ", "forkv ", "true",
        "\"s\"", "\"", "\\", "1", "-1", "1.5", "=", "$", "$x", ",", ":", ";", "?:", "<|>", "=>",
        "->", ".", "bool", "str", "map", "struct", "variant", "name", "Cap", "func", "class ",
        "include ", "import ", " as ", "collect", "panic", " or ", " and ", "<", "==", " in ", "+",
        "-", "*", "not ", "#c\n", "é", "\r", "?", "Meta:",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_tree(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_tokens_give_a_tree(text in token_soup()) {
        check(&text);
    }

    #[test]
    fn generated_programs_have_no_errors(text in program()) {
        let parsed = check(&text);
        prop_assert_eq!(&parsed.errors, &vec![]);
        // Every expression has one parent, and so there are none that nobody refers to.
        let mut seen = vec![0; parsed.file.exprs.len()];
        for expr in &parsed.file.exprs {
            for child in expr.kind.children() {
                seen[child.index()] += 1;
            }
        }
        prop_assert!(seen.iter().all(|count| *count <= 1));
    }

    #[test]
    fn formatting_keeps_tree_and_comments(text in program()) {
        let formatted = format(&text).expect("the program has no errors");
        let (before, after) = (parsed(&text), parsed(&formatted));
        prop_assert_eq!(dump::dump(&before.file), dump::dump(&after.file));
        let shown = |parsed: &Parsed, text: &str| -> Vec<String> {
            parsed.comments.iter().map(|comment| comment.span.text(text).to_owned()).collect()
        };
        prop_assert_eq!(shown(&before, &text), shown(&after, &formatted));
    }

    #[test]
    fn the_span_of_an_expression_is_its_text(text in program()) {
        let file = parsed(&text).file;
        for (index, expr) in file.exprs.iter().enumerate().take(30) {
            // The base of a default is written as `a->b`, which is no expression of its own.
            let alone = format!("$x = {}\n", expr.span.text(&text));
            let again = parsed(&alone);
            prop_assert_eq!(&again.errors, &vec![], "{}", alone);
            let last = ExprId(again.file.exprs.len() as u32 - 1);
            prop_assert_eq!(
                dump::dump_expr(&again.file, last),
                dump::dump_expr(&file, ExprId(index as u32))
            );
        }
    }

    #[test]
    fn half_a_program_gives_a_tree(text in program(), at in any::<prop::sample::Index>()) {
        let at = floor_boundary(&text, at.index(text.len() + 1));
        check(&text[..at]);
        check(&text[at..]);
    }

    #[test]
    fn damaged_programs_give_a_tree(
        text in program(),
        from in any::<prop::sample::Index>(),
        length in 0..8_usize,
        inserted in token_soup(),
    ) {
        let from = floor_boundary(&text, from.index(text.len() + 1));
        let to = floor_boundary(&text, from + length).max(from);
        let inserted: String = inserted.chars().take(6).collect();
        check(&format!("{}{inserted}{}", &text[..from], &text[to..]));
    }

    #[test]
    fn pieces_of_any_string(raw in any::<String>()) {
        let _ = mgmt_grammar::interpolate::pieces(&raw);
    }
}
