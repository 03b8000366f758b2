//! Each source of the library with a machine that really changes: files, the kernel's netlink, other processes.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use mgmt_stdlib::catalog::{Catalog, DiskTree, HttpResponse, Implementation, Start, SystemHost};
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, SendFlags, SocketType, sendto, socket};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;
use crate::dbus::Bus;
use crate::dbus::tests::PrivateBus;
use crate::frontend::{Given, RunningHost};
use crate::http_responses::HttpResponses;
use crate::local_values::LocalValues;
use crate::namespaces;
use crate::world::{SoloWorld, World};

/// Far longer than an event takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A live call.
struct Live {
    args: watch::Sender<Vec<Value>>,
    results: mpsc::UnboundedReceiver<Message>,
    task: JoinHandle<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Live {
    fn start(name: &str, args: &[Value], host: &Arc<dyn Host>, sources: &EventSources) -> Self {
        let (package, function) = name.rsplit_once('.').unwrap();
        let catalog = Catalog::standard().unwrap();
        let function = catalog.function(package, function).unwrap();
        let Implementation::Sampled(sampler) = &function.implementation else {
            panic!("{name} does not look at the machine");
        };
        let (args, latest) = watch::channel(args.to_vec());
        let (sender, results) = mpsc::unbounded_channel();
        let call = Call {
            id: CallId(0),
            name: name.to_owned(),
            sampler: sampler(&Start::default()),
            args: latest,
            host: Arc::clone(host),
            sources: sources.clone(),
            results: sender,
        };
        Self {
            args,
            results,
            task: tokio::spawn(call.run()),
        }
    }

    /// The next result: a value as text, or the error.
    async fn next(&mut self) -> Result<String, CallError> {
        match self.results.recv().await {
            Some(Message::Fed(_, result)) => result.map(|value| value.to_string()),
            _ => panic!("the call has ended"),
        }
    }

    /// Waits until the value has that text.
    #[track_caller]
    fn until(&mut self, text: &str) -> impl Future<Output = ()> {
        self.until_result(Ok(text))
    }

    /// Waits until the call fails with an error that can be caught and contains that text.
    fn until_caught(&mut self, text: &str) -> impl Future<Output = ()> {
        self.until_result(Err(text))
    }

    async fn until_result(&mut self, wanted: Result<&str, &str>) {
        let mut last = None;
        let found = timeout(PATIENCE, async {
            loop {
                let result = self.next().await;
                let fits = match (&result, wanted) {
                    (Ok(text), Ok(wanted)) => text == wanted,
                    (Err(error), Err(wanted)) => error.catchable && error.message.contains(wanted),
                    _ => false,
                };
                if fits {
                    return;
                }
                last = Some(result);
            }
        });
        assert!(found.await.is_ok(), "{last:?} instead of {wanted:?}");
    }
}

fn system() -> Arc<dyn Host> {
    Arc::new(SystemHost::default())
}

fn text(path: &Path) -> Value {
    path.to_str().unwrap().into()
}

#[tokio::test]
async fn files_come_change_and_go_with_their_directories() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/c");
    let parent = path.parent().unwrap();
    let sources = EventSources::default();
    let mut read = Live::start("os.readfile", &[text(&path)], &system(), &sources);
    let mut exists = Live::start("os.file_exists", &[text(&path)], &system(), &sources);
    for _ in 0..2 {
        read.until_caught("no such file or directory").await;
        exists.until("false").await;
        fs::create_dir_all(parent).unwrap();
        fs::write(&path, "one").unwrap();
        read.until("\"one\"").await;
        exists.until("true").await;
        let aside = parent.join("aside");
        fs::write(&aside, "two").unwrap();
        fs::rename(&aside, &path).unwrap();
        read.until("\"two\"").await;
        fs::remove_dir_all(directory.path().join("a")).unwrap();
    }
    read.until_caught("no such file or directory").await;

    // Another argument moves the watch.
    let other = directory.path().join("other");
    fs::write(&other, "3").unwrap();
    read.args.send(vec![text(&other)]).unwrap();
    read.until("\"3\"").await;
    fs::write(&other, "4").unwrap();
    read.until("\"4\"").await;
}

#[tokio::test]
async fn the_empty_path_is_no_file() {
    let mut exists = Live::start(
        "os.file_exists",
        &["".into()],
        &system(),
        &EventSources::default(),
    );
    exists.until("false").await;
}

#[tokio::test]
async fn a_relative_path_starts_at_the_working_directory() {
    let mut read = Live::start(
        "os.file_exists",
        &["Cargo.toml".into()],
        &system(),
        &EventSources::default(),
    );
    read.until("true").await;
}

