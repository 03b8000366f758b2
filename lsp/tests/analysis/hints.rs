//! Inlay hints, signatures, colours.

use mgmt_lsp::analysis::highlight::{Class, colours};
use mgmt_lsp::analysis::inlay::{Wanted, hints};
use mgmt_lsp::analysis::signature::help;

use crate::fixture::Fixture;

fn hinted(text: &str, wanted: Wanted) -> String {
    let fixture = Fixture::new(text);
    let whole = 0..fixture.view.text().len() as u32;
    let mut shown = fixture.view.text().to_owned();
    for hint in hints(&fixture.view, &whole, wanted).iter().rev() {
        shown.insert_str(hint.offset as usize, &format!("‹{}›", hint.text));
    }
    shown
}

#[test]
fn types_and_names_that_are_not_written_are_shown() {
    let text = "func f($a, $b int) {\n\t$a + $b\n}\n$x = f(1, 2)\n$y str = \"a\"\nclass c($n) {\n}\ninclude c(1)\n";
    let shown = "func f($a‹int›, $b int) {\n\t$a + $b\n}\n$x‹int› = f(‹a:›1, ‹b:›2)\n$y str = \"a\"\nclass c($n‹int›) {\n}\ninclude c(1)\n";
    assert_eq!(hinted(text, Wanted::default()), shown);
    let none = Wanted {
        binds: false,
        params: false,
        arguments: false,
    };
    assert_eq!(hinted(text, none), text);
}

#[test]
fn a_call_says_what_it_wants() {
    let check = |text: &str, label: &str, argument: usize| {
        let fixture = Fixture::new(text);
        let help = help(&fixture.view, fixture.offset).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(
            (help.calls[help.active].label.as_str(), help.argument),
            (label, argument),
            "{text}"
        );
    };
    check(
        "func f($a int, $b str) {\n\t$a\n}\n$x = f(1, ¦)\n",
        "f($a int, $b str) int",
        1,
    );
    check(
        "func f($a int, $b str) {\n\t$a\n}\n$x = f(¦\n",
        "f($a int, $b str) int",
        0,
    );
    check("class c($n int) {\n}\ninclude c(¦)\n", "c($n int)", 0);
    check(
        "import \"fmt\"\n$x = fmt.printf(\"%d\", ¦)\n",
        "fmt.printf(format str, ...) str",
        1,
    );
    check(
        "import \"fmt\"\n$x = fmt.printf(\"%d %d\", 1, 2, ¦)\n",
        "fmt.printf(format str, ...) str",
        1,
    );
    check(
        "import \"fmt\"\n$x = fmt.printf(\"a, ¦\")\n",
        "fmt.printf(format str, ...) str",
        0,
    );
    check(
        "$f = func($a int) {\n\t$a\n}\n$x = $f(¦)\n",
        "$f(a int) int",
        0,
    );
}

#[test]
fn a_signature_has_the_comment_of_its_definition() {
    let fixture = Fixture::new("# makes it\nfunc f($a) {\n\t$a\n}\n$x = f(¦)\n");
    let help = help(&fixture.view, fixture.offset).unwrap();
    assert_eq!(help.doc, "makes it");
}

#[test]
fn outside_of_calls_there_is_no_signature() {
    for text in [
        "$x = ¦1\n",
        "file \"/x\" {\n\tstate => ¦\n}\n",
        "func f(¦) {\n\t1\n}\n",
    ] {
        let fixture = Fixture::new(text);
        assert_eq!(help(&fixture.view, fixture.offset), None, "{text}");
    }
}

#[test]
fn colours_follow_the_meaning() {
    let text = "import \"fmt\"\n# c\n$x = fmt.printf(\"a ${h} b\", $h)\nfile \"/x\" {\n\tstate => \"exists\",\n\tMeta:retry => 1,\n}\n$h = $hostname\n";
    let fixture = Fixture::new(text);
    let found: Vec<(Class, &str)> = colours(&fixture.view, None)
        .iter()
        .map(|it| (it.class, fixture.text(&it.range)))
        .collect();
    for wanted in [
        (Class::Keyword, "import"),
        (Class::Comment, "# c"),
        (Class::Variable, "$x"),
        (Class::Namespace, "fmt"),
        (Class::Function, "printf"),
        (Class::String, "\"a "),
        (Class::Variable, "${h}"),
        (Class::String, " b\""),
        (Class::Variable, "$h"),
        (Class::Struct, "file"),
        (Class::Property, "state"),
        (Class::Decorator, "Meta"),
        (Class::Decorator, "retry"),
        (Class::Variable, "$hostname"),
    ] {
        assert!(found.contains(&wanted), "{wanted:?} is not in {found:?}");
    }
    let text = "$t struct{k int} = struct{k => 1}\nfunc f($n) {\n\t$n * 2\n}\nclass c($p) {\n\t$v = $p\n}\ninclude c(f(1)) as i\nfile \"/x${y}\" {\n\tstate => $const.res.file.state.exists,\n}\n$z = $i.v\n";
    let meanings = Fixture::new(text);
    let found: Vec<(Class, bool, &str)> = colours(&meanings.view, None)
        .iter()
        .map(|it| (it.class, it.traits.declaration, meanings.text(&it.range)))
        .collect();
    for wanted in [
        (Class::Property, false, "k"),
        (Class::Parameter, true, "$n"),
        (Class::Parameter, false, "$n"),
        (Class::Parameter, false, "$p"),
        (Class::Namespace, false, "$i"),
        (Class::Variable, false, "v"),
        (Class::Variable, false, "$const"),
        (Class::Variable, false, "res"),
        (Class::Variable, false, "exists"),
    ] {
        assert!(found.contains(&wanted), "{wanted:?} is not in {found:?}");
    }
    // They are in order and do not overlap.
    let all = colours(&fixture.view, None);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].range.end <= pair[1].range.start)
    );
}
