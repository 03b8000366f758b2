//! What is this?

use mgmt_lsp::analysis::hover::hover;

use crate::fixture::Fixture;

fn check(text: &str, wanted: &[&str]) {
    let fixture = Fixture::new(text);
    let (_, shown) =
        hover(&fixture.view, fixture.offset).unwrap_or_else(|| panic!("nothing: {text}"));
    for part in wanted {
        assert!(shown.contains(part), "{text}\n{shown}");
    }
}

#[test]
fn variables_have_a_type_a_value_and_a_comment() {
    check(
        "# how many\n$n¦ = 42\n",
        &["$n int", "Value: `42`", "how many"],
    );
    check(
        "$n = [1,]\nprint \"x\" {\n\tmsg => fmt(\"${n¦}\"),\n}\n",
        &["$n []int"],
    );
    check(
        "class c($a) {\n\tprint \"x\" { msg => $¦a, }\n}\ninclude c(\"s\")\n",
        &["$a str", "parameter of a class"],
    );
    check(
        "for $i, $v in [1.5,] {\n\t$x = $v¦\n}\n",
        &["$v float", "loop variable"],
    );
}

#[test]
fn functions_have_a_signature_and_their_documentation() {
    check(
        "import \"strings\"\n$x = strings.to_lo¦wer(\"A\")\n",
        &["strings.to_lower(", " str", "Example:"],
    );
    check(
        "# doubles\nfunc f($x int) {\n\t$x * 2\n}\n$y = f¦(1)\n",
        &["func f($x int) int", "doubles"],
    );
    check("$y = len¦([1,])\n", &["len("]);
}

#[test]
fn resources_have_their_documentation() {
    check(
        "fi¦le \"/x\" {\n}\n",
        &["Manages a file", "automatic edges"],
    );
    check(
        "file \"/x\" {\n\tsta¦te => \"exists\",\n}\n",
        &["state str", "Default:", "exists"],
    );
    check(
        "noop \"x\" {\n\tMeta:ret¦ry => 1,\n}\n",
        &["Meta:retry int", "try again"],
    );
    check(
        "noop \"x\" {\n\tBef¦ore => Noop[\"y\"],\n}\nnoop \"y\" {}\n",
        &["applied before"],
    );
    check(
        "noop \"x\" {}\nnoop \"y\" {}\nNoop[\"x¦\"] -> Noop[\"y\"]\n",
        &["noop \"x\""],
    );
}

#[test]
fn imports_say_what_they_lead_to() {
    check(
        "import \"fm¦t\"\n$x = fmt.printf(\"a\")\n",
        &["The package `fmt`", "printf"],
    );
    check(
        "-- main.mcl --\nimport \"lib.mcl\"\n$x = $li¦b.y\n-- lib.mcl --\n# the library\n$y = 1\n",
        &["lib.mcl", "the library"],
    );
    check(
        "class c {\n\t$x = 1\n}\ninclude c as i\n$y = $i¦.x\n",
        &["class c"],
    );
}

#[test]
fn other_expressions_have_a_type() {
    check("$x = [1, 2¦,]\n", &["int"]);
    check("$x = struct{a => 1,}\n$y = $x->a¦ + 1\n", &["int"]);
}

#[test]
fn what_stands_beside_a_mistake_is_understood() {
    check(
        "$n = 42\nfile \"/x\" {\n\tstate => ,\n}\n$m = $n¦\n",
        &["$n int"],
    );
    check(
        "$n = 42\nfile \"/x\" {\n\tmode =\n}\nprint \"x\" {\n\tmsg => $n¦,\n}\n",
        &["$n int"],
    );
}

#[test]
fn blanks_and_comments_are_nothing() {
    for text in ["# $x¦\n$x = 1\n", "¦\n\n$x = 1\n", "¦"] {
        let fixture = Fixture::new(text);
        assert_eq!(hover(&fixture.view, fixture.offset), None, "{text}");
    }
}

#[test]
fn what_is_known_before_the_program_runs_is_computed() {
    let value = |text: &str, value: &str| check(text, &[&format!("Value: `{value}`")]);
    value("$n = 4\n$m¦ = $n + 3 * 2\n", "10");
    value(
        "import \"strings\"\n$x¦ = strings.to_lower(\"AB\")\n",
        "\"ab\"",
    );
    value("$a = \"x\"\n$b¦ = \"${a}y\"\n", "\"xy\"");
    value("$s = struct{a => [1, 2],}\n$x¦ = $s->a[1]\n", "2");
    let fixture = Fixture::new("import \"sys\"\n$x¦ = sys.hostname()\n");
    let (_, shown) = hover(&fixture.view, fixture.offset).unwrap();
    assert!(!shown.contains("Value"), "{shown}");
}

#[test]
fn a_package_shows_what_it_has_in_mcl() {
    check(
        "import \"example¦\"\n$x = example.nativeanswer()\n",
        &["answer", "nativeanswer"],
    );
}

#[test]
fn what_is_not_closed_does_not_hide_the_rest() {
    for open in [
        "include c(",
        "class c(",
        "func f($a) {",
        "class c {",
        "noop \"y\" {",
        "$y = f(",
        "$y = [",
    ] {
        check(
            &format!("{open}\n$n = 1\nnoop \"x\" {{\n\tMeta:retry => $n¦,\n}}\n"),
            &["$n int", "Value: `1`"],
        );
    }
}

#[test]
fn fields_have_their_type() {
    let text = "$s = struct{aa => 1, bb => \"x\",}\n$x = $s->aa\n";
    check(&text.replace("->aa", "->a¦a"), &["aa int"]);
    check(&text.replace("bb =>", "b¦b =>"), &["bb str"]);
    check(
        "noop \"x\" {\n\tMeta => struct{no¦op => true},\n}\n",
        &["Meta:noop bool"],
    );
}

#[test]
fn words_of_the_language_are_explained() {
    check("i¦f true {\n}\n", &["Chooses between two blocks"]);
    check("class ¦c {\n}\ninclude c\n", &["class c"]);
    check("class c {\n}\n¦include c\n", &["include class"]);
    check(
        "noop \"x\" {\n\tMe¦ta:noop => true,\n}\n",
        &["Meta:parameter"],
    );
}
