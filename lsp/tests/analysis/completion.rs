//! What could be written here?

use mgmt_lsp::analysis::completion::{Item, complete, document};

use crate::fixture::Fixture;

fn items(text: &str) -> Vec<Item> {
    let fixture = Fixture::new(text);
    complete(&fixture.view, fixture.offset)
}

fn labels(text: &str) -> Vec<String> {
    items(text).into_iter().map(|item| item.label).collect()
}

/// These are offered, in this order, and those are not.
fn check(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let labels = labels(text);
    let place = |label: &&str| {
        let found = labels.iter().position(|it| it == label);
        found.unwrap_or_else(|| panic!("no `{label}` in {labels:?} for:\n{text}"))
    };
    let places: Vec<usize> = wanted.iter().map(place).collect();
    assert!(
        places.is_sorted(),
        "{wanted:?} are at {places:?} for:\n{text}"
    );
    for label in unwanted {
        assert!(
            !labels.iter().any(|it| it == label),
            "`{label}` is offered for:\n{text}"
        );
    }
}

#[test]
fn a_string_that_is_not_closed_yet_goes_on() {
    check("$g = \"x\"\n$y = \"x ${¦\n", &["g"], &["$g", "len"]);
    check(
        "$g = \"x\"\nprint \"a\" {\n\tmsg => \"x ${¦\n}\n",
        &["g"],
        &["$g"],
    );
    check("$y = \"x ¦\n", &[], &["and", "or"]);
}

#[test]
fn the_nearest_variables_come_first() {
    let fixture = Fixture::new(
        "import \"os\"\n$a = \"x\"\nclass c($s) {\n\t$r = \"b\"\n\tprint \"${a}\" { msg => $¦, }\n}\ninclude c(\"y\") as i\n$z = $i.r\n",
    );
    let found = complete(&fixture.view, fixture.offset);
    let order: Vec<&str> = found.iter().map(|it| it.label.as_str()).collect();
    assert!(
        order.starts_with(&["$r", "$s", "$a", "$z", "$i.r", "$hostname"]),
        "{order:?}"
    );
}

#[test]
fn statements_begin_with_kinds_and_words() {
    check("¦\n", &["file", "import"], &["state", "true"]);
    check("if true {\n\tfi¦\n}\n", &["file", "include"], &["state"]);
    check("class c {\n\t¦\n}\n", &["exec", "noop"], &[]);
    let file = items("¦\n")
        .into_iter()
        .find(|it| it.label == "file")
        .unwrap();
    assert!(file.snippet.unwrap().starts_with("file \"${1:name}\" {\n"));
}

#[test]
fn parameters_that_are_set_are_not_offered() {
    check(
        "file \"/x\" {\n\tstate => \"exists\",\n\t¦\n}\n",
        &["content", "Before", "Meta:retry"],
        &["state", "import"],
    );
    check("file \"/x\" {\n\tco¦\n}\n", &["content"], &[]);
    check("file \"/x\" {\n\tco¦ => \"a\",\n}\n", &["content"], &[]);
}

#[test]
fn values_of_the_fitting_type_come_first() {
    let text = "$n = 1\n$s = \"a\"\nfile \"/x\" {\n\tcontent => $¦,\n}\n";
    check(text, &["$s", "$n"], &[]);
    check("file \"/x\" {\n\trecurse => ¦,\n}\n", &["true", "if"], &[]);
    check(
        "file \"/x\" {\n\tstate => ¦,\n}\n",
        &["$const.res.file.state.exists"],
        &[],
    );
    check(
        "file \"/x\" {\n\tstate => \"¦\",\n}\n",
        &["absent", "exists"],
        &[],
    );
    check(
        "$s = \"a\"\nfile \"/x\" {\n\tcontent => \"${¦}\",\n}\n",
        &["s"],
        &["$s"],
    );
}

#[test]
fn meta_parameters_are_offered() {
    check(
        "noop \"x\" {\n\tMeta:¦\n}\n",
        &["Meta:noop", "Meta:retry"],
        &["Before"],
    );
}

