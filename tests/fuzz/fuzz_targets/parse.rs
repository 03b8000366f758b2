//! Any text gives a tree and errors whose places are in the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mgmt_grammar::span::{SourceId, Span};
use mgmt_grammar::{dump, parse};

fuzz_target!(|text: &str| {
    let parsed = parse(SourceId(0), text);
    let assert_inside = |span: Span| {
        assert!(text.get(span.start as usize..span.end as usize).is_some());
    };
    for error in &parsed.errors {
        assert_inside(error.span);
        if let Some(edit) = &error.edit {
            assert_inside(edit.span);
        }
    }
    for expr in &parsed.file.exprs {
        assert_inside(expr.span);
    }
    for stmt in &parsed.file.stmts {
        assert_inside(stmt.span);
    }
    dump::dump(&parsed.file);
});
