//! Other names for things.

use mgmt_lsp::analysis::rename::prepare;

use crate::fixture::Fixture;
use crate::names::{check, refused};

#[test]
fn each_use_gets_the_new_name() {
    check(
        "$x = \"a\"\n$y = \"${x}b\" + $x¦\n",
        "z",
        "$z = \"a\"\n$y = \"${z}b\" + $z\n",
    );
    check("$x = \"a\"\n$y = $x¦\n", "$z", "$z = \"a\"\n$y = $z\n");
    check(
        "func f($a¦) {\n\t$a + 1\n}\n$y = f(1)\n",
        "b",
        "func f($b) {\n\t$b + 1\n}\n$y = f(1)\n",
    );
    check(
        "func f($a) {\n\t$a\n}\n$y = f¦(1)\n",
        "g",
        "func g($a) {\n\t$a\n}\n$y = g(1)\n",
    );
    check(
        "class c¦ {\n\t$v = 1\n}\ninclude c as i\n$y = $i.v\n",
        "d",
        "class d {\n\t$v = 1\n}\ninclude d as i\n$y = $i.v\n",
    );
    check(
        "class c {\n\t$v = 1\n}\ninclude c as i\n$y = $i¦.v\n",
        "j",
        "class c {\n\t$v = 1\n}\ninclude c as j\n$y = $j.v\n",
    );
    check(
        "class c {\n\t$v = 1\n}\ninclude c as i\n$y = $i.v¦\n",
        "w",
        "class c {\n\t$w = 1\n}\ninclude c as i\n$y = $i.w\n",
    );
    check(
        "noop \"a¦\" {}\nnoop \"b\" { Depend => Noop[\"a\"], }\n",
        "c",
        "noop \"c\" {}\nnoop \"b\" { Depend => Noop[\"c\"], }\n",
    );
}

#[test]
fn an_import_gets_an_alias() {
    check(
        "import \"fmt\"\n$x = fmt¦.printf(\"a\")\n",
        "f",
        "import \"fmt\" as f\n$x = f.printf(\"a\")\n",
    );
    check(
        "import \"fmt\" as f\n$x = f¦.printf(\"a\")\n",
        "g",
        "import \"fmt\" as g\n$x = g.printf(\"a\")\n",
    );
}

#[test]
fn all_programs_that_use_it_are_changed() {
    let files = "-- a.mcl --\nimport \"lib.mcl\"\nnoop \"a\" { Meta:retry => $lib.n, }\n-- b.mcl --\nimport \"lib.mcl\" as l\nnoop \"b\" { Meta:retry => $l.n, }\n-- lib.mcl --\n$n¦ = 1\n";
    let wanted = "import \"lib.mcl\"\nnoop \"a\" { Meta:retry => $lib.m, }\nimport \"lib.mcl\" as l\nnoop \"b\" { Meta:retry => $l.m, }\n$m = 1\n";
    check(files, "m", wanted);
}

#[test]
fn a_module_that_was_fetched_belongs_to_who_imports_it() {
    check(
        "-- metadata.yaml --\npath: \"vendor/\"\n-- main.mcl --\nimport \"git://example.org/x/y\"\ntest \"${y.n}\" {}\n-- vendor/example.org/x/y/metadata.yaml --\n-- vendor/example.org/x/y/main.mcl --\n$n¦ = \"a\"\n",
        "m",
        "import \"git://example.org/x/y\"\ntest \"${y.m}\" {}\n$m = \"a\"\n",
    );
}

#[test]
fn what_would_change_the_meaning_is_refused() {
    refused("$x¦ = 1\n$y = 2\n$z = $x + $y\n", "y", "is defined twice");
    // The inner one would capture the use.
    refused(
        "$x¦ = 1\nif true {\n\t$y = 2\n\tnoop \"a\" { Meta:retry => $x + $y, }\n}\n",
        "y",
        "would mean something else on line 4: what is defined on line 3",
    );
    // It is the reason that is told, and not what comes of it.
    refused(
        "class c($p¦) {\n\t$q = 1\n\tnoop \"${p}\" {}\n}\ninclude c(\"x\")\n",
        "q",
        "would mean something else on line 3: what is defined on line 2",
    );
    // The new name would be captured by nobody, but it would hide the outer one.
    refused(
        "$y = 2\nif true {\n\t$x¦ = 1\n\tnoop \"a\" { Meta:retry => $x + $y, }\n}\n",
        "y",
        "would mean something else on line 4",
    );
    refused(
        "import \"fmt\"\nimport \"math\"\n$x = fmt¦.printf(\"%d\", math.mod(3, 2))\n",
        "math",
        "already exists",
    );
}

#[test]
fn what_is_no_name_is_refused() {
    for new in ["", "1a", "A", "a-b", "if", "a b", "a.b", "a_"] {
        refused("$x¦ = 1\n", new, "");
    }
    let refuse = |text: &str, why: &str| {
        let fixture = Fixture::new(text);
        let reason = prepare(&fixture.view, fixture.offset).expect_err(text);
        assert!(reason.contains(why), "{reason}");
    };
    refuse(
        "import \"fmt\"\n$x = fmt.printf¦(\"\")\n",
        "defined by the library",
    );
    refuse("fi¦le \"/x\" {}\n", "a word of the language");
    refuse("¦\n$x = 1\n", "no name here");
}

#[test]
fn the_name_without_its_dollar_is_offered() {
    let fixture = Fixture::new("$hello = 1\n$y = $hel¦lo\n");
    let (range, text) = prepare(&fixture.view, fixture.offset).unwrap();
    assert_eq!((fixture.text(&range), text.as_str()), ("hello", "hello"));
}
