//! `pkg` with apt and with PackageKit, and a repository in the host itself.

use std::fs;
use std::sync::OnceLock;

use mgmt_tests::host::Host;

use crate::Test;

pub(crate) const TESTS: &[Test] = &[
    ("pkg::apt_installs_and_removes", || {
        installs_and_removes("apt")
    }),
    ("pkg::apt_installs_the_newest", || {
        installs_the_newest("apt")
    }),
    ("pkg::apt_installs_one_version", || {
        installs_one_version("apt")
    }),
    ("pkg::apt_errors_say_what_to_do", apt_errors_say_what_to_do),
    ("pkg::apt_explains_trouble", || trouble_is_explained("apt")),
    ("pkg::packagekit_explains_trouble", || {
        trouble_is_explained("packagekit")
    }),
    ("pkg::apt_completes_what_was_interrupted", || {
        completes_what_was_interrupted("apt")
    }),
    ("pkg::packagekit_completes_what_was_interrupted", || {
        completes_what_was_interrupted("packagekit")
    }),
    ("pkg::packagekit_installs_and_removes", || {
        installs_and_removes("packagekit")
    }),
    ("pkg::packagekit_installs_the_newest", || {
        installs_the_newest("packagekit")
    }),
    ("pkg::packagekit_installs_one_version", || {
        installs_one_version("packagekit")
    }),
    ("pkg::packagekit_is_preferred", packagekit_is_preferred),
    (
        "pkg::a_package_comes_before_its_service",
        a_package_comes_before_its_service,
    ),
];

/// Makes packages and a repository of them. `deb NAME VERSION [DEPENDS]` makes one, `index` writes the list.
const REPOSITORY: &str = r#"
mkdir -p /srv/repo
cat >/usr/local/bin/deb <<'END'
#!/bin/sh
set -eu
d=$(mktemp -d)
chmod 755 $d
mkdir -p $d/DEBIAN $d/usr/share/$1 $d/usr/lib/systemd/system
echo $2 >$d/usr/share/$1/version
[ $1 != daemon ] || printf '[Service]\nExecStart=/bin/sleep infinity\n' >$d/usr/lib/systemd/system/daemon.service
printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: T <t@example.com>\nDescription: test\n' $1 $2 >$d/DEBIAN/control
[ -z "${3:-}" ] || echo "Depends: $3" >>$d/DEBIAN/control
dpkg-deb --root-owner-group --build $d /srv/repo/$1_$2.deb >/dev/null
rm -r $d
END
cat >/usr/local/bin/index <<'END'
#!/bin/sh
set -eu
cd /srv/repo
for f in *.deb; do
	dpkg-deb -f $f
	echo "Filename: ./$f"
	echo "Size: $(stat -c %s $f)"
	echo "SHA256: $(sha256sum $f | cut -d ' ' -f 1)"
	echo
done >Packages.new
mv Packages.new Packages
END
chmod +x /usr/local/bin/deb /usr/local/bin/index
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list
# PackageKit does nothing as long as there is no way out.
ip address add 192.0.2.1/24 dev lo
ip route add default via 192.0.2.2 dev lo
"#;

fn with_repository(name: &str, backend: &str) -> Host {
    /// The files of the repository, which the first host makes for all.
    static FILES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let host = Host::boot(name).with_variable(&format!("MGMT_PACKAGE_BACKEND={backend}"));
    host.run(REPOSITORY);
    let mut made_here = false;
    let files = FILES.get_or_init(|| {
        made_here = true;
        host.run("deb one 1.0; deb two 1.0; deb three 1.0; deb three 2.0; deb user 1 three; index");
        let files = fs::read_dir(host.path("/srv/repo")).unwrap();
        let files = files.map(|file| file.unwrap());
        files
            .map(|file| {
                let name = file.file_name().into_string().unwrap();
                (name, fs::read(file.path()).unwrap())
            })
            .collect()
    });
    if !made_here {
        for (name, content) in files {
            host.write(&format!("/srv/repo/{name}"), content);
        }
    }
    host
}

fn pkg(names: &[&str], state: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "pkg [{}] {{\n\tstate => \"{state}\",\n\tallowunsupported => true,\n\tallowdowngrade => {},\n\tallowuntrusted => true,\n}}\n",
        names.join(", "),
        state.starts_with(|c: char| c.is_ascii_digit()),
    )
}

