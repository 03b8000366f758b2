//! Where is this defined, and where is it used?

use mgmt_lsp::analysis::navigate::{declaration, definition, highlights, type_definition};
use mgmt_lsp::analysis::uses::everywhere;

use crate::fixture::Fixture;
use crate::names::definitions;

fn uses(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let found = everywhere(&fixture.view, fixture.offset, &|_, _| true).unwrap();
    let mut found: Vec<String> = found.iter().map(|it| fixture.place(&it.location)).collect();
    found.sort();
    found
}

#[test]
fn a_name_leads_to_its_definition() {
    assert_eq!(definitions("$x = 1\n$y = $x¦\n"), ["1: $x"]);
    assert_eq!(definitions("$y = \"a ${x¦}\"\n$x = \"s\"\n"), ["2: $x"]);
    assert_eq!(definitions("$y = \"\n\n${x¦}\"\n$x = \"s\"\n"), ["4: $x"]);
    assert_eq!(
        definitions("func f($a) {\n\t$a¦\n}\n$y = f(1)\n"),
        ["1: $a"]
    );
    assert_eq!(definitions("func f($a) {\n\t$a\n}\n$y = f¦(1)\n"), ["1: f"]);
    assert_eq!(definitions("class c($a) {\n}\ninclude c¦(1)\n"), ["1: c"]);
    assert_eq!(
        definitions("noop \"x\" {}\nnoop \"y\" {\n\tDepend => Noop[\"x¦\"],\n}\n"),
        ["1: \"x\""]
    );
}

#[test]
fn the_nearest_definition_counts() {
    let text =
        "$x = 1\nif true {\n\t$x = \"s\"\n\tprint \"a\" { msg => $x¦, }\n}\nnoop \"${x}\" {}\n";
    assert_eq!(definitions(text), ["3: $x"]);
}

#[test]
fn definitions_are_found_in_other_files() {
    let files = "-- main.mcl --\nimport \"lib.mcl\"\n$x = lib.f¦($lib.y)\ninclude lib.c\n-- lib.mcl --\nfunc f($a) {\n\t$a\n}\n$y = 1\nclass c {\n}\n";
    assert_eq!(definitions(files), ["lib.mcl:1: f"]);
    let files = files.replace('¦', "");
    assert_eq!(
        definitions(&files.replace("$lib.y", "$lib.y¦")),
        ["lib.mcl:4: $y"]
    );
    assert_eq!(
        definitions(&files.replace("lib.c\n", "lib.c¦\n")),
        ["lib.mcl:5: c"]
    );
    assert_eq!(
        definitions(&files.replace("($lib.y", "($l¦ib.y")),
        ["lib.mcl:1: "]
    );
    assert_eq!(
        definitions(&files.replace("\"lib.mcl\"", "\"lib¦.mcl\"")),
        ["lib.mcl:1: "]
    );
}

#[test]
fn members_of_an_include_are_those_of_its_class() {
    let text = "class c {\n\t$inner = 1\n}\ninclude c as i\n$x = i.inner¦\n$y = $i.inner\n";
    assert_eq!(
        definitions(&text.replace("i.inner¦\n$y = $i.inner", "1\n$y = $i.inner¦")),
        ["2: $inner"]
    );
    assert_eq!(
        definitions(&text.replace("i.inner¦\n$y = $i.inner", "1\n$y = $i¦.inner")),
        ["1: c"]
    );
    let fixture = Fixture::new("class c {\n\t$a = 1\n}\ninclude c as i\n$y = $i¦.a\n");
    let found = declaration(&fixture.view, fixture.offset);
    let found: Vec<String> = found.iter().map(|it| fixture.place(it)).collect();
    assert_eq!(found, ["4: i"]);
}

