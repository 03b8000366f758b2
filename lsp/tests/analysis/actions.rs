//! What could be done here?

use mgmt_lsp::analysis::actions::{Action, actions, fix_all};
use mgmt_lsp::analysis::format::{part, typed};

use crate::fixture::Fixture;

/// The text after the action whose title begins so. Two marks are a selection.
fn done(text: &str, title: &str) -> Option<String> {
    let fixture = Fixture::new(text);
    let (view, start) = (&fixture.view, fixture.offset);
    let mut range = start..start;
    let mut clean = None;
    // A second mark is still in the text: take it out and look again.
    if let Some(end) = view.text().find('¦') {
        let text = view.text().replacen('¦', "", 1);
        range.end = end as u32;
        clean = Some(Fixture::new(&text));
    }
    let fixture = clean.unwrap_or(fixture);
    let found: Vec<Action> = actions(&fixture.view, &range);
    let action = found.iter().find(|it| it.title.starts_with(title))?;
    Some(fixture.edited(&action.edits))
}

#[track_caller]
fn check(text: &str, title: &str, wanted: &str) {
    assert_eq!(done(text, title).as_deref(), Some(wanted), "{text}");
}

#[test]
fn what_the_compiler_suggests_can_be_done() {
    check(
        "$hello = 1\nnoop \"x\" {\n\tMeta:retry => $hell¦,\n}\n",
        "Use `$hello`",
        "$hello = 1\nnoop \"x\" {\n\tMeta:retry => $hello,\n}\n",
    );
    check(
        "$x = strings¦.to_lower(\"A\")\nnoop $x {}\n",
        "Import `strings`",
        "import \"strings\"\n$x = strings.to_lower(\"A\")\nnoop $x {}\n",
    );
    check(
        "import \"fmt¦\"\nnoop \"x\" {}\n",
        "Remove this import",
        "noop \"x\" {}\n",
    );
    check("$x¦ = 1\nnoop \"x\" {}\n", "Remove it", "noop \"x\" {}\n");
    check(
        "noop \"x\" {\n\tMeta:retry => 1¦\n}\n",
        "",
        "noop \"x\" {\n\tMeta:retry => 1,\n}\n",
    );
}

#[test]
fn what_is_wrong_further_on_the_line_can_be_mended_too() {
    check(
        "file \"/x\" {\n\tcon¦tent => \"a\"\n}\n",
        "",
        "file \"/x\" {\n\tcontent => \"a\",\n}\n",
    );
    let text = "file \"/x\" {\n\tst¦ate => \"exists\",\n\tcontent => \"a\"\n}\n";
    let fixture = Fixture::new(text);
    let at = fixture.offset..fixture.offset;
    let found = actions(&fixture.view, &at);
    assert!(found.iter().all(|it| it.mends.is_none()), "{found:?}");
}

#[test]
fn all_can_be_fixed_at_once() {
    let fixture = Fixture::new(
        "import \"fmt\"\nimport \"math\"\n$hello = 1\nnoop \"x\" {\n\tMeta:retri => $hello,\n}\n",
    );
    let once = fixture.edited(&fix_all(&fixture.view));
    let again = Fixture::new(&once);
    let twice = again.edited(&fix_all(&again.view));
    assert_eq!(
        twice,
        "$hello = 1\nnoop \"x\" {\n\tMeta:retry => $hello,\n}\n"
    );
}

#[test]
fn expressions_get_names() {
    check(
        "noop \"x\" {\n\tMeta:retry => ¦1 + 2¦,\n}\n",
        "Extract",
        "$extracted = 1 + 2\nnoop \"x\" {\n\tMeta:retry => $extracted,\n}\n",
    );
    check(
        "$extracted = 0\nif true {\n\tnoop \"x\" {\n\t\tMeta:retry => ¦42¦,\n\t}\n}\n",
        "Extract",
        "$extracted = 0\nif true {\n\t$extracted2 = 42\n\tnoop \"x\" {\n\t\tMeta:retry => $extracted2,\n\t}\n}\n",
    );
    check(
        "$x = true and¦(false)¦or true\n",
        "Extract",
        "$extracted = (false)\n$x = true and$extracted or true\n",
    );
    assert_eq!(done("func f($a) {\n\t¦$a + 1¦\n}\n", "Extract"), None);
    assert_eq!(done("$x = ¦1¦\n", "Extract"), None);
}

