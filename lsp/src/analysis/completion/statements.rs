//! What a statement begins with, and classes.

use super::cursor::Cursor;
use super::{Item, ItemKind};
use crate::analysis::scope::Members;

/// The words that statements begin with.
pub fn keywords(cursor: &Cursor<'_>, items: &mut Vec<Item>) {
    let words = [
        ("import", "import \"\"", "import \"$1\"$0"),
        ("include", "include ", "include ${1:class}$0"),
        ("class", "class name {\n}", "class ${1:name}($2) {\n\t$0\n}"),
        (
            "func",
            "func name() {\n}",
            "func ${1:name}(${2:\\$x}) {\n\t$0\n}",
        ),
        ("if", "if  {\n}", "if ${1:condition} {\n\t$0\n}"),
        (
            "for",
            "for $index, $value in  {\n}",
            "for \\$${1:index}, \\$${2:value} in ${3:list} {\n\t$0\n}",
        ),
        (
            "forkv",
            "forkv $key, $value in  {\n}",
            "forkv \\$${1:key}, \\$${2:value} in ${3:map} {\n\t$0\n}",
        ),
        ("panic", "panic(\"\")", "panic(\"$1\")$0"),
    ];
    for (word, plain, snippet) in words {
        items.push(
            Item::new(cursor, ItemKind::Keyword, word)
                .snippet(plain, snippet)
                .rank(4),
        );
    }
}

/// Words that go on with what is complete.
pub fn words(cursor: &Cursor<'_>, words: &[&str], items: &mut Vec<Item>) {
    for word in words {
        let item = Item::new(cursor, ItemKind::Keyword, *word);
        items.push(match *word {
            "else" => item.snippet("else {  }", "else { $0 }"),
            _ => item.insert(format!("{word} ")),
        });
    }
}

/// The classes that can be included.
pub fn classes(cursor: &Cursor<'_>, items: &mut Vec<Item>) {
    let view = cursor.view;
    let Some(hir) = view.hir() else { return };
    let mut add = |name: String, class| {
        let label = view
            .class_call(class)
            .map(|call| call.label)
            .unwrap_or_default();
        let mut item = Item::new(cursor, ItemKind::Class, name.clone())
            .detail(label)
            .comment(view.comment_on(hir[class].span))
            .rank(3);
        let params: Vec<String> = hir[class]
            .params
            .iter()
            .enumerate()
            .map(|(i, param)| format!("${{{}:\\${}}}", i + 1, hir[*param].name))
            .collect();
        if !params.is_empty() && !cursor.rest_of_line().starts_with('(') {
            item = item.snippet(
                format!("{name}()"),
                format!("{name}({})$0", params.join(", ")),
            );
        }
        items.push(item);
    };
    let visible = view.visible_at(cursor.offset);
    for (name, class) in &visible.classes {
        add(name.to_string(), *class);
    }
    for (alias, target) in &visible.aliases {
        let Some(Members::Scope(scope)) = view.behind(target) else {
            continue;
        };
        if let Some(scope) = view.facts().and_then(|facts| facts.scope(scope)) {
            for (name, class) in &scope.classes {
                add(format!("{alias}.{name}"), *class);
            }
        }
    }
}
