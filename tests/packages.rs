//! For each package of the library a program that uses every function of it: `mgmtc graph` evaluates it, and
//! `mgmt run` applies it.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread;

use mgmt_stdlib::catalog::{Catalog, FunctionDef};
use mgmt_tests::agent::{Agent, eventually};
use nix::sys::signal::Signal;

/// Calls of the functions whose manual entries have no examples, as they stand after a `$x =` or `$x TYPE =`.
const CALLS: &[(&str, &str)] = &[
    ("history", "= history(1, 100)"),
    ("panic_debug", r#"= panic_debug(false, "no")"#),
    ("random1", "= random1(8)"),
    ("datetime.format", r#"= datetime.format(0, "2006-01-02")"#),
    ("datetime.hour", "= datetime.hour(0)"),
    ("datetime.now", "= datetime.now()"),
    ("datetime.print", "= datetime.print(0)"),
    ("datetime.str_now", "= datetime.str_now()"),
    ("datetime.weekday", "= datetime.weekday(0)"),
    ("datetime.weekday_fast", "= datetime.weekday_fast()"),
    ("deploy.abspath", r#"= deploy.abspath("/files/a")"#),
    ("deploy.binary_path", "= deploy.binary_path()"),
    ("deploy.directory", r#"= deploy.directory("/files/")"#),
    ("deploy.file_exists", r#"= deploy.file_exists("/files/a")"#),
    ("deploy.readfile", r#"= deploy.readfile("/files/a")"#),
    ("deploy.readfileabs", r#"= deploy.readfileabs("/files/a")"#),
    ("example.errorbool", "= example.errorbool(false)"),
    ("example.flipflop", "= example.flipflop()"),
    (
        "golang.template",
        r#"= golang.template("{{ .A }}", struct{a => 1})"#,
    ),
    ("golang/math/rand.exp_float_64", "= rand.exp_float_64()"),
    ("golang/math/rand.float_64", "= rand.float_64()"),
    // The name is a keyword: only a template can say it.
    (
        "golang/math/rand.int",
        r#"= golang.template("{{ golang_math_rand_int }}")"#,
    ),
    ("golang/math/rand.int_63", "= rand.int_63()"),
    ("golang/math/rand.int_63_n", "= rand.int_63_n(5)"),
    ("golang/math/rand.intn", "= rand.intn(5)"),
    ("golang/math/rand.norm_float_64", "= rand.norm_float_64()"),
    ("golang/math/rand.read", r#"= rand.read("abc")"#),
    ("golang/os.executable", "= os.executable()"),
    ("golang/os.expand_env", r#"= os.expand_env("plain")"#),
    ("golang/os.getegid", "= os.getegid()"),
    ("golang/os.getenv", r#"= os.getenv("PATH")"#),
    ("golang/os.geteuid", "= os.geteuid()"),
    ("golang/os.getgid", "= os.getgid()"),
    ("golang/os.getpagesize", "= os.getpagesize()"),
    ("golang/os.getpid", "= os.getpid()"),
    ("golang/os.getppid", "= os.getppid()"),
    ("golang/os.getuid", "= os.getuid()"),
    ("golang/os.getwd", "= os.getwd()"),
    ("golang/os.hostname", "= os.hostname()"),
    ("golang/os.mkdir_temp", r#"= os.mkdir_temp("@DIR@", "x*")"#),
    ("golang/os.read_file", r#"= os.read_file("@DIR@/files/a")"#),
    ("golang/os.readlink", r#"= os.readlink("/proc/self")"#),
    ("golang/os.temp_dir", "= os.temp_dir()"),
    (
        "golang/os.user_cache_dir",
        r#"= os.user_cache_dir() <|> """#,
    ),
    (
        "golang/os.user_config_dir",
        r#"= os.user_config_dir() <|> """#,
    ),
    ("golang/os.user_home_dir", r#"= os.user_home_dir() <|> """#),
    ("golang/os/exec.look_path", r#"= exec.look_path("sh")"#),
    ("golang/path/filepath.abs", r#"= filepath.abs("a")"#),
    (
        "golang/path/filepath.eval_symlinks",
        r#"= filepath.eval_symlinks("/")"#,
    ),
    ("golang/runtime.gomaxprocs", "= runtime.gomaxprocs(0)"),
    ("golang/runtime.goroot", "= runtime.goroot()"),
    ("golang/runtime.num_cgo_call", "= runtime.num_cgo_call()"),
    ("golang/runtime.num_cpu", "= runtime.num_cpu()"),
    ("golang/runtime.num_goroutine", "= runtime.num_goroutine()"),
    (
        "golang/runtime.set_mutex_profile_fraction",
        "= runtime.set_mutex_profile_fraction(-1)",
    ),
    ("golang/runtime.stack", r#"= runtime.stack("", false)"#),
    ("golang/runtime.version", "= runtime.version()"),
    ("local.pool", r#"= local.pool("space", "me")"#),
    ("local.vardir", r#"= local.vardir("mine/")"#),
    ("net.interface_cidr", r#"= net.interface_cidr("lo") <|> """#),
    ("net.macs", "= net.macs()"),
    ("net.wired_interface", r#"= net.wired_interface() <|> """#),
    ("net/http.response", r#"= http.response("a")"#),
    ("os.args", "= os.args()"),
    ("os.expand_home", r#"= os.expand_home("/a")"#),
    ("os.family", "= os.family()"),
    ("os.file_exists", r#"= os.file_exists("@DIR@")"#),
    ("os.home", r#"= os.home("root")"#),
    ("os.is_family_archlinux", "= os.is_family_archlinux()"),
    ("os.is_family_debian", "= os.is_family_debian()"),
    ("os.is_family_redhat", "= os.is_family_redhat()"),
    ("os.is_virtual", "= os.is_virtual()"),
    ("os.modinfo_loaded", r#"= os.modinfo_loaded("loop")"#),
    (
        "os.readfile",
        r#"= os.readfile("@DIR@/nothing") <|> "none""#,
    ),
    ("os.release", "= os.release()"),
    ("os.system", r#"= os.system("echo hello")"#),
    ("os.uid", r#"= os.uid("root")"#),
    ("os.user_exists", r#"= os.user_exists("root")"#),
    ("sys.cpu_count", "= sys.cpu_count()"),
    ("sys.env", "= sys.env()"),
    ("sys.getenv", r#"= sys.getenv("NOT_SET") <|> """#),
    ("sys.hasenv", r#"= sys.hasenv("NOT_SET")"#),
    ("sys.hostname", "= sys.hostname()"),
    ("sys.load", "= sys.load()"),
    ("sys.uptime", "= sys.uptime()"),
    ("sys/fwupd.reboot_needed", "= fwupd.reboot_needed()"),
    ("test.fastcount", "= test.fastcount()"),
    ("test.forkvloop", "= test.forkvloop()"),
    ("test.forloop", "= test.forloop()"),
    ("test.one_instance_a", "= test.one_instance_a()"),
    ("test.one_instance_b", "= test.one_instance_b()"),
    ("test.one_instance_c", "= test.one_instance_c()"),
    ("test.one_instance_d", "= test.one_instance_d()"),
    ("test.one_instance_e", "= test.one_instance_e()"),
    ("test.one_instance_f", "= test.one_instance_f()"),
    ("test.one_instance_g", "= test.one_instance_g()"),
    ("test.one_instance_h", "= test.one_instance_h()"),
    ("test.one_stream", "= test.one_stream(2)"),
    ("test.slow_string", "= test.slow_string()"),
    (
        "util.hostname_mapper",
        r#"= util.hostname_mapper({"00:00:5e:00:53:01" => "h1"})"#,
    ),
    (
        "value.get",
        r#"struct{value []int; ready bool} = value.get("a")"#,
    ),
    ("value.get_bool", r#"= value.get_bool("a")"#),
    ("value.get_float", r#"= value.get_float("a")"#),
    ("value.get_int", r#"= value.get_int("a")"#),
    ("value.get_str", r#"= value.get_str("a")"#),
    ("world.getval", r#"= world.getval("a")"#),
    ("world.kvlookup", r#"= world.kvlookup("a")"#),
    ("world.schedule", r#"= world.schedule("a")"#),
    ("world/collect.res", r#"= collect.res("file")"#),
];

/// Calls that must check, but can not be made everywhere: they end the program, never end, or need a sound card.
const UNCALLED: &[(&str, &str)] = &[
    ("example.vumeter", r#"example.vumeter("*", 10, 0.9)"#),
    ("golang/runtime.cpu_profile", "runtime.cpu_profile()"),
    ("golang/runtime.read_trace", "runtime.read_trace()"),
];

/// A program that uses every function of a package.
fn program(package: &str, functions: &[&FunctionDef]) -> String {
    let calls: BTreeMap<_, _> = CALLS.iter().copied().collect();
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
            values.push(format!("= {}", example.expr));
        }
        if let Some(right) = calls.get(name.as_str()) {
            values.push((*right).to_owned());
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
    for (i, right) in values.iter().enumerate() {
        writeln!(bodies, "$v{i} {right}").unwrap();
        writeln!(
            bodies,
            "noop \"v{i}\" {{\n\tMeta:hidden => len(fmt.printf(\"%v\", [$v{i}])) == 0,\n}}"
        )
        .unwrap();
    }
    text + &bodies
        + "$never = len(\"a\") == 0\nfile \"@DIR@/done\" {\n\tstate => $const.res.file.state.exists,\n}\n"
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
    let agent = Agent::new(&program(package, functions));
    fs::create_dir(agent.path("files")).unwrap();
    fs::write(agent.path("files/a"), "content\n").unwrap();
    let graph = agent.command("mgmtc", &["graph", "--prefix=state", "site.mcl"]);
    if !graph.status.success() {
        return Some(String::from_utf8_lossy(&graph.stderr).into_owned());
    }
    let mut agent = agent.run(&[]);
    eventually(&format!("the program of `{package}` is applied"), || {
        agent.path("done").exists() || agent.log().contains("failed")
    });
    agent.signal(Signal::SIGTERM);
    let status = agent.wait();
    (!agent.path("done").exists() || !status.success()).then(|| agent.log())
}

#[test]
fn every_function_of_every_package_checks_and_runs() {
    let catalog = Catalog::standard().unwrap();
    let names: BTreeSet<_> = catalog.functions().map(|it| it.full_name()).collect();
    for (name, _) in CALLS.iter().chain(UNCALLED) {
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