#[test]
fn names_become_what_they_mean() {
    check(
        "$n = 1 + 2\n$m = $n¦ * $n\n",
        "Inline",
        "$m = (1 + 2) * (1 + 2)\n",
    );
    assert_eq!(done("$n = \"a\"\n$m = \"${n¦}\"\n", "Inline"), None);
    // `$a` is another one where `$n` is used.
    assert_eq!(
        done(
            "$a = 1\n$n = $a¦\n$n2 = $n\nif true {\n\t$a = 2\n\tnoop \"x\" { Meta:retry => $n¦, }\n}\n",
            "Inline `$n`"
        ),
        None
    );
}

#[test]
fn what_would_be_computed_otherwise_keeps_its_name() {
    for text in [
        "$r = random1(8)\nnoop [$r¦, $r] {}\n",
        "$r = random1(8)\nif true {\n\tnoop [$r¦] {}\n}\n",
        "$m map{str: int} = {}\n$x = len($m¦)\n",
        "$n str = \"a\" + \"b\"\nnoop $n¦ {}\n",
        "$k = \"a\"\n$m = {$k¦ => 1, \"a\" => 2}\n",
    ] {
        assert_eq!(done(text, "Inline"), None, "{text}");
    }
    check(
        "$r = random1(8)\nnoop [$r¦] {}\n",
        "Inline",
        "noop [random1(8)] {}\n",
    );
    for text in [
        "noop ¦func() { \"a\" }¦() {}\n",
        "$n = 0\n$x = if $n == 0 { 0 } else { ¦1 / $n¦ }\n",
        "$m = {\"a\" => 1}\n$x = ¦$m[\"b\"]¦ <|> 1\n",
    ] {
        assert_eq!(done(text, "Extract"), None, "{text}");
    }
}

#[test]
fn what_is_declared_twice_stays_alike() {
    let text =
        "noop \"a\" {\n\tMeta:hidden¦ => true,\n}\nnoop \"a\" {\n\tMeta:hidden => true,\n}\n";
    assert_eq!(done(text, "Write the meta parameters"), None);
}

#[test]
fn fixing_all_does_not_change_what_a_program_means() {
    let fixture = Fixture::new("$x = \"v\"\nnoop \"$x ${x}\" {}\n");
    assert!(
        fixture
            .view
            .analysis
            .insight
            .diagnostics()
            .iter()
            .any(|it| !it.fixes.is_empty())
    );
    assert_eq!(fix_all(&fixture.view), []);
}

#[test]
fn resources_are_rewritten() {
    check("noop \"x¦\" {\n}\n", "Wrap the name", "noop [\"x\"] {\n}\n");
    check(
        "noop \"a\" {\n\tBefore => Noop[\"b\"],¦\n}\nnoop \"b\" {}\n",
        "Write the edge as",
        "noop \"a\" {\n}\nNoop[\"a\"] -> Noop[\"b\"]\nnoop \"b\" {}\n",
    );
    check(
        "noop \"a\" {\n}\nnoop \"b\" {}\nNoop[\"a\"] -> Noop¦[\"b\"]\n",
        "Write the edge inside",
        "noop \"a\" {\n\tBefore => Noop[\"b\"],\n}\nnoop \"b\" {}\n",
    );
    check(
        "noop \"a\" {\n\tMeta => struct{noop => true, retry => 2},¦\n}\n",
        "Write each meta",
        "noop \"a\" {\n\tMeta:noop => true,\n\tMeta:retry => 2,\n}\n",
    );
}