#[test]
fn edges_lead_to_resources_of_the_program() {
    let text = "file \"/a\" {}\nnoop \"b\" {\n\tDepend => ¦,\n}\n";
    check(text, &["File[\"/a\"]"], &["true"]);
    check(
        "file \"/a\" {}\nnoop \"b\" {}\nNoop[\"b\"] -> ¦\n",
        &["File[\"/a\"]"],
        &["file"],
    );
    check(
        "file \"/a\" {}\nnoop \"b\" {}\nFile[\"¦\"] -> Noop[\"b\"]\n",
        &["/a"],
        &["b"],
    );
    check(
        "file \"/a\" {}\nnoop \"b\" {}\nFile[¦] -> Noop[\"b\"]\n",
        &["\"/a\""],
        &["\"b\""],
    );
}

#[test]
fn sent_values_come_before_what_receives_them() {
    let text = "exec \"a\" {}\nfile \"/b\" {}\nExec[\"a\"].¦ -> File[\"/b\"].content\n";
    check(text, &["output"], &["content"]);
    let text = "exec \"a\" {}\nfile \"/b\" {}\nExec[\"a\"].output -> File[\"/b\"].¦\n";
    check(text, &["content", "recurse"], &["output"]);
}

#[test]
fn functions_of_packages_are_offered_with_their_import() {
    check("import \"fmt\"\n$x = fmt.¦\n", &["fmt.printf"], &["$x"]);
    let item = items("# header\n\n$x = strings.to_l¦\n")
        .into_iter()
        .find(|it| it.label == "strings.to_lower")
        .unwrap();
    assert_eq!(item.extra.len(), 1);
    assert_eq!(item.extra[0].text, "\nimport \"strings\"\n");
    assert_eq!(item.snippet.as_deref(), Some("strings.to_lower($0)"));
    let item = items("import \"fmt\"\n\n$x = fmt.printf(strings.to_l¦)\n")
        .into_iter()
        .find(|it| it.label == "strings.to_lower")
        .unwrap();
    assert_eq!(
        (item.extra[0].range.clone(), item.extra[0].text.as_str()),
        (13..13, "import \"strings\"\n")
    );
}

#[test]
fn what_other_files_define_is_offered() {
    let files = "-- main.mcl --\nimport \"lib.mcl\"\n$x = ¦\n-- lib.mcl --\nfunc f($a) {\n\t$a\n}\n$y = 1\nclass c($n) {\n}\n";
    check(files, &["$lib.y", "lib.f"], &[]);
    check(
        &files.replace("$x = ¦", "include ¦"),
        &["lib.c"],
        &["lib.f"],
    );
    check(&files.replace("$x = ¦", "include lib.¦"), &["lib.c"], &[]);
    let files = "-- main.mcl --\nimport \"¦\"\n-- lib.mcl --\n";
    check(files, &["fmt", "golang/strings"], &[]);
}

#[test]
fn fields_and_types_are_offered_where_they_stand() {
    check(
        "$s = struct{aa => 1, bb => \"x\",}\n$x = $s->¦\n",
        &["aa", "bb"],
        &["$s"],
    );
    check("$x ¦\n", &["str", "map{}"], &["file"]);
    check("func f($x ¦) {\n\t$x\n}\n", &["str"], &["file"]);
    check(
        "$s = struct{aa => struct{b => 1,},}\n$x = $s->aa->¦\n",
        &["b"],
        &["aa"],
    );
}

#[test]
fn nothing_is_offered_where_a_name_is_invented_or_in_comments() {
    assert_eq!(labels("# fi¦\n"), [""; 0]);
    assert_eq!(labels("import \"fmt\" as ¦\n"), [""; 0]);
    assert_eq!(labels("class ¦ {\n}\n"), [""; 0]);
}

#[test]
fn arguments_of_the_fitting_type_come_first() {
    let text = "import \"strings\"\n$n = 1\n$s = \"a\"\n$x = strings.to_lower($¦)\n";
    check(text, &["$s", "$n"], &[]);
}

#[test]
fn parameters_come_in_the_order_of_their_kind_and_needed_ones_first() {
    check(
        "file \"/x\" {\n\t¦\n}\n",
        &["path", "state", "content", "owner"],
        &[],
    );
    let file = items("file \"/x\" {\n\t¦\n}\n");
    assert!(file.iter().all(|it| !it.detail.contains("required")));
    check("pkg \"x\" {\n\t¦\n}\n", &["state"], &[]);
    check("user \"x\" {\n\t¦\n}\n", &["state", "uid"], &[]);
    let user = items("user \"x\" {\n\t¦\n}\n");
    assert_eq!(user[0].detail, "str, required");
}

