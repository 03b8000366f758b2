//! The defects of the original that functions.md §32 lists, by their numbers: none of them is here.
//!
//! 17 concerns the front end `provisioner`, which does not exist.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;

use mgmt_stdlib::catalog::{Catalog, Implementation, Purity, Sampler, Start, Wake};
use mgmt_tests::agent::{Agent, eventually};
use mgmt_tests::case::Case;
use mgmt_tests::machine::Machine;

/// The text of the value of an expression, or the diagnostics.
fn value(packages: &[&str], expr: &str) -> Result<String, String> {
    let imports: String = packages
        .iter()
        .map(|package| format!("import \"{package}\"\n"))
        .collect();
    let program = format!("import \"fmt\"\n{imports}print [fmt.printf(\"%v\", [{expr}])] {{}}\n");
    let graph = Case::program(&program).graph(&Catalog::standard().unwrap())?;
    let found = graph.resources().next().unwrap();
    let list = found.identity.name.as_str();
    Ok(list[1..list.len() - 1].to_owned())
}

#[track_caller]
fn check(package: &str, expr: &str, expected: &str) {
    assert_eq!(value(&[package], expr).as_deref(), Ok(expected), "{expr}");
}

/// What `mgmtc graph` prints of a program, or what it complains about.
fn graph(agent: &Agent) -> Result<String, String> {
    let output = agent.command("mgmtc", &["graph", "--prefix=state", "site.mcl"]);
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

/// A live call of a function.
fn sample(package: &str, name: &str) -> Box<dyn Sampler> {
    let catalog = Catalog::standard().unwrap();
    match &catalog.function(package, name).unwrap().implementation {
        Implementation::Sampled(start) => start(&Start::default()),
        other => panic!("{package}.{name} is {other:?}"),
    }
}

#[test]
fn defect_1_history_wakes_when_an_older_value_comes_due() {
    let agent = Agent::new(
        "import \"os\"\nfile \"@DIR@/out\" {\n\tstate => \"exists\",\n\tcontent => history(os.readfile(\"@DIR@/in\"), 300),\n}\n",
    );
    fs::write(agent.path("in"), "a").unwrap();
    let agent = agent.run(&[]);
    agent.wait_for_text("out", "a");
    fs::write(agent.path("in"), "b").unwrap();
    // Nothing else happens.
    agent.wait_for_text("out", "b");
}

#[test]
fn defect_2_deploy_file_exists_starts_at_the_module() {
    let agent = Agent::new("import \"lib/\"\ninclude lib.told\n");
    fs::create_dir_all(agent.path("lib/files")).unwrap();
    fs::write(agent.path("lib/files/text"), "").unwrap();
    let module = "import \"deploy\"\nimport \"fmt\"\nclass told() {\n\t$there = deploy.file_exists(\"/files/text\")\n\t\
                  print [fmt.printf(\"%t\", $there)] {}\n}\n";
    fs::write(agent.path("lib/main.mcl"), module).unwrap();
    assert_eq!(
        graph(&agent).unwrap().lines().last(),
        Some("Vertex: print[true]")
    );
}

#[test]
fn defect_3_text_after_json_is_refused() {
    for (name, ty) in [("decode_json", "int"), ("decode_json_flexible", "int")] {
        for (text, expected) in [("1 ", "1"), ("1 x", "-1"), ("1 2", "-1")] {
            let expr = format!("encoding.{name}(\"{text}\", \"{ty}\") <|> -1");
            check("encoding", &expr, expected);
        }
    }
}

#[test]
fn defect_4_printf_keeps_what_is_not_ascii() {
    check(
        "strings",
        "fmt.printf(\"\u{e9}%d\u{4e2d}\", 1)",
        "\"\u{e9}1\u{4e2d}\"",
    );
}

#[test]
fn defect_5_what_looks_at_the_machine_is_not_pure() {
    let catalog = Catalog::standard().unwrap();
    let package = |name: &str| {
        let functions = catalog.functions().filter(move |it| it.package == name);
        functions.map(|it| it.full_name()).collect::<Vec<_>>()
    };
    let mut names = [
        package("golang/os"),
        package("golang/os/exec"),
        package("golang/math/rand"),
    ]
    .concat();
    // It only counts.
    names.retain(|name| name != "golang/math/rand.read");
    names.extend(
        [
            "golang/path/filepath.abs",
            "golang/path/filepath.eval_symlinks",
            "golang/runtime.num_cpu",
        ]
        .map(String::from),
    );
    assert_eq!(names.len(), 19 + 1 + 7 + 3);
    for name in names {
        let (package, function) = name.rsplit_once('.').unwrap();
        let purity = catalog.function(package, function).unwrap().purity;
        assert_eq!(purity, Purity::Snapshot, "{name}");
    }
}

#[test]
fn defect_6_keys_and_values_are_sorted() {
    let map = r#"{"b" => 1, "" => 2, "a" => 3}"#;
    check("map", &format!("map.keys({map})"), r#"["", "a", "b"]"#);
    check("map", &format!("map.values({map})"), "[2, 3, 1]");
}

#[test]
fn defect_7_vardir_stays_below_its_directory() {
    for (path, sound) in [("a/../b/", true), ("../", false), ("a/../../b/", false)] {
        let agent = Agent::new(&format!(
            "import \"local\"\nprint [local.vardir(\"{path}\")] {{}}\n"
        ));
        match graph(&agent) {
            Ok(_) => assert!(sound, "{path}"),
            Err(error) => assert!(
                !sound && error.contains("must not lead out"),
                "{path}: {error}"
            ),
        }
        let state = agent.path("state");
        let made = |below: &str| state.join("local/vardir/functions").join(below).exists();
        assert_eq!(made("b"), sound, "{path}");
        assert!(!state.join("local/vardir/b").exists());
    }
}

#[test]
fn defect_8_int_remainders_are_exact() {
    check("math", "math.mod(9007199254740993, 2)", "1");
    check("math", "math.mod(1, 0) <|> -1", "-1");
}

#[test]
fn defect_9_the_first_address_is_that_of_the_network() {
    check("net", "net.cidr_to_first(\"10.0.0.77/24\")", "\"10.0.0.1\"");
    check(
        "net",
        "net.cidr_to_first(\" 10.0.0.0/31\\n\")",
        "\"10.0.0.1\"",
    );
}

#[test]
fn defect_10_a_tilde_counts_at_the_start_only() {
    for (path, expanded) in [
        ("~root/a", "/root/a"),
        ("/a/~root/b", "/a/~root/b"),
        ("a~root/b", "a~root/b"),
    ] {
        check(
            "os",
            &format!("os.expand_home(\"{path}\")"),
            &format!("\"{expanded}\""),
        );
    }
}

/// That such an event arrives, and wakes the function, is tested with the sources of the runtime.
#[test]
fn defect_11_loaded_modules_wake() {
    let wake = sample("os", "modinfo_loaded").wake(&["loop".into()]);
    assert_eq!(wake, [Wake::Devices("module")]);
}

#[test]
fn defect_12_a_silent_command_holds_up_nobody() {
    let agent = Agent::new(
        r#"import "os"
if os.file_exists("@DIR@/on") {
	# It says nothing until there is a file, and then a long line and a short one.
	$line = os.system("echo > @DIR@/started; until test -e @DIR@/go; do sleep 0.02; done; head -c 100000 /dev/zero | tr '\\0' x; echo; echo done")
	file "@DIR@/line" {
		state => "exists",
		content => $line,
	}
} else {
	file "@DIR@/copy" {
		state => "exists",
		content => os.readfile("@DIR@/in") <|> "",
	}
}
"#,
    );
    fs::write(agent.path("on"), "").unwrap();
    let agent = agent.run(&[]);
    eventually("the command has started", || agent.path("started").exists());
    // It is not waited for, once it is not wanted any more.
    fs::write(agent.path("in"), "changed").unwrap();
    fs::remove_file(agent.path("on")).unwrap();
    agent.wait_for_text("copy", "changed");
    fs::write(agent.path("on"), "").unwrap();
    fs::write(agent.path("go"), "").unwrap();
    agent.wait_for_text("line", "done");
    eventually("all children are reaped", || {
        let children = format!("/proc/{0}/task/{0}/children", agent.pid());
        fs::read_to_string(children).is_ok_and(|children| children.trim().is_empty())
    });
}

#[test]
fn defect_13_padding_with_nothing_ends() {
    check("strings", "strings.left_pad(\"a\", \"\", 9)", "\"a\"");
    check("strings", "strings.right_pad(\"a\", \"\", 9)", "\"a\"");
}

#[test]
fn defect_14_a_second_instance_is_noticed() {
    for letter in ["a", "c", "e", "g"] {
        let program = |text: &str| {
            let text = text.replace('@', &format!("test.one_instance_{letter}()"));
            Case::program(&format!("import \"test\"\n{text}")).graph(&Catalog::standard().unwrap())
        };
        let two = program("print \"a\" {\n\tmsg => @,\n}\nprint \"b\" {\n\tmsg => @,\n}\n");
        assert!(two.unwrap_err().contains("was used a second time"));
        let one =
            program("$x = @\nprint \"a\" {\n\tmsg => $x,\n}\nprint \"b\" {\n\tmsg => $x,\n}\n");
        assert_eq!(one.unwrap().resources().count(), 2);
    }
}

#[test]
fn defect_15_value_get_takes_its_type_from_the_context() {
    for (ty, zero) in [("int", "0"), ("[]str", "[]")] {
        let program = format!(
            "import \"fmt\"\nimport \"value\"\n$x struct{{value {ty}; ready bool}} = value.get(\"a\")\n\
             print [fmt.printf(\"%v %t\", $x->value, $x->ready)] {{}}\n"
        );
        let graph = Case::program(&program)
            .graph(&Catalog::standard().unwrap())
            .unwrap();
        let names: Vec<_> = graph
            .resources()
            .map(|it| it.identity.name.to_string())
            .collect();
        assert_eq!(names, [format!("{zero} false")]);
    }
}

#[test]
fn defect_16_mcl_of_the_core_is_loaded() {
    check("example", "example.nativeanswer()", "42");
    check("example", "example.test1()", "42");
    check("example", "$example.test1", "13");
    let provisioner =
        "import \"embedded/provisioner\"\nprint [provisioner.non_empty(\"\", \"loaded\")] {}\n";
    let graph = Case::program(provisioner)
        .graph(&Catalog::standard().unwrap())
        .unwrap();
    assert_eq!(graph.resources().count(), 1);
}

#[test]
fn defect_18_the_retention_of_etcd_is_not_its_quota() {
    for (st, retention, quota) in [
        ("retention => \"5h\"", "5h", "8589934592"),
        ("quota => \"77\"", "10h", "77"),
    ] {
        let agent = Agent::new(&format!(
            "import \"git://github.com/purpleidea/mgmt/modules/etcd/\"\ninclude etcd.service\n\
             include etcd.service_file(\"/etc/systemd/system/etcd.service\", struct{{exec => \"etcd\", {st}}})\n"
        ));
        let graph = graph(&agent).unwrap();
        for option in [
            format!("--auto-compaction-retention {retention}\\n"),
            format!("--quota-backend-bytes {quota}\\n"),
        ] {
            let option = option.trim_end_matches("\\n");
            assert!(graph.contains(option), "{option}: {graph}");
        }
    }
}

#[test]
fn defect_19_the_code_of_a_handoff_decides_whether_it_is_a_directory() {
    for (code, there) in [
        ("/srv/site/", "/root/mgmt-deploy/site/"),
        ("/srv/site.mcl", "/root/mgmt-deploy/site.mcl"),
    ] {
        let agent = Agent::new(&format!(
            "import \"embedded/provisioner\"\n\
             include provisioner.base(struct{{prefix => \"/srv/p/\", interface => \"eth0\"}}) as base\n\
             include base.repo(struct{{version => \"43\"}}) as repo\n\
             include base.host(\"a\", struct{{repo => $repo.uid, handoff => \"code\", handoff_code => \"{code}\"}})\n"
        ));
        let graph = graph(&agent).unwrap();
        let tar = graph
            .lines()
            .find(|line| line.starts_with("Field: tar[") && line.contains(".inputs"));
        assert!(
            tar.unwrap().ends_with(&format!("= [\"{code}\"]")),
            "{tar:?}"
        );
        let kickstart = graph
            .lines()
            .find(|line| line.contains("kickstart/default.ks].content"));
        let deploy = kickstart
            .unwrap()
            .split("\\n")
            .find(|line| line.contains("deploy lang"));
        assert!(
            deploy
                .unwrap()
                .split([' ', '\'', '"', '\\'])
                .any(|word| word == there),
            "{deploy:?}"
        );
    }
}

#[test]
fn defect_20_errors_of_input_can_be_caught() {
    for (package, expr) in [
        ("regexp", "regexp.match(\"(\", \"\") <|> false"),
        ("encoding", "encoding.base64_decode(\"?\") <|> \"\""),
        ("encoding", "encoding.decode_json(\"?\", \"int\") <|> 0"),
        (
            "encoding",
            "encoding.decode_json_flexible(\"?\", \"int\") <|> 0",
        ),
        (
            "iter",
            "iter.reduce(iter.range(0), func($a, $b) { $a + $b }) <|> 0",
        ),
        ("net", "net.interface_cidr(\"no such\") <|> \"\""),
        ("net", "net.wired_interface() <|> \"\""),
        ("deploy", "deploy.bootstrap_packages(\"no such\") <|> []"),
        ("os", "os.home(\"no such\") <|> \"\""),
        ("os", "os.uid(\"no such\") <|> \"\""),
        ("golang/strconv", "strconv.atoi(\"x\") <|> 0"),
        ("golang/strconv", "strconv.parse_bool(\"x\") <|> false"),
        ("golang/strconv", "strconv.parse_float(\"x\", 64) <|> 0.0"),
        ("golang/strconv", "strconv.parse_int(\"x\", 10, 64) <|> 0"),
        ("golang/strconv", "strconv.unquote(\"x\") <|> \"\""),
        ("golang/path", "path.match(\"[\", \"x\") <|> false"),
        (
            "golang/path/filepath",
            "filepath.match(\"[\", \"x\") <|> false",
        ),
        (
            "golang/path/filepath",
            "filepath.rel(\"/a\", \"b\") <|> \"\"",
        ),
    ] {
        let found = value(&[package], expr);
        assert!(found.is_ok(), "{expr}: {}", found.unwrap_err());
    }
}

#[test]
fn defect_21_os_release_is_read_like_shell_assignments() {
    let machine = Machine::with(&[(
        "etc/os-release",
        "ID='a=b'\nVERSION_ID=\"1=2\"\nVARIANT_ID=x=y\n",
    )]);
    let release = sample("os", "release").call(&machine, &[]).unwrap();
    assert_eq!(
        release.to_string(),
        r#"struct{id: "a=b"; variant_id: "x=y"; version_id: "1=2"}"#
    );
}

#[test]
fn defect_22_ranges_end_at_the_limits_of_ints() {
    check(
        "iter",
        "iter.range(9223372036854775804, 9223372036854775807, 2)",
        "[9223372036854775804, 9223372036854775806]",
    );
}

#[test]
fn defect_23_operands_that_do_not_fit_are_refused_by_the_compiler() {
    for expr in [
        "true + true",
        "\"a\" - \"b\"",
        "[1] < [2]",
        "1 + 2.0",
        "not 1",
        "true and 1",
    ] {
        let program = format!("import \"fmt\"\nprint [fmt.printf(\"%v\", {expr})] {{}}\n");
        let compiled = Case::program(&program).compile(&Catalog::standard().unwrap());
        assert!(compiled.program.is_none(), "{expr}");
        assert!(
            compiled.diagnostics.iter().any(|it| it.is_error()),
            "{expr}"
        );
    }
}