#[test]
fn conditions_of_edges_need_one_branch_only() {
    let statement =
        "$c = true\nnoop \"a\" {\n}\nnoop \"b\" {}\ni¦f $c {\n\tNoop[\"a\"] -> Noop[\"b\"]\n}\n";
    let line = "$c = true\nnoop \"a\" {\n\tBefore => $c ?: Noop[\"b\"],\n}\nnoop \"b\" {}\n";
    check(statement, "Write the `if` statement", line);
    let at = line.replace("Before", "Bef¦ore");
    let back =
        "$c = true\nnoop \"a\" {\n}\nif $c {\n\tNoop[\"a\"] -> Noop[\"b\"]\n}\nnoop \"b\" {}\n";
    check(&at, "Write the condition", back);
    // The first end stands elsewhere, and so does the condition.
    check(
        "if $c {\n\tnoop \"a\" {}\n}\nnoop \"b\" {}\ni¦f $c {\n} else {\n\tNoop[\"a\"] -> Noop[\"b\"]\n}\n",
        "Write the `if` statement",
        "if $c {\n\tnoop \"a\" {}\n}\nnoop \"b\" {\n\tDepend => not $c ?: Noop[\"a\"],\n}\n",
    );
    // A resource would be there without the condition.
    let resource = "$c = true\ni¦f $c {\n\tnoop \"a\" {}\n}\n";
    assert_eq!(done(resource, "Write the `if` statement"), None);
}

#[test]
fn branches_of_several_resources_become_lines_with_conditions() {
    check(
        "i¦f $c {\n\tprint \"a\" {\n\t\tmsg => \"1\",\n\t}\n\tnoop \"b\" {}\n} else {\n\tprint \"a\" {\n\t\tmsg => \"2\",\n\t}\n\tnoop \"b\" {\n\t\tMeta:noop => true,\n\t}\n}\n",
        "Write the `if` statement",
        "print \"a\" {\n\tmsg => if $c { \"1\" } else { \"2\" },\n}\nnoop \"b\" {\n\tMeta:noop => not $c ?: true,\n}\n",
    );
}

#[test]
fn conditions_of_lines_become_statements_and_back() {
    let line = "$c = true\nfile \"/x\" {\n\tstate => \"exists\",\n\tcontent => $c ?: \"a\nb\",\n\tmode => $c ?: \"0600\",\n}\n";
    let statement = "$c = true\nif $c {\n\tfile \"/x\" {\n\t\tstate => \"exists\",\n\t\tcontent => \"a\nb\",\n\t\tmode => \"0600\",\n\t}\n} else {\n\tfile \"/x\" {\n\t\tstate => \"exists\",\n\t}\n}\n";
    let at = line.replacen("\tcontent", "\tcont¦ent", 1);
    check(&at, "Write the condition as", statement);
    let at = statement.replacen("if $c", "i¦f $c", 1);
    check(&at, "Write the `if` statement", line);
    let both = "$n = 1\nif $n == 1 or¦ $n == 2 {\n\tfile \"/x\" {\n\t\tstate => \"exists\",\n\t\tcontent => \"a\",\n\t\tBefore => File[\"/y\"],\n\t}\n} else {\n\tfile \"/x\" {\n\t\tstate => \"exists\",\n\t\tcontent => \"b\",\n\t\towner => \"root\",\n\t}\n}\nfile \"/y\" {}\n";
    check(
        both,
        "Write the `if` statement",
        "$n = 1\nfile \"/x\" {\n\tstate => \"exists\",\n\tcontent => if $n == 1 or $n == 2 { \"a\" } else { \"b\" },\n\tBefore => ($n == 1 or $n == 2) ?: File[\"/y\"],\n\towner => not ($n == 1 or $n == 2) ?: \"root\",\n}\nfile \"/y\" {}\n",
    );
}

#[test]
fn what_would_lose_something_stays_a_statement() {
    for text in [
        "if true¦ {\n\tnoop \"a\" {}\n}\n",
        "if true¦ {\n\tnoop \"a\" {}\n} else {\n\tnoop \"b\" {}\n}\n",
        "if true¦ {\n\t# why\n\tnoop \"a\" {}\n} else {\n\tnoop \"a\" {}\n}\n",
        "if true¦ {\n\tnoop \"a\" {}\n\tnoop \"b\" {}\n} else {\n\tnoop \"a\" {}\n}\n",
    ] {
        assert_eq!(done(text, "Write the `if` statement"), None, "{text}");
    }
}