#[test]
fn values_that_only_the_documentation_names_are_offered() {
    check(
        "pkg \"x\" {\n\tstate => ¦,\n}\n",
        &[
            "\"installed\"",
            "\"uninstalled\"",
            "\"newest\"",
            "$hostname",
        ],
        &[],
    );
    check(
        "svc \"x\" {\n\tstate => \"¦\",\n}\n",
        &["running", "stopped"],
        &["\"running\""],
    );
    assert_eq!(labels("file \"/x\" {\n\towner => \"¦\",\n}\n"), [""; 0]);
}

#[test]
fn what_does_not_begin_as_the_name_does_is_left_out() {
    check(
        "file \"/x\" {\n\tstate => $const.¦\n}\n",
        &["$const.res.file.state.exists", "$const.res"],
        &["$hostname"],
    );
    let text = "class c {\n\t$inner = 1\n}\ninclude c as i\n$y = $i.¦\n";
    check(text, &["$i.inner"], &["$hostname"]);
}

#[test]
fn a_loop_wants_something_to_go_through() {
    check(
        "$s = \"a\"\n$xs = [1]\nfor $i, $v in ¦ {\n}\n",
        &["$xs", "$s"],
        &[],
    );
    check(
        "$a = \"a\"\n$m = {\"a\" => 1,}\nforkv $k, $v in $¦ {\n}\n",
        &["$m", "$a"],
        &[],
    );
}

#[test]
fn no_resource_waits_for_itself() {
    let text = "noop \"a\" {\n\tDepend => ¦,\n}\nnoop \"b\" {}\n";
    check(text, &["Noop[\"b\"]"], &["Noop[\"a\"]"]);
}

#[test]
fn modules_of_the_library_are_imported_by_their_url() {
    check(
        "import \"git://¦\"\n",
        &["git://github.com/purpleidea/mgmt/modules/contrib/cryptpad/"],
        &[],
    );
}

/// Exactly these are offered.
#[track_caller]
fn only(text: &str, wanted: &[&str]) {
    assert_eq!(labels(text), wanted, "{text}");
}

#[test]
fn the_struct_of_meta_parameters_has_them_without_a_prefix() {
    let text = "noop \"x\" {\n\tMeta => struct{noop => true, ¦},\n}\n";
    check(text, &["retry", "poll"], &["noop", "Meta:retry", "if"]);
    let retry = items(text).into_iter().find(|it| it.label == "retry");
    let snippet = retry.unwrap().snippet.unwrap();
    assert_eq!(snippet, "retry => ${1:1},$0");
    check(
        "$n = 1\n$b = true\nnoop \"x\" {\n\tMeta => struct{noop => $¦},\n}\n",
        &["$b", "$n"],
        &[],
    );
}

#[test]
fn meta_parameters_that_are_set_are_not_offered() {
    check(
        "noop \"x\" {\n\tMeta:noop => true,\n\tMeta:¦\n}\n",
        &["Meta:retry"],
        &["Meta:noop"],
    );
    check(
        "noop \"x\" {\n\tMeta:no¦ => true,\n}\n",
        &["Meta:noop"],
        &[],
    );
}

#[test]
fn a_dollar_in_a_string_gets_its_braces() {
    let text = "$name = \"a\"\n$x = \"hello $na¦!\"\n";
    check(text, &["${name}"], &["$name", "${x}"]);
    let fixture = Fixture::new(text);
    let all = complete(&fixture.view, fixture.offset);
    let name = all.iter().find(|it| it.label == "${name}").unwrap();
    assert_eq!(fixture.text(&name.replace), "$na");
    assert_eq!(name.insert, "${name}");
    only("$name = \"a\"\n$x = \"\\$na¦\"\n", &[]);
    only("$name = \"a\"\n$x = \"cost: 5 $ ¦\"\n", &[]);
}