/// A clock that runs as fast as tokio's does when it is paused.
struct Clock(Instant);

impl Host for Clock {
    fn hostname(&self) -> &str {
        ""
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_wake_at_once_and_then_at_their_periods() {
    for (name, seconds) in [
        ("datetime.now", 1),
        ("datetime.str_now", 1),
        ("sys.uptime", 1),
        ("sys.load", 5),
        ("example.flipflop", 5),
        ("test.forloop", 5),
        ("test.forkvloop", 5),
        ("datetime.weekday_fast", 24 * 60 * 60),
    ] {
        let start = Instant::now();
        let host: Arc<dyn Host> = Arc::new(Clock(start));
        let mut live = Live::start(name, &[], &host, &EventSources::default());
        for period in 0..4 {
            live.next().await.unwrap();
            let late = start
                .elapsed()
                .saturating_sub(Duration::from_secs(seconds * period));
            assert!(
                late < Duration::from_millis(100),
                "{name} {period}: {:?}",
                start.elapsed()
            );
        }
        assert!(
            start.elapsed() >= Duration::from_secs(seconds * 3),
            "{name}"
        );
    }
}

#[tokio::test]
async fn local_values_and_responses_wake_who_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let values = LocalValues::new(directory.path().join("values"));
    let responses = HttpResponses::default();
    let solo = SoloWorld::new("h1", directory.path().join("world"));
    let world: Arc<dyn World> = Arc::new(solo);
    let system_bus = Bus::new("test bus", "unix:path=/nonexistent/bus");
    let host: Arc<dyn Host> = Arc::new(RunningHost {
        system: SystemHost::default(),
        files: Arc::new(DiskTree::default()),
        given: Given::default(),
        state_dir: directory.path().into(),
        values: values.clone(),
        responses: responses.clone(),
        world: Arc::clone(&world),
        system_bus: system_bus.clone(),
    });
    let sources = EventSources {
        values: Some(values.clone()),
        responses: responses.clone(),
        world: Some(Arc::clone(&world)),
        system_bus: Some(system_bus),
        ..EventSources::default()
    };

    let mut int = Live::start("value.get_int", &["k".into()], &host, &sources);
    assert_eq!(int.next().await.unwrap(), "struct{value: 0; ready: false}");
    values.set("k", Some(7.into())).unwrap();
    assert_eq!(int.next().await.unwrap(), "struct{value: 7; ready: true}");
    // The same again is no event, nor is what happens to another key.
    values.set("k", Some(7.into())).unwrap();
    values.set("other", Some(1.into())).unwrap();
    values.set("k", Some(8.into())).unwrap();
    assert_eq!(int.next().await.unwrap(), "struct{value: 8; ready: true}");
    values.set("k", None).unwrap();
    assert_eq!(int.next().await.unwrap(), "struct{value: 0; ready: false}");
    int.args.send(vec!["other".into()]).unwrap();
    int.until("struct{value: 1; ready: true}").await;

    let mut response = Live::start("net/http.response", &["u".into()], &host, &sources);
    response.until(r#"struct{status: 0; output: ""}"#).await;
    let body = directory.path().join("body");
    for output in ["one", "two"] {
        fs::write(&body, output).unwrap();
        let brought = HttpResponse {
            status: 200,
            body: Some(body.clone()),
        };
        responses.set("u", brought);
        let shown = format!("struct{{status: 200; output: \"{output}\"}}");
        response.until(&shown).await;
    }

    let mut string = Live::start("world.getval", &["a".into()], &host, &sources);
    let mut strings = Live::start("world.kvlookup", &["ns".into()], &host, &sources);
    string.until(r#"struct{value: ""; exists: false}"#).await;
    strings.until("{}").await;
    world.set_string("a", Some("1")).unwrap();
    string.until(r#"struct{value: "1"; exists: true}"#).await;
    world.set_string("ns/h1", Some("x")).unwrap();
    strings.until(r#"{"h1": "x"}"#).await;
    world.set_string("a", None).unwrap();
    string.until(r#"struct{value: ""; exists: false}"#).await;
    world.set_string("ns/h1", None).unwrap();
    strings.until("{}").await;
}

/// Whether a process is there and not only waits to be reaped.
fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn end_of(pid: &str) {
    let gone = async {
        while is_running(pid) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(timeout(PATIENCE, gone).await.is_ok(), "{pid} runs on");
}

#[tokio::test]
async fn another_command_ends_the_one_before() {
    const COMMAND: &str = "echo $$; sleep 1000";
    let mut live = Live::start(
        "os.system",
        &[COMMAND.into()],
        &system(),
        &EventSources::default(),
    );
    let pid = |line: Result<String, CallError>| line.unwrap().trim_matches('"').to_owned();
    let first = pid(live.next().await);
    assert!(is_running(&first));
    live.args
        .send(vec![format!("true; {COMMAND}").into()])
        .unwrap();
    let second = pid(live.next().await);
    end_of(&first).await;
    assert!(is_running(&second));
    // Nobody needs it any more.
    drop(live);
    end_of(&second).await;
}

#[tokio::test]
async fn the_last_line_stays_and_a_silent_command_can_be_caught() {
    let mut live = Live::start(
        "os.system",
        &["echo 1; echo 2; printf 3; exit 7".into()],
        &system(),
        &EventSources::default(),
    );
    live.until("\"3\"").await;
    live.args.send(vec!["true".into()]).unwrap();
    live.until_caught("has ended and printed nothing").await;
    live.args.send(vec!["echo 4".into()]).unwrap();
    live.until("\"4\"").await;
}

/// Runs an ignored test of this module by itself, in namespaces of its own, which a shell prepares.
fn in_own_namespaces(flags: &[&str], prepare: &str, test: &str) {
    namespaces::run_test(flags, prepare, &format!("{}::{test}", module_path!()));
}

#[test]
fn interfaces_wake_who_looks_at_them() {
    in_own_namespaces(
        &["--user", "--map-root-user", "--net", "--mount"],
        "mount -t sysfs none /sys\nip link set lo up",
        "inside_a_network",
    );
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.unwrap().success(), "ip {arguments}");
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_a_network() {
    let sources = EventSources::default();
    let start = |name, args: &[Value]| Live::start(name, args, &system(), &sources);
    let mut cidr = start("net.interface_cidr", &["lo".into()]);
    let mut other = start("net.interface_cidr", &["v0".into()]);
    let mut macs = start("net.macs", &[]);
    let mut wired = start("net.wired_interface", &[]);
    cidr.until_caught("interface `lo` has no global-unicast IPv4 address")
        .await;
    other.until_caught("could not find interface `v0`").await;
    macs.until("[]").await;
    wired.until_caught("no wired network interface found").await;

    ip("addr add 169.254.1.1/16 dev lo");
    ip("addr add 10.9.8.7/20 dev lo");
    cidr.until("\"10.9.8.7/20\"").await;
    ip("link add v0 address 02:00:00:00:00:0a type veth peer name v1 address 02:00:00:00:00:0b");
    macs.until(r#"["02:00:00:00:00:0b", "02:00:00:00:00:0a"]"#)
        .await;
    wired.until("\"v1\"").await;
    other
        .until_caught("interface `v0` has no global-unicast IPv4 address")
        .await;
    ip("link set v0 up");
    wired.until("\"v0\"").await;
    ip("addr add 192.0.2.1/24 dev v0");
    other.until("\"192.0.2.1/24\"").await;
    ip("link del v0");
    macs.until("[]").await;
    wired.until_caught("no wired network interface found").await;
    other.until_caught("could not find interface `v0`").await;
    ip("addr del 10.9.8.7/20 dev lo");
    cidr.until_caught("interface `lo` has no global-unicast IPv4 address")
        .await;
}

#[test]
fn devices_wake_who_counts_them() {
    in_own_namespaces(
        &["--user", "--map-root-user", "--net"],
        "",
        "inside_where_devices_can_be_told_of",
    );
}

/// Has the kernel say that of a device, to this namespace.
fn tell_of_device(message: &str) {
    const REQUEST: u16 = 1;
    const FIRST_TYPE: u16 = 16;
    let length = 16 + message.len() as u32;
    let mut packet = length.to_ne_bytes().to_vec();
    packet.extend(FIRST_TYPE.to_ne_bytes());
    packet.extend(REQUEST.to_ne_bytes());
    // Neither a number nor a sender.
    packet.extend([0; 8]);
    packet.extend(message.as_bytes());
    let kernel = SocketAddrNetlink::new(0, 0);
    let socket = socket(
        AddressFamily::NETLINK,
        SocketType::RAW,
        Some(KOBJECT_UEVENT),
    )
    .unwrap();
    sendto(socket, &packet, SendFlags::empty(), &kernel).unwrap();
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_where_devices_can_be_told_of() {
    let sources = EventSources::default();
    let mut count = Live::start("sys.cpu_count", &[], &system(), &sources);
    let mut module = Live::start(
        "os.modinfo_loaded",
        &["no such module".into()],
        &system(),
        &sources,
    );
    let online = count.next().await.unwrap();
    assert_eq!(module.next().await.unwrap(), "false");
    for _ in 0..3 {
        tell_of_device(
            "online@/devices/system/cpu/cpu1\0ACTION=online\0DEVPATH=/devices/system/cpu/cpu1\0SUBSYSTEM=cpu\0",
        );
        count.until(&online).await;
        assert!(
            module.results.try_recv().is_err(),
            "a processor is no module"
        );
    }
    tell_of_device("add@/module/loop\0ACTION=add\0DEVPATH=/module/loop\0SUBSYSTEM=module\0");
    module.until("false").await;
    assert!(
        count.results.try_recv().is_err(),
        "a module is no processor"
    );
}

#[test]
fn the_host_name_wakes_who_reads_it() {
    in_own_namespaces(
        &["--user", "--map-root-user", "--uts"],
        "",
        "inside_where_the_host_has_another_name",
    );
}

#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_where_the_host_has_another_name() {
    nix::unistd::sethostname("one").unwrap();
    let mut name = Live::start("sys.hostname", &[], &system(), &EventSources::default());
    name.until("\"one\"").await;
    for next in ["two", "three"] {
        nix::unistd::sethostname(next).unwrap();
        name.until(&format!("{next:?}")).await;
    }
}

#[test]
fn what_can_not_be_watched_ends_the_program() {
    in_own_namespaces(&["--user"], "", "inside_without_permissions");
}

/// The file can be read, but its directory can not, so nobody would tell of changes.
#[tokio::test]
#[ignore = "another test runs it"]
async fn inside_without_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("below");
    fs::create_dir(&below).unwrap();
    let path = below.join("a");
    fs::write(&path, "one").unwrap();
    let permit = |mode| fs::set_permissions(&below, fs::Permissions::from_mode(mode)).unwrap();
    permit(0o111);
    let mut read = Live::start(
        "os.readfile",
        &[text(&path)],
        &system(),
        &EventSources::default(),
    );
    let result = read.next().await;
    permit(0o700);
    let error = result.unwrap_err();
    assert!(!error.catchable, "{error}");
    assert!(
        error.message.starts_with("could not watch file: "),
        "{error}"
    );
}

/// What a device of [`Fwupd`] says of its update.
#[derive(Clone, Default)]
struct Fwupd(Arc<AtomicU32>);

#[zbus::interface(name = "org.freedesktop.fwupd")]
impl Fwupd {
    fn get_devices(&self) -> Vec<HashMap<&str, zbus::zvariant::Value<'_>>> {
        let device = |state: u32| HashMap::from([("UpdateState", state.into())]);
        vec![
            HashMap::new(),
            device(2),
            device(self.0.load(Ordering::Relaxed)),
        ]
    }
}

#[tokio::test]
async fn the_daemon_for_firmware_wakes_who_asks_for_a_reboot() {
    const NAME: &str = "org.freedesktop.fwupd";
    let daemon = PrivateBus::start().await;
    let address = &*daemon.address;
    let system_bus = Bus::new("test bus", address);
    let directory = tempfile::tempdir().unwrap();
    let host: Arc<dyn Host> = Arc::new(RunningHost {
        system: SystemHost::default(),
        files: Arc::new(DiskTree::default()),
        given: Given::default(),
        state_dir: directory.path().into(),
        values: LocalValues::new(directory.path().join("values")),
        responses: HttpResponses::default(),
        world: Arc::new(SoloWorld::new("h1", directory.path().join("world"))),
        system_bus: system_bus.clone(),
    });
    let sources = EventSources {
        system_bus: Some(system_bus),
        ..EventSources::default()
    };
    let mut needed = Live::start("sys/fwupd.reboot_needed", &[], &host, &sources);
    // Nobody knows.
    needed.until("false").await;
    let fwupd = Fwupd::default();
    fwupd.0.store(4, Ordering::Relaxed);
    let service = zbus::connection::Builder::address(address)
        .unwrap()
        .serve_at("/", fwupd.clone())
        .unwrap()
        .name(NAME)
        .unwrap()
        .build()
        .await
        .unwrap();
    needed.until("true").await;
    for (state, expected) in [(3, "false"), (4, "true")] {
        fwupd.0.store(state, Ordering::Relaxed);
        let signal = service.emit_signal(None::<&str>, "/", NAME, "Changed", &());
        signal.await.unwrap();
        needed.until(expected).await;
    }
    // The daemon goes.
    service.close().await.unwrap();
    needed.until("false").await;
}
