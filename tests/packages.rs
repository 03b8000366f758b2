//! For each package of the library a program that uses every function of it: `mgmtc graph` evaluates it, and
//! `mgmt run` applies it, so that each value comes to be the content of a file.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use mgmt_stdlib::catalog::{Catalog, FunctionDef};
use mgmt_tests::agent::Agent;
use nix::sys::signal::Signal;
use regex::Regex;

/// No value takes longer, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Calls of the functions whose manual entries have no examples, as they stand after a `$x =` or `$x TYPE =`, and the
/// regular expression that the text of the value matches as a whole.
#[rustfmt::skip]
const CALLS: &[(&str, &str, &str)] = &[
    ("history", "= history(1, 100)", "1"),
    ("panic_debug", r#"= panic_debug(false, "no")"#, "false"),
    ("random1", "= random1(8)", r#"".{8}""#),
    ("datetime.format", r#"= datetime.format(0, "2006-01-02")"#, r#""19(69-12-31|70-01-01)""#),
    ("datetime.hour", "= datetime.hour(0)", r"\d+"),
    ("datetime.now", "= datetime.now()", r"\d{10}"),
    ("datetime.print", "= datetime.print(0)", r#""19(69|70)-.*""#),
    ("datetime.str_now", "= datetime.str_now()", r#""\d{10}""#),
    ("datetime.weekday", "= datetime.weekday(0)", r#""(wednes|thurs)day""#),
    ("datetime.weekday_fast", "= datetime.weekday_fast()", r#""[a-z]+day""#),
    ("deploy.abspath", r#"= deploy.abspath("/files/a")"#, r#""/files/a""#),
    ("deploy.binary_path", "= deploy.binary_path()", r#""/.*/mgmt""#),
    ("deploy.directory", r#"= deploy.directory("/files/")"#, r#""/.*/""#),
    ("deploy.file_exists", r#"= deploy.file_exists("/files/a")"#, "true"),
    ("deploy.readfile", r#"= deploy.readfile("/files/a")"#, r#""content\\n""#),
    ("deploy.readfileabs", r#"= deploy.readfileabs("/files/a")"#, r#""content\\n""#),
    ("example.errorbool", "= example.errorbool(false)", r#""set input to true to generate an error""#),
    ("example.flipflop", "= example.flipflop()", "true|false"),
    ("golang.template", r#"= golang.template("{{ .A }}", struct{a => 1})"#, r#""1""#),
    ("golang/math/rand.exp_float_64", "= rand.exp_float_64()", r"\d+(\.\d+)?"),
    ("golang/math/rand.float_64", "= rand.float_64()", r"0(\.\d+)?"),
    // The name is a keyword: only a template can say it.
    ("golang/math/rand.int", r#"= golang.template("{{ golang_math_rand_int }}")"#, r#""\d+""#),
    ("golang/math/rand.int_63", "= rand.int_63()", r"\d+"),
    ("golang/math/rand.int_63_n", "= rand.int_63_n(5)", "[0-4]"),
    ("golang/math/rand.intn", "= rand.intn(5)", "[0-4]"),
    ("golang/math/rand.norm_float_64", "= rand.norm_float_64()", r"-?\d+(\.\d+)?"),
    ("golang/math/rand.read", r#"= rand.read("abc")"#, "3"),
    ("golang/os.executable", "= os.executable()", r#""/.*/mgmt""#),
    ("golang/os.expand_env", r#"= os.expand_env("plain")"#, r#""plain""#),
    ("golang/os.getegid", "= os.getegid()", r"\d+"),
    ("golang/os.getenv", r#"= os.getenv("PATH")"#, r#"".*/bin.*""#),
    ("golang/os.geteuid", "= os.geteuid()", r"\d+"),
    ("golang/os.getgid", "= os.getgid()", r"\d+"),
    ("golang/os.getpagesize", "= os.getpagesize()", "4096|16384|65536"),
    ("golang/os.getpid", "= os.getpid()", r"\d+"),
    ("golang/os.getppid", "= os.getppid()", r"\d+"),
    ("golang/os.getuid", "= os.getuid()", r"\d+"),
    ("golang/os.getwd", "= os.getwd()", r#""@DIR@""#),
    ("golang/os.hostname", "= os.hostname()", r#"".+""#),
    ("golang/os.mkdir_temp", r#"= os.mkdir_temp("@DIR@", "x*")"#, r#""@DIR@/x.+""#),
    ("golang/os.read_file", r#"= os.read_file("@DIR@/files/a")"#, r#""content\\n""#),
    ("golang/os.readlink", r#"= os.readlink("/proc/self")"#, r#""\d+""#),
    ("golang/os.temp_dir", "= os.temp_dir()", r#""/.*""#),
    ("golang/os.user_cache_dir", r#"= os.user_cache_dir() <|> """#, r#""(/.*)?""#),
    ("golang/os.user_config_dir", r#"= os.user_config_dir() <|> """#, r#""(/.*)?""#),
    ("golang/os.user_home_dir", r#"= os.user_home_dir() <|> """#, r#""(/.*)?""#),
    ("golang/os/exec.look_path", r#"= exec.look_path("sh")"#, r#""/.*/sh""#),
    ("golang/path/filepath.abs", r#"= filepath.abs("a")"#, r#""@DIR@/a""#),
    ("golang/path/filepath.eval_symlinks", r#"= filepath.eval_symlinks("/")"#, r#""/""#),
    ("golang/runtime.gomaxprocs", "= runtime.gomaxprocs(0)", r"[1-9]\d*"),
    ("golang/runtime.goroot", "= runtime.goroot()", r#""""#),
    ("golang/runtime.num_cgo_call", "= runtime.num_cgo_call()", "0"),
    ("golang/runtime.num_cpu", "= runtime.num_cpu()", r"[1-9]\d*"),
    ("golang/runtime.num_goroutine", "= runtime.num_goroutine()", r"[1-9]\d*"),
    ("golang/runtime.set_mutex_profile_fraction", "= runtime.set_mutex_profile_fraction(-1)", "0"),
    ("golang/runtime.stack", r#"= runtime.stack("", false)"#, "0"),
    ("golang/runtime.version", "= runtime.version()", r#""mgmt .+""#),
    ("local.pool", r#"= local.pool("space", "me")"#, "1"),
    ("local.vardir", r#"= local.vardir("mine/")"#, r#""@DIR@/prefix/local/vardir/functions/mine/""#),
    ("net.interface_cidr", r#"= net.interface_cidr("lo") <|> """#, r#""([0-9.]+/\d+)?""#),
    ("net.macs", "= net.macs()", r#"\[("[0-9a-f:]{17}"(, )?)*\]"#),
    ("net.wired_interface", r#"= net.wired_interface() <|> """#, r#"".*""#),
    ("net/http.response", r#"= http.response("a")"#, r#"struct\{status: 0; output: ""\}"#),
    ("os.args", "= os.args()", r#"\["[^"]*mgmt", "run", .*"site\.mcl"\]"#),
    ("os.expand_home", r#"= os.expand_home("/a")"#, r#""/a""#),
    ("os.family", "= os.family()", r#""(redhat|debian|archlinux)?""#),
    ("os.file_exists", r#"= os.file_exists("@DIR@")"#, "true"),
    ("os.home", r#"= os.home("root")"#, r#""/.*/""#),
    ("os.is_family_archlinux", "= os.is_family_archlinux()", "true|false"),
    ("os.is_family_debian", "= os.is_family_debian()", "true|false"),
    ("os.is_family_redhat", "= os.is_family_redhat()", "true|false"),
    ("os.is_virtual", "= os.is_virtual()", "true|false"),
    ("os.modinfo_loaded", r#"= os.modinfo_loaded("loop")"#, "true|false"),
    ("os.readfile", r#"= os.readfile("@DIR@/nothing") <|> "none""#, r#""none""#),
    ("os.release", "= os.release()", r#"struct\{id: ".*"; variant_id: ".*"; version_id: ".*"\}"#),
    ("os.system", r#"= os.system("echo hello")"#, r#""hello""#),
    ("os.uid", r#"= os.uid("root")"#, r#""0""#),
    ("os.user_exists", r#"= os.user_exists("root")"#, "true"),
    ("sys.cpu_count", "= sys.cpu_count()", r"[1-9]\d*"),
    ("sys.env", "= sys.env()", r#"\{.*"PATH": ".*\}"#),
    ("sys.getenv", r#"= sys.getenv("NOT_SET") <|> """#, r#""""#),
    ("sys.hasenv", r#"= sys.hasenv("NOT_SET")"#, "false"),
    ("sys.hostname", "= sys.hostname()", r#"".+""#),
    ("sys.load", "= sys.load()", r"struct\{x1: [0-9.]+; x5: [0-9.]+; x15: [0-9.]+\}"),
    ("sys.uptime", "= sys.uptime()", r"\d+"),
    ("sys/fwupd.reboot_needed", "= fwupd.reboot_needed()", "true|false"),
    ("test.fastcount", "= test.fastcount()", r"[1-9]\d*"),
    ("test.forkvloop", "= test.forkvloop()", r#"\{"foo": "bar"\}"#),
    ("test.forloop", "= test.forloop()", r#"\["(foo|bar)"\]"#),
    ("test.one_instance_a", "= test.one_instance_a()", r#""hello""#),
    ("test.one_instance_b", "= test.one_instance_b()", r#""hello""#),
    ("test.one_instance_c", "= test.one_instance_c()", r#""hello""#),
    ("test.one_instance_d", "= test.one_instance_d()", r#""hello""#),
    ("test.one_instance_e", "= test.one_instance_e()", r#""hello""#),
    ("test.one_instance_f", "= test.one_instance_f()", r#""hello""#),
    ("test.one_instance_g", "= test.one_instance_g()", r#""hello""#),
    ("test.one_instance_h", "= test.one_instance_h()", r#""hello""#),
    ("test.one_stream", "= test.one_stream(2)", r#""xx""#),
    ("test.slow_string", "= test.slow_string()", r#""five seconds has elapsed""#),
    ("util.hostname_mapper", r#"= util.hostname_mapper({"00:00:5e:00:53:01" => "h1"})"#, r#""""#),
    ("value.get", r#"struct{value []int; ready bool} = value.get("a")"#, r"struct\{value: \[\]; ready: false\}"),
    ("value.get_bool", r#"= value.get_bool("a")"#, r"struct\{value: false; ready: false\}"),
    ("value.get_float", r#"= value.get_float("a")"#, r"struct\{value: 0; ready: false\}"),
    ("value.get_int", r#"= value.get_int("a")"#, r"struct\{value: 0; ready: false\}"),
    ("value.get_str", r#"= value.get_str("a")"#, r#"struct\{value: ""; ready: false\}"#),
    ("world.getval", r#"= world.getval("a")"#, r#"struct\{value: ""; exists: false\}"#),
    ("world.kvlookup", r#"= world.kvlookup("a")"#, r"\{\}"),
    ("world.schedule", r#"= world.schedule("a")"#, r"\[\]"),
    ("world/collect.res", r#"= collect.res("file")"#, r"\[\]"),
];

/// Calls that must check, but can not be made everywhere: they end the program, never end, or need a sound card.
const UNCALLED: &[(&str, &str)] = &[
    ("example.vumeter", r#"example.vumeter("*", 10, 0.9)"#),
    ("golang/runtime.cpu_profile", "runtime.cpu_profile()"),
    ("golang/runtime.read_trace", "runtime.read_trace()"),
];

/// What stands after `$x =`, and the regular expression of the value's text.
struct Wanted {
    right: String,
    pattern: String,
}

/// A program that uses every function of a package, and what comes of the calls, by their number.
fn program(package: &str, functions: &[&FunctionDef]) -> (String, Vec<Wanted>) {
    let calls: BTreeMap<_, _> = CALLS
        .iter()
        .map(|(name, right, value)| (*name, (*right, *value)))
        .collect();
    let uncalled: BTreeMap<_, _> = UNCALLED.iter().copied().collect();
    let mut text = String::from("import \"fmt\"\n");
    if !package.is_empty() && package != "fmt" {
        writeln!(text, "import \"{package}\"").unwrap();
    }
    if package == "golang/math/rand" {
        text.push_str("import \"golang\"\n");
    }
    let mut bodies = String::new();
    let mut values = Vec::new();
    for function in functions {
        let name = function.full_name();
        for example in function.examples {
            values.push(Wanted {
                right: format!("= {}", example.expr),
                pattern: regex::escape(example.value),
            });
        }
        if let Some((right, pattern)) = calls.get(name.as_str()) {
            values.push(Wanted {
                right: (*right).to_owned(),
                pattern: (*pattern).to_owned(),
            });
        } else if package == "embedded/provisioner" {
            // Only its front end knows the options.
            let call = format!("provisioner.{}()", function.name);
            bodies += &never(&call);
        } else if let Some(call) = uncalled.get(name.as_str()) {
            bodies += &never(call);
        } else if name == "panic" {
            bodies.push_str("panic(false)\n");
        } else {
            assert!(!function.examples.is_empty(), "nothing calls {name}");
        }
    }
    // That there is one value at least tells that the program runs.
    values.push(Wanted {
        right: "= \"it runs\"".to_owned(),
        pattern: "\"it runs\"".to_owned(),
    });
    for (i, Wanted { right, .. }) in values.iter().enumerate() {
        writeln!(bodies, "$v{i} {right}").unwrap();
        // In a list, strings are quoted.
        writeln!(
            bodies,
            "file \"@DIR@/v{i}\" {{\n\tstate => $const.res.file.state.exists,\n\tcontent => fmt.printf(\"%v\", [$v{i}]),\n}}"
        )
        .unwrap();
    }
    bodies.push_str("$never = len(\"a\") == 0\n");
    (text + &bodies, values)
}

/// A call in a branch that is checked, but never taken.
fn never(call: &str) -> String {
    format!(
        "if $never {{\n\tprint \"{}\" {{\n\t\tmsg => fmt.printf(\"%v\", [{call}]),\n\t}}\n}}\n",
        call.replace('"', "")
    )
}

/// What is wrong with the program of a package, if anything.
fn complaint(package: &str, functions: &[&FunctionDef]) -> Option<String> {
    let (text, values) = program(package, functions);
    let agent = Agent::new(&text);
    fs::create_dir(agent.path("files")).unwrap();
    fs::write(agent.path("files/a"), "content\n").unwrap();
    let graph = agent.command("mgmtc", &["graph", "--prefix=state", "site.mcl"]);
    if !graph.status.success() {
        return Some(String::from_utf8_lossy(&graph.stderr).into_owned());
    }
    let directory = regex::escape(agent.path("").to_str().unwrap().trim_end_matches('/'));
    let patterns: Vec<Regex> = values
        .iter()
        .map(|wanted| {
            let pattern = wanted.pattern.replace("@DIR@", &directory);
            Regex::new(&format!(r"^(?s:\[(?:{pattern})\])$")).unwrap()
        })
        .collect();
    let mut agent = agent.run(&[]);
    // The first value that is not there, or not as it should be.
    let wrong = |agent: &Agent| {
        let found = |i: usize| agent.read(format!("v{i}")).unwrap_or_default();
        let first = patterns
            .iter()
            .enumerate()
            .find(|(i, pattern)| !pattern.is_match(&found(*i)));
        first.map(|(i, pattern)| {
            format!(
                "`{}` gave {:?} instead of {pattern}",
                values[i].right,
                found(i)
            )
        })
    };
    let start = Instant::now();
    while wrong(&agent).is_some() && start.elapsed() < DEADLINE && !agent.log().contains("failed") {
        thread::sleep(Duration::from_millis(5));
    }
    let wrong = wrong(&agent);
    agent.signal(Signal::SIGTERM);
    let status = agent.wait();
    wrong
        .or_else(|| (!status.success()).then(|| agent.log()))
        .map(|text| format!("{text}\n{}", agent.log()))
}

#[test]
fn every_function_of_every_package_checks_and_runs() {
    let catalog = Catalog::standard().unwrap();
    let names: BTreeSet<_> = catalog.functions().map(|it| it.full_name()).collect();
    let called = CALLS.iter().map(|(name, ..)| name);
    for name in called.chain(UNCALLED.iter().map(|(name, _)| name)) {
        assert!(names.contains(*name), "there is no `{name}`");
    }
    let mut packages: BTreeMap<&str, Vec<&FunctionDef>> = BTreeMap::new();
    for function in catalog.functions() {
        packages.entry(function.package).or_default().push(function);
    }
    let waiting = Mutex::new(packages.into_iter());
    let complaints = Mutex::new(String::new());
    // Most of the time they wait for processes.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .next();
                    let Some((package, functions)) = next else {
                        return;
                    };
                    if let Some(text) = complaint(package, &functions) {
                        let mut all = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                        *all += &format!("`{package}`:\n{text}\n");
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{complaints}");
}