#[test]
fn what_is_complete_goes_on_with_words() {
    only("$n = 1\n$m = $n ¦\n", &["and", "in", "or"]);
    only(
        "$n = 1\nnoop \"x\" {\n\tMeta:retry => $n ¦\n}\n",
        &["and", "in", "or"],
    );
    only("import \"fmt\" ¦\n", &["as"]);
    only("class c {\n}\ninclude c ¦\n", &["as"]);
    only("class c($a) {\n}\ninclude c(1) ¦\n", &["as"]);
    only("for $i, $v ¦\n", &["in"]);
    only("if true {\n} ¦\n", &["else"]);
    only("$x = if true { 1 } ¦\n", &["else"]);
    only("if true {\n} else {\n} ¦\n", &[]);
    only("noop \"x\" ¦\n", &[]);
    only("$x = 12¦\n", &[]);
    only("$x = 1.¦\n", &[]);
}

#[test]
fn new_names_are_left_alone() {
    only("func f($a, ¦) {\n\t$a\n}\n", &[]);
    only("class c(¦) {\n}\n", &[]);
    only("for $i, ¦ in [1] {\n}\n", &[]);
    only("$s = struct{¦}\n", &[]);
}

#[test]
fn types_come_where_types_stand() {
    for text in [
        "func f($a) ¦ {\n\t$a\n}\n",
        "$x []¦\n",
        "$x map{¦\n",
        "$x map{str: ¦\n",
        "$x struct{a ¦\n",
        "$x struct{a str; b ¦\n",
        "$x func(¦\n",
        "class c($a ¦) {\n}\n",
        "$x = func($a ¦) { $a }\n",
    ] {
        check(text, &["str", "map{}"], &["if", "file"]);
    }
}

#[test]
fn what_is_around_says_which_type_is_wanted() {
    let names = "$n = 1\n$s = \"a\"\n$b = true\n";
    let check = |text: &str, wanted: &str, later: &str| {
        check(&format!("{names}{text}"), &[wanted, later], &[]);
    };
    check("$x []int = [$¦]\n", "$n", "$s");
    check("$x []int = [1, ¦]\n", "$n", "$s");
    check("$x map{str: int} = {$¦}\n", "$s", "$n");
    check("$x map{str: int} = {\"a\" => $¦}\n", "$n", "$s");
    check("$x struct{a int} = struct{a => $¦}\n", "$n", "$s");
    check("$x int = if true { $¦ } else { 2 }\n", "$n", "$s");
    check("$x int = if true { 2 } else { $¦ }\n", "$n", "$s");
    check("$x int = ($¦)\n", "$n", "$s");
    check("$x = 1 + $¦\n", "$n", "$s");
    check("$x = \"a\" == $¦\n", "$s", "$n");
    check("$x = not $¦\n", "$b", "$n");
    check("$x = [\"a\"][$¦]\n", "$n", "$s");
    check("$x = {\"a\" => 1}[$¦]\n", "$s", "$n");
    check("$f = func($a) str { $¦ }\n", "$s", "$n");
    check("file $¦ {}\n", "$s", "$n");
    check("file [$¦] {}\n", "$s", "$n");
    check("file \"/x\" {\n\tfragments => [$¦],\n}\n", "$s", "$n");
    check("file \"/x\" {\n\tcontent => true ?: $¦,\n}\n", "$s", "$n");
    check(
        "noop \"x\" {\n\tMeta:retry => if true { $¦ } else { 1 },\n}\n",
        "$n",
        "$s",
    );
    check(
        "func f($a struct{k int}) {\n\t$a->k\n}\n$x = f(struct{k => $¦})\n",
        "$n",
        "$s",
    );
    crate::completion::check(
        "func f($a struct{k int; l str}) {\n\t$a->k\n}\n$x = f(struct{k => 1, ¦})\n",
        &["l"],
        &["k", "if"],
    );
}

#[test]
fn values_of_a_parameter_are_offered_in_its_branches() {
    check(
        "file \"/x\" {\n\tstate => if true { \"¦\" } else { \"absent\" },\n}\n",
        &["exists"],
        &[""],
    );
}

#[test]
fn nothing_is_made_of_itself() {
    check("$a = 1\n$x = $¦\n", &["$a"], &["$x"]);
}