/// The version of a package that is installed, or nothing.
fn version(host: &Host, name: &str) -> String {
    host.run(&format!("dpkg-query -W -f '${{db:Status-Status}} ${{Version}}' {name} 2>/dev/null | sed -n 's/^installed //p'"))
}

fn installs_and_removes(backend: &str) {
    let host = with_repository("installs", backend);
    host.save(&pkg(&["one", "two"], "installed"));
    host.run("mgmt run --tmp-prefix --noop --converged-timeout=0 site.mcl");
    assert_eq!(version(&host, "one"), "");

    let log = host.converge(&pkg(&["one", "two"], "installed"));
    assert!(
        log.contains("pkg[one]: installed") && log.contains("pkg[two]: installed"),
        "{log}"
    );
    assert_eq!(
        (version(&host, "one"), version(&host, "two")),
        ("1.0".to_owned(), "1.0".to_owned())
    );
    let log = host.converge(&pkg(&["one", "two"], "installed"));
    assert!(!log.contains(": installed"), "{log}");

    // Somebody removes one of them.
    let agent = host.agent(
        &pkg(&["one", "two"], "installed"),
        &["--converger-timeout=0"],
    );
    agent.wait_for_log("converged for");
    host.run("dpkg --remove one");
    host.wait_until("dpkg-query -W -f '${db:Status-Status}' one | grep -qx installed");
    host.stop(agent);

    host.converge(&pkg(&["user"], "installed"));
    assert_eq!(version(&host, "three"), "2.0", "with what it depends on");
    let log = host.converge(&pkg(&["one", "three", "unheard-of"], "uninstalled"));
    assert!(
        log.contains("what depends on it is removed, too: user"),
        "{log}"
    );
    assert_eq!(version(&host, "one"), "");
    assert_eq!(version(&host, "three"), "");
    assert_eq!(version(&host, "two"), "1.0");
    let log = host.converge(&pkg(&["one", "three", "unheard-of"], "uninstalled"));
    assert!(!log.contains(": removed"), "{log}");
}

fn installs_the_newest(backend: &str) {
    let host = with_repository("newest", backend);
    host.converge(&pkg(&["one", "two"], "newest"));
    assert_eq!(version(&host, "one"), "1.0");
    host.run("deb one 1.1; index; apt-get update -qq");
    let log = host.converge(&pkg(&["one", "two"], "installed"));
    assert!(!log.contains("pkg["), "{log}");
    assert_eq!(version(&host, "one"), "1.0");
    let log = host.converge(&pkg(&["one", "two"], "newest"));
    assert!(
        log.contains("pkg[one]: upgraded") && !log.contains("pkg[two]: "),
        "{log}"
    );
    assert_eq!(version(&host, "one"), "1.1");
    let log = host.converge(&pkg(&["one", "two"], "newest"));
    assert!(!log.contains("pkg[one]: "), "{log}");
}

fn installs_one_version(backend: &str) {
    let host = with_repository("version", backend);
    host.converge(&pkg(&["three"], "1.0"));
    assert_eq!(version(&host, "three"), "1.0");
    host.converge(&pkg(&["three"], "2.0"));
    assert_eq!(version(&host, "three"), "2.0");
    // The machine's own file says so.
    assert_eq!(host.run("cat /usr/share/three/version"), "2.0");
    let downgrade = pkg(&["three"], "1.0");
    let agent = host.agent(
        &downgrade.replace("allowdowngrade => true", "allowdowngrade => false"),
        &[],
    );
    agent.wait_for_log("`allowdowngrade => true` permits going back");
    host.stop(agent);
    host.converge(&downgrade);
    assert_eq!(version(&host, "three"), "1.0");
}

fn apt_errors_say_what_to_do() {
    let host = with_repository("errors", "apt");
    let fails = |program: &str, text: &str| {
        let agent = host.agent(program, &[]);
        agent.wait_for_log(text);
        host.stop(agent);
    };
    fails(
        &pkg(&["one", "unheard-of"], "installed"),
        "no repository has the package `unheard-of`",
    );
    fails(
        &pkg(&["three"], "3.0"),
        "no repository has version 3.0 of the package `three`",
    );
    host.run("echo 'deb [allow-insecure=yes] file:/srv/repo ./' >/etc/apt/sources.list; apt-get update -qq");
    let untrusted =
        pkg(&["one"], "installed").replace("allowuntrusted => true", "allowuntrusted => false");
    fails(&untrusted, "`allowuntrusted => true` permits it");
    assert_eq!(version(&host, "one"), "");
    host.converge(&pkg(&["one"], "installed"));
    assert_eq!(version(&host, "one"), "1.0");
}

