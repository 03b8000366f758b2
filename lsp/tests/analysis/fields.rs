//! Fields of structs: where they come from, who reads them, and other names for them.

use mgmt_lsp::analysis::hover::hover;
use mgmt_lsp::analysis::navigate::highlights;
use mgmt_lsp::analysis::rename::prepare;
use mgmt_lsp::analysis::uses::everywhere;

use crate::fixture::Fixture;
use crate::names::{check, definitions, refused};

fn uses(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let found = everywhere(&fixture.view, fixture.offset, &|_, _| true).unwrap();
    found.iter().map(|it| fixture.place(&it.location)).collect()
}

/// Two literals that have one type, and one that has another.
const HOSTS: &str = "$web = struct{host => \"a\", port => 80}\n$db = struct{host => \"b\", port => 1}\n$all = [$web, $db]\n$other = struct{port => 2}\nnoop \"x\" { Meta:retry => $all[0]->port + $other->port, }\n";

#[test]
fn structs_that_have_one_type_share_their_fields() {
    let marked = HOSTS.replacen("->port", "->po¦rt", 1);
    assert_eq!(uses(&marked), ["1: port", "2: port", "5: port"]);
    assert_eq!(definitions(&marked), ["1: port", "2: port"]);
    let other = HOSTS.replace("$other->port", "$other->po¦rt");
    assert_eq!(uses(&other), ["4: port", "5: port"]);
    assert_eq!(definitions(&other), ["4: port"]);
    let fixture = Fixture::new(&marked);
    let found = highlights(&fixture.view, fixture.offset);
    let shown: Vec<_> = found
        .iter()
        .map(|(range, is_write)| (fixture.text(range), *is_write))
        .collect();
    assert_eq!(shown, [("port", true), ("port", true), ("port", false)]);
}

#[test]
fn an_annotation_declares_its_fields() {
    let text = "func f($s struct{a int; b struct{a str}}) {\n\t$s->b->a¦\n}\n$x = f(struct{a => 1, b => struct{a => \"x\"}})\n";
    assert_eq!(definitions(text), ["1: a"]);
    assert_eq!(uses(text), ["1: a", "2: a", "4: a"]);
    let outer = text.replace('¦', "").replacen("{a int", "{a¦ int", 1);
    assert_eq!(uses(&outer), ["1: a", "4: a"]);
    let fixture = Fixture::new(&outer);
    assert!(
        hover(&fixture.view, fixture.offset)
            .unwrap()
            .1
            .contains("a int")
    );
}

#[test]
fn generalised_functions_and_classes_are_seen_through() {
    let generic =
        "func f($s) {\n\t$s->a\n}\n$x = f(struct{a¦ => 1})\n$y = f(struct{a => \"s\", b => 2})\n";
    assert_eq!(uses(generic), ["2: a", "4: a", "5: a"]);
    let made = "func f($v) {\n\tstruct{a¦ => $v}\n}\n$x = f(1)->a\n$y = f(\"s\")->a\n";
    assert_eq!(uses(made), ["2: a", "4: a", "5: a"]);
    let class = "class c($s) {\n\tnoop \"${n}\" { Meta:retry => $s->a, }\n\t$n = $s->n\n}\ninclude c(struct{a¦ => 1, n => \"x\"})\ninclude c(struct{a => 2, n => \"y\"})\n";
    assert_eq!(uses(class), ["2: a", "5: a", "6: a"]);
}

#[test]
fn programs_that_share_a_struct_share_its_fields() {
    let files = "-- a.mcl --\nimport \"lib.mcl\"\nnoop \"a\" { Meta:retry => $lib.s->n, }\n-- b.mcl --\nimport \"lib.mcl\" as l\nnoop \"b\" { Meta:retry => $l.s->n¦, }\n-- lib.mcl --\n$s = struct{n => 1}\n";
    let wanted = "import \"lib.mcl\"\nnoop \"a\" { Meta:retry => $lib.s->m, }\nimport \"lib.mcl\" as l\nnoop \"b\" { Meta:retry => $l.s->m, }\n$s = struct{m => 1}\n";
    check(files, "m", wanted);
    let fixture = Fixture::new(files);
    assert_eq!(
        everywhere(&fixture.view, fixture.offset, &|_, _| true)
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        everywhere(&fixture.view, fixture.offset, &|_, _| false),
        None
    );
}

#[test]
fn each_place_gets_the_new_name() {
    check(
        &HOSTS.replacen("->port", "->po¦rt", 1),
        "p",
        "$web = struct{host => \"a\", p => 80}\n$db = struct{host => \"b\", p => 1}\n$all = [$web, $db]\n$other = struct{port => 2}\nnoop \"x\" { Meta:retry => $all[0]->p + $other->port, }\n",
    );
    check(
        "import \"iter\"\n$l = [struct{n¦ => 1}]\n$m = iter.map($l, func($s) {\n\t$s->n\n})\n",
        "k",
        "import \"iter\"\n$l = [struct{k => 1}]\n$m = iter.map($l, func($s) {\n\t$s->k\n})\n",
    );
}

#[test]
fn what_may_be_noticed_elsewhere_is_refused() {
    refused(
        "import \"fmt\"\n$s = struct{a¦ => 1}\n$x = fmt.printf(\"%v\", $s)\n",
        "b",
        "may look at the name: the struct is given to it, or comes from it, in line 3",
    );
    // A function passes it on to one that looks.
    refused(
        "import \"fmt\"\nfunc f($v) {\n\tfmt.printf(\"%v\", $v)\n}\n$s = struct{a¦ => 1}\n$x = f($s)\n",
        "b",
        "in line 6",
    );
    refused(
        "import \"encoding\"\n$s struct{a¦ int} = encoding.decode_json(\"{\\\"a\\\": 1}\")\n",
        "b",
        "may look at the name",
    );
    refused(
        "$m = struct{noop¦ => true, retry => 1, retryreset => false, delay => 1, timeout => 0, poll => 5, limit => 1.0, burst => 1, reset => false, sema => [\"a\"], rewatch => true, realize => true, dollar => false, hidden => false, export => [\"*\"], reverse => true, autoedge => true, autogroup => true}\nnoop \"x\" { Meta => $m, }\n",
        "b",
        "library",
    );
    refused(
        "noop \"x\" { Meta => struct{no¦op => true}, }\n",
        "b",
        "a word of the language",
    );
    let file = "-- main.mcl --\nimport \"os/exec\"\n$x = exec.s¦ystem(\"x\")\n";
    let fixture = Fixture::new(file);
    assert!(prepare(&fixture.view, fixture.offset).is_err());
}

#[test]
fn what_would_be_read_as_something_else_is_refused() {
    refused("$s = struct{a¦ => 1, b => 2}\n", "b", "already");
    refused(
        "$s = struct{a¦ => 1}\n$x = $s->b <|> 2\n",
        "b",
        "would be read as one",
    );
    // The other struct would give its own field, instead of the default.
    refused(
        "func f($s) {\n\t$s->a <|> 0\n}\n$x = f(struct{a¦ => 1})\n$y = f(struct{b => 2})\n",
        "b",
        "already",
    );
    refused("$s = struct{a¦ => 1}\n", "if", "can't be a name");
    refused(
        "$s = struct{a¦ => 1}\n$x = $what->a\n",
        "b",
        "while something is wrong, it is not certain which structs have this field",
    );
}