#[test]
fn functions_of_modules_are_ranked_by_what_they_give() {
    let files = "-- main.mcl --\nimport \"lib.mcl\"\nfile \"/x\" {\n\tcontent => ¦,\n}\n-- lib.mcl --\nfunc num() {\n\t1\n}\nfunc text() {\n\t\"a\"\n}\n";
    check(files, &["lib.text", "lib.num"], &[]);
}

#[test]
fn what_receives_a_value_has_a_field_for_it() {
    let text = "exec \"a\" {}\nfile \"/b\" {}\ntimer \"n\" {}\nExec[\"a\"].output -> ¦\n";
    check(text, &["File[\"/b\"].content"], &["File[\"/b\"].recurse"]);
    let labels = labels(text);
    assert!(
        labels.iter().all(|it| !it.starts_with("Timer")),
        "{labels:?}"
    );
    let many: String = (0..400).map(|i| format!("file \"/{i}\" {{}}\n")).collect();
    let found = self::items(&format!("{many}{text}"));
    assert!(found.len() < 1000 && found.iter().any(|it| it.label == "File[\"/b\"]."));
}

#[test]
fn names_of_resources_are_offered_where_they_can_be_written() {
    let text = "class c($n) {\n\tfile \"/a/${n}\" {}\n\tfile \"/b\" {}\n\tnoop \"x\" {\n\t\tDepend => ¦,\n\t}\n}\n";
    check(text, &["File[\"/a/${n}\"]", "File[\"/b\"]"], &[]);
    let outside = "class c($n) {\n\tfile \"/a/${n}\" {}\n\tfile \"/b\" {}\n}\nnoop \"x\" {\n\tDepend => ¦,\n}\n";
    check(outside, &["File[\"/b\"]"], &["File[\"/a/${n}\"]"]);
}

#[test]
fn what_the_program_says_of_its_definitions_is_their_documentation() {
    let files = "-- main.mcl --\nimport \"lib.mcl\"\n# how many\n$n = 1\n$x = ¦\n-- lib.mcl --\n# makes it\nfunc f($a) {\n\t$a\n}\n# a kind\n# of thing\nclass c {\n}\n";
    let say = |text: &str, label: &str| {
        let fixture = Fixture::new(text);
        let all = complete(&fixture.view, fixture.offset);
        let item = all.into_iter().find(|it| it.label == label).unwrap();
        document(fixture.view.catalog(), &item.doc.unwrap()).unwrap()
    };
    assert_eq!(say(files, "$n"), "how many");
    assert_eq!(say(files, "lib.f"), "makes it");
    let include = files.replace("$x = ¦", "include ¦");
    assert_eq!(say(&include, "lib.c"), "a kind\nof thing");
}

#[test]
fn what_is_collected_has_a_kind() {
    check("collect ¦\n", &["file", "svc"], &["import", "$hostname"]);
}

#[test]
fn a_function_that_is_wanted_comes_first() {
    let text = "import \"iter\"\n$n = 1\n$x = iter.map([\"a\"], ¦)\n";
    check(text, &["func", "$n", "$purpleidea"], &[]);
    let func = items(text).into_iter().find(|it| it.label == "func");
    assert_eq!(
        func.unwrap().snippet.as_deref(),
        Some("func(${1:\\$arg1}) { $0 }")
    );
}

#[test]
fn functions_of_one_name_tell_their_packages() {
    let found: Vec<String> = items("$x = strings.to_low¦\n")
        .into_iter()
        .filter(|it| it.label == "strings.to_lower")
        .map(|it| it.detail)
        .collect();
    assert!(
        found.len() > 1 && found[0].ends_with("(import \"strings\")"),
        "{found:?}"
    );
    assert!(
        found[1].ends_with("(import \"golang/strings\")"),
        "{found:?}"
    );
}

#[test]
fn a_line_that_begins_with_an_operator_has_answers() {
    for text in [
        "$x\n= ¦\n",
        "= ¦\n",
        "=> ¦\n",
        "-> ¦\n",
        "<|> ¦\n",
        "?: ¦\n",
        "+ ¦\n",
        "{ ¦\n",
        "] ¦\n",
        "} ¦\n",
    ] {
        labels(text);
    }
}