#[test]
fn meta_parameters_are_joined_and_split() {
    let lines = "import \"golang/math\"\n$c = true\nnoop \"a\" {\n\tMeta:retry => 3,\n\tMeta:noop => $c ?: true,\n\tMeta:sema => [\"x\"],\n}\n";
    let joined = done(
        &lines.replacen(":retry", ":ret¦ry", 1),
        "Write the meta parameters",
    )
    .unwrap();
    assert!(
        joined.contains(
            "\tMeta => struct{\n\t\tnoop => if $c { true } else { false },\n\t\tretry => 3,\n"
        ),
        "{joined}"
    );
    assert!(joined.contains("\t\tlimit => math.inf(1),\n"), "{joined}");
    // It means what it meant, and the way back says only what was said.
    let fixture = Fixture::new(&joined);
    assert!(
        fixture.view.analysis.insight.diagnostics().is_empty(),
        "{joined}"
    );
    let split = done(&joined.replacen("\tMeta", "\tMe¦ta", 1), "Write each").unwrap();
    assert_eq!(
        split,
        "import \"golang/math\"\n$c = true\nnoop \"a\" {\n\tMeta:noop => if $c { true } else { false },\n\tMeta:retry => 3,\n\tMeta:sema => [\"x\"],\n}\n"
    );
    let one = "$c = true\nnoop \"a\" {\n\tMeta:retry¦ => $c ?: 3,\n\tMeta:limit => $c ?: 2.5,\n\tMeta:burst => $c ?: 1,\n}\n";
    let joined = done(one, "Write the meta parameters").unwrap();
    assert!(joined.contains("\tMeta => $c ?: struct{\n"), "{joined}");
    assert!(!joined.contains("import"), "{joined}");
    let import = done(
        "noop \"a\" {\n\tMeta:retry¦ => 3,\n}\n",
        "Write the meta parameters",
    )
    .unwrap();
    assert!(import.starts_with("import \"golang/math\"\n"), "{import}");
}

#[test]
fn a_resource_that_is_not_closed_is_left_alone() {
    let text = "noop \"a\" {}\nnoop \"b\" {}\nNoop[\"a\"] -> Noop¦[\"b\"]\nnoop \"c\" {";
    assert!(done(text, "Write the edge inside").is_some());
    let text = "exec \"c\" {¦";
    let fixture = Fixture::new(text);
    let at = fixture.offset..fixture.offset;
    let edits = actions(&fixture.view, &at)
        .into_iter()
        .flat_map(|it| it.edits);
    assert!(edits.into_iter().all(|it| it.range.start <= it.range.end));
}

#[test]
fn a_part_is_formatted_alone() {
    let text = "$a   = 1\n$b = 2\n$c   = 3\n";
    let edits = part(text, &(18..20)).unwrap();
    assert_eq!(
        crate::fixture::apply(text, &edits),
        "$a   = 1\n$b = 2\n$c = 3\n"
    );
}

#[test]
fn a_new_line_is_indented() {
    let check = |text: &str, wanted: &str| {
        let at = text.find('¦').unwrap();
        let text = text.replace('¦', "");
        let edits: Vec<_> = typed(&text, at as u32).into_iter().collect();
        assert_eq!(crate::fixture::apply(&text, &edits), wanted);
    };
    check("class c {\n¦\n}\n", "class c {\n\t\n}\n");
    check(
        "class c {\n\tnoop \"x\" {\n\t\t}¦\n}\n",
        "class c {\n\tnoop \"x\" {\n\t}\n}\n",
    );
    check("$x = f([\n¦\n])\n", "$x = f([\n\t\n])\n");
    check("$x = \"\n¦ a\"\n", "$x = \"\n a\"\n");
}