/// Packages that make trouble, as a shell script: `trouble NAME FIELDS [POSTINST]` makes one.
const TROUBLE: &str = r#"
trouble() {
	d=$(mktemp -d); chmod 755 $d; mkdir $d/DEBIAN
	printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.com>\nDescription: test\n%b' "$1" "$2" >$d/DEBIAN/control
	[ -z "${3:-}" ] || { printf '#!/bin/sh\n%s\n' "$3" >$d/DEBIAN/postinst; chmod 755 $d/DEBIAN/postinst; }
	dpkg-deb --root-owner-group --build $d /srv/repo/$1_1.deb >/dev/null
}
trouble enemy 'Conflicts: one\n'
trouble lacks 'Depends: unheard-of\n'
trouble fails '' 'exit 3'
trouble provider 'Provides: virtual\n'
index; apt-get update -qq; apt-get install -y -qq one three=1.0; apt-mark hold three
"#;

fn trouble_is_explained(backend: &str) {
    let host = with_repository("trouble", backend);
    host.run(TROUBLE);
    let held = "can't install three: three is held back; `apt-mark unhold three` permits it";
    let cases = [
        (
            "enemy",
            "installed",
            "that would remove one, which nobody has asked for",
        ),
        (
            "lacks",
            "installed",
            "Depends: unheard-of but it is not installable",
        ),
        (
            "fails",
            "installed",
            "post-installation script subprocess returned error exit status 3",
        ),
        (
            "virtual",
            "installed",
            "it is virtual, and provided by provider: name one of those",
        ),
        // PackageKit does not see the newer version then, which is as good.
        ("three", "newest", held),
    ];
    let cases: Vec<_> = cases
        .into_iter()
        .filter(|(name, ..)| backend == "apt" || *name != "three")
        .collect();
    // One at a time: a transaction that fails takes its group with it.
    let program: String = cases
        .iter()
        .map(|(name, state, _)| {
            pkg(&[name], state).replace("\tstate", "\tMeta:autogroup => false,\n\tstate")
        })
        .collect();
    let agent = host.agent(&program, &[]);
    for (_, _, text) in &cases {
        agent.wait_for_log(text);
    }
    host.stop(agent);
    let agent = host.agent(&pkg(&["three"], "uninstalled"), &[]);
    agent.wait_for_log(&held.replace("install", "remove"));
    assert_eq!(version(&host, "one"), "1.0");
    assert_eq!(version(&host, "three"), "1.0");
}

/// The machine went down in the middle of an installation.
fn completes_what_was_interrupted(backend: &str) {
    let host = with_repository("interrupted", backend);
    host.run("dpkg --unpack /srv/repo/two_1.0.deb");
    // What dpkg leaves when it is killed.
    host.run("mkdir -p /var/lib/dpkg/updates; sed -n '/^Package: two$/,/^$/p' /var/lib/dpkg/status >/var/lib/dpkg/updates/0000");
    host.converge(&pkg(&["one"], "installed"));
    assert_eq!(
        (version(&host, "one"), version(&host, "two")),
        ("1.0".to_owned(), "1.0".to_owned())
    );
}

fn packagekit_is_preferred() {
    let host = with_repository("prefers", "apt");
    let log = host.run("unset MGMT_PACKAGE_BACKEND; cat >/root/a.mcl <<'END'\npkg \"one\" {\n\tallowunsupported => true,\n\tallowuntrusted => true,\n}\nEND\nmgmt run --tmp-prefix --converged-timeout=0 a.mcl 2>&1");
    assert_eq!(version(&host, "one"), "1.0", "{log}");
    assert_eq!(host.run("systemctl is-active packagekit"), "active");
}

fn a_package_comes_before_its_service() {
    let host = with_repository("service", "apt");
    host.run("deb daemon 1; index; apt-get update -qq; apt-get install -y -qq daemon");
    let program = "svc \"daemon\" {\n\tstate => \"running\",\n}\npkg \"daemon\" {\n\tstate => \"installed\",\n}\n";
    let agent = host.agent(program, &[]);
    host.wait_until("systemctl is-active daemon");
    agent.wait_for_log("Vertices(2), Edges(1)");
}
