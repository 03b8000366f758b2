//! Symbols, folds, selections, links, imports.

use mgmt_lsp::analysis::organize::{add_import, organize};
use mgmt_lsp::analysis::outline::{Part, folds, links, selections, symbols};

use crate::fixture::Fixture;

fn shown(parts: &[Part], depth: usize, out: &mut String) {
    for part in parts {
        out.push_str(&format!(
            "{}{} {}\n",
            "  ".repeat(depth),
            part.name,
            part.detail
        ));
        shown(&part.children, depth + 1, out);
    }
}

#[test]
fn symbols_are_nested_as_the_program_is() {
    let text = "import \"fmt\" as f\n$x int = 1\nfunc g($a) {\n\t$a\n}\nclass c($n) {\n\tif true {\n\t\tfile [\"/a\", \"/b\",] {}\n\t}\n}\ninclude c(1) as i\n";
    let fixture = Fixture::new(text);
    let mut out = String::new();
    shown(&symbols(&fixture.view), 0, &mut out);
    let wanted = "fmt as f\n$x int\ng ($a)\nc ($n)\n  if true \n    file [\"/a\", \"/b\",] \ninclude c as i\n";
    assert_eq!(out, wanted);
}

#[test]
fn brackets_comments_and_imports_fold() {
    let text =
        "# a\n# b\nimport \"x\"\nimport \"y\"\nclass c {\n\tfile \"z\" {\n\t}\n}\n$s = [1,]\n";
    let found: Vec<&str> = folds(text)
        .iter()
        .map(|(range, _)| &text[range.start as usize..range.end as usize])
        .collect();
    let wanted = [
        "# a\n# b",
        "import \"x\"\nimport \"y\"",
        "{\n\tfile \"z\" {\n\t}\n}",
        "{\n\t}",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_selection_grows_step_by_step() {
    let fixture = Fixture::new("class c {\n\tfile \"/x\" {\n\t\tmode => \"0¦644\",\n\t}\n}\n");
    let found = selections(&fixture.view, fixture.offset);
    let found: Vec<&str> = found.iter().map(|range| fixture.text(range)).collect();
    assert_eq!(&found[..3], ["0644", "\"0644\"", "mode => \"0644\","]);
    assert!(found.contains(&"file \"/x\" {\n\t\tmode => \"0644\",\n\t}"));
    assert_eq!(found.last(), Some(&fixture.view.text()));
    let grown = |text: &str| -> Vec<String> {
        let fixture = Fixture::new(text);
        let found = selections(&fixture.view, fixture.offset);
        let found = found.iter().map(|range| fixture.text(range).to_owned());
        found.take(4).collect()
    };
    assert_eq!(
        grown("$s = struct{a => 1, b => 8¦0}\n"),
        [
            "80",
            "b => 80",
            "struct{a => 1, b => 80}",
            "$s = struct{a => 1, b => 80}"
        ]
    );
    assert_eq!(
        grown("noop \"a\" {\n\tDepend => Noop[\"b¦\"],\n}\n"),
        ["b", "\"b\"", "Noop[\"b\"]", "Depend => Noop[\"b\"],"]
    );
    assert_eq!(
        grown("$x = contains(1¦, [1, 2])\n"),
        ["1", "1, [1, 2]", "(1, [1, 2])", "contains(1, [1, 2])"]
    );
}

#[test]
fn imports_are_links() {
    let fixture = Fixture::new(
        "-- main.mcl --\nimport \"lib.mcl\"\nimport \"fmt\"\nimport \"mod/\"\n-- lib.mcl --\n-- mod/main.mcl --\n",
    );
    let found: Vec<_> = links(&fixture.view)
        .into_iter()
        .map(|(range, path)| (fixture.text(&range).to_owned(), path.display().to_string()))
        .collect();
    let wanted = [
        ("lib.mcl".to_owned(), "/nowhere/lib.mcl".to_owned()),
        ("mod/".to_owned(), "/nowhere/mod/main.mcl".to_owned()),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn imports_are_sorted_and_those_without_use_go() {
    let fixture = Fixture::new(
        "import \"strings\"\nimport \"math\"\nimport \"fmt\"\n\n$x = fmt.printf(strings.to_lower(\"A\"))\nprint \"a\" { msg => $x, }\n",
    );
    let edited = fixture.edited(&organize(&fixture.view));
    assert!(
        edited.starts_with("import \"fmt\"\nimport \"strings\"\n\n$x"),
        "{edited}"
    );
    let again = Fixture::new(&edited);
    assert_eq!(organize(&again.view), []);
}

#[test]
fn imports_of_each_scope_are_organized() {
    let fixture = Fixture::new(
        "class c {\n\timport \"strings\"\n\timport \"math\"\n\timport \"fmt\" # f\n\tprint \"a\" { msg => fmt.printf(strings.to_lower(\"A\")), }\n}\ninclude c\n",
    );
    let edited = fixture.edited(&organize(&fixture.view));
    assert!(
        edited.starts_with("class c {\n\timport \"fmt\" # f\n\timport \"strings\"\n\tprint"),
        "{edited}"
    );
}

#[test]
fn of_imports_without_prefix_the_last_one_stays_the_last() {
    let fixture = Fixture::new(
        "-- main.mcl --\nimport \"b.mcl\" as *\nimport \"a.mcl\" as *\nimport \"fmt\"\nprint \"a\" { msg => fmt.printf(\"%d%d\", $x, $y), }\n-- a.mcl --\n$x = 1\n-- b.mcl --\n$x = 2\n$y = 3\n",
    );
    let edited = fixture.edited(&organize(&fixture.view));
    assert!(
        edited.starts_with("import \"fmt\"\nimport \"b.mcl\" as *\nimport \"a.mcl\" as *\nprint"),
        "{edited}"
    );
}

#[test]
fn a_comment_goes_with_its_import() {
    let fixture = Fixture::new(
        "# header\n\nimport \"strings\" # lower\nimport \"math\"\nimport \"fmt\"\n$x = fmt.printf(strings.to_lower(\"A\"))\nprint \"a\" { msg => $x, }\n",
    );
    let edited = fixture.edited(&organize(&fixture.view));
    assert!(
        edited.starts_with("# header\n\nimport \"fmt\"\nimport \"strings\" # lower\n$x"),
        "{edited}"
    );
}

#[test]
fn an_import_is_added_where_the_others_are() {
    let add = |text: &str| {
        let fixture = Fixture::new(text);
        add_import(&fixture.view, "fmt").map(|edit| fixture.edited(&[edit]))
    };
    assert_eq!(add("$x = 1\n").as_deref(), Some("import \"fmt\"\n$x = 1\n"));
    assert_eq!(
        add("# a\n$x = 1\n").as_deref(),
        Some("# a\n\nimport \"fmt\"\n$x = 1\n")
    );
    assert_eq!(
        add("import \"a\"\n$x = 1\n").as_deref(),
        Some("import \"a\"\nimport \"fmt\"\n$x = 1\n")
    );
    assert_eq!(
        add("import \"a\"").as_deref(),
        Some("import \"a\"\nimport \"fmt\"\n")
    );
    assert_eq!(add("import \"fmt\"\n"), None);
}