#[test]
fn uses_are_found_everywhere() {
    let files = "-- main.mcl --\nimport \"lib.mcl\"\n$x = $lib.y\n-- lib.mcl --\n$y¦ = 1\n$z = \"a${s}\" + fmt($y)\n$s = \"\"\n";
    assert_eq!(uses(files), ["1: $y", "2: $y", "main.mcl:2: y"]);
    let text =
        "noop \"x¦\" {}\nnoop \"y\" { Depend => Noop[\"x\"], }\nNoop[\"x\"] -> Noop[\"y\"]\n";
    assert_eq!(uses(text), ["1: \"x\"", "2: \"x\"", "3: \"x\""]);
    let text = "import \"fmt\"\n$x = fmt¦.printf(\"\")\n$y = fmt.printf(\"\")\n";
    assert_eq!(uses(text), ["1: \"fmt\"", "2: fmt", "3: fmt"]);
    let text = "file \"/a\" { state¦ => \"exists\", }\nfile \"/b\" { state => \"exists\", }\n";
    assert_eq!(uses(text), ["1: state", "2: state"]);
}

#[test]
fn uses_are_found_in_programs_that_know_nothing_of_each_other() {
    let files = "-- a.mcl --\nimport \"lib.mcl\"\n$x = $lib.y¦\n-- b.mcl --\nimport \"lib.mcl\" as l\n$x = $l.y\n-- lib.mcl --\n$y = 1\n";
    let fixture = Fixture::new(files);
    let found = everywhere(&fixture.view, fixture.offset, &|_, _| true).unwrap();
    let mut lines: Vec<String> = found
        .iter()
        .map(|it| {
            let text = fixture.view.world.text(&it.location.path).unwrap();
            let line = text[..it.location.range.start as usize]
                .matches('\n')
                .count()
                + 1;
            let name = it.location.path.file_name().unwrap().to_string_lossy();
            format!("{name}:{line}")
        })
        .collect();
    lines.sort();
    assert_eq!(lines, ["a.mcl:2", "b.mcl:2", "lib.mcl:1"]);
    assert_eq!(
        everywhere(&fixture.view, fixture.offset, &|_, _| false),
        None
    );
}

#[test]
fn highlights_tell_the_definition_apart() {
    let fixture = Fixture::new("$x = 1\n$y = $x¦ + $x\n");
    let found = highlights(&fixture.view, fixture.offset);
    let found: Vec<_> = found.iter().map(|(range, is)| (range.start, *is)).collect();
    assert_eq!(found, [(0, true), (12, false), (17, false)]);
}

#[test]
fn the_shape_of_a_struct_is_its_type() {
    let fixture = Fixture::new("$s = struct{a => 1,}\n$t = $s\n$u = $t¦->a\n");
    let found = type_definition(&fixture.view, fixture.offset);
    let found: Vec<String> = found.iter().map(|it| fixture.place(it)).collect();
    assert_eq!(found, ["1: struct{a => 1,}"]);
}

#[test]
fn a_field_leads_to_where_it_is_given() {
    let text = "$s = struct{\n\taa => 1,\n\tbb => struct{cc => 2,},\n}\n$t = $s\n$x = $t->aa\n$y = $s->bb->cc\n";
    assert_eq!(definitions(&text.replace("->aa", "->a¦a")), ["2: aa"]);
    assert_eq!(definitions(&text.replace("->cc", "->c¦c")), ["3: cc"]);
    assert_eq!(
        definitions("func f($a struct{k int}) {\n\t$a->k¦\n}\n$x = f(struct{k => 1})\n"),
        ["1: k"]
    );
    let files = "-- main.mcl --\nimport \"lib.mcl\"\n$x = $lib.s->aa¦\n-- lib.mcl --\n$s = struct{aa => 1,}\n";
    assert_eq!(definitions(files), ["lib.mcl:1: aa"]);
}

#[test]
fn a_field_of_the_meta_parameters_leads_to_the_manual() {
    let text = "noop \"x\" {\n\tMeta => struct{no¦op => true},\n}\n";
    let fixture = Fixture::new(text);
    let found = definition(&fixture.view, fixture.offset);
    assert!(found[0].path.ends_with("meta-parameters.md"), "{found:?}");
}
