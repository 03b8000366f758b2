//! The database of dpkg.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// Where the packages stand.
pub(super) const STATUS: &str = "/var/lib/dpkg/status";

/// Where dpkg notes what it is at.
const UPDATES: &str = "/var/lib/dpkg/updates";

/// What whoever works with dpkg locks.
const LOCKS: [&str; 2] = ["/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"];

/// Whether dpkg was interrupted at something, and nobody is at it. It blocks.
pub(super) fn is_interrupted() -> bool {
    let names = fs::read_dir(UPDATES).into_iter().flatten().flatten();
    let mut names = names.map(|entry| entry.file_name());
    let is_number = |name: OsString| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    names.any(is_number) && !LOCKS.iter().any(|path| is_locked(path))
}

/// Whether another process has locked a file.
fn is_locked(path: &str) -> bool {
    let (Ok(file), Ok(kind), Ok(whence), Ok(unlocked)) = (
        File::options().write(true).open(path),
        i16::try_from(libc::F_WRLCK),
        i16::try_from(libc::SEEK_SET),
        i16::try_from(libc::F_UNLCK),
    ) else {
        return false;
    };
    let mut lock = libc::flock {
        l_type: kind,
        l_whence: whence,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_GETLK(&mut lock)).is_ok() && lock.l_type != unlocked
}

/// The installed packages with their versions: by `name:architecture`, and by name if they are of the
/// machine's architecture or of none.
pub(super) fn installed(status: &str) -> HashMap<String, String> {
    let entries: Vec<_> = status.split("\n\n").filter_map(Entry::parse).collect();
    // dpkg itself is of the machine's architecture.
    let dpkg = entries.iter().find(|entry| entry.package == "dpkg");
    let native = dpkg.map_or("", |entry| entry.architecture);
    let mut installed = HashMap::new();
    for entry in &entries {
        let qualified = format!("{}:{}", entry.package, entry.architecture);
        installed.insert(qualified, entry.version.to_owned());
        if entry.architecture == native || entry.architecture == "all" {
            installed.insert(entry.package.to_owned(), entry.version.to_owned());
        }
    }
    installed
}

/// Those installed packages, by their names, that the administrator has told to stay as they are.
pub(super) fn held(status: &str) -> BTreeSet<String> {
    let entries = status.split("\n\n").filter_map(Entry::parse);
    let held = entries.filter(|entry| entry.held);
    held.map(|entry| entry.package.to_owned()).collect()
}

struct Entry<'a> {
    package: &'a str,
    version: &'a str,
    architecture: &'a str,
    held: bool,
}

impl<'a> Entry<'a> {
    /// An entry of an installed package.
    fn parse(text: &'a str) -> Option<Self> {
        let field = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let status = field("Status")?;
        status.ends_with(" installed").then_some(())?;
        Some(Self {
            package: field("Package")?,
            version: field("Version")?,
            architecture: field("Architecture")?,
            held: status.starts_with("hold "),
        })
    }
}

/// The files that an installed package ships, without the directories above them; nothing if it is not
/// installed by dpkg. Where `/lib` is `/usr/lib`, both spellings are given. It blocks.
pub(super) fn files(package: &str) -> Vec<String> {
    let info = |name: &str| fs::read_to_string(format!("/var/lib/dpkg/info/{name}.list"));
    let list = info(package).or_else(|_| {
        // One that can be installed for several architectures has them in its name.
        let status = fs::read_to_string(STATUS)?;
        let qualified = installed(&status)
            .into_keys()
            .find(|key| key.split_once(':').is_some_and(|(name, _)| name == package));
        info(&qualified.unwrap_or_default())
    });
    leaves(&list.unwrap_or_default())
}

fn leaves(list: &str) -> Vec<String> {
    let paths: Vec<_> = list.lines().filter(|path| path.starts_with('/')).collect();
    let parents: HashSet<_> = paths
        .iter()
        .filter_map(|path| Some(path.rsplit_once('/')?.0))
        .collect();
    let leaves = paths
        .into_iter()
        .filter(|path| !parents.contains(path) && *path != "/.");
    leaves.flat_map(spellings).collect()
}

/// A path under the names that it has if `/lib` and the like lead into `/usr`.
fn spellings(path: &str) -> Vec<String> {
    const MERGED: [&str; 4] = ["/bin/", "/lib/", "/lib64/", "/sbin/"];
    let merged = |path: &str| MERGED.iter().any(|prefix| path.starts_with(prefix));
    let mut all = vec![path.to_owned()];
    match path.strip_prefix("/usr") {
        Some(short) if merged(short) => all.push(short.to_owned()),
        None if merged(path) => all.push(format!("/usr{path}")),
        _ => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_but_configured_is_not_installed() {
        let entry = |package: &str, status: &str, architecture: &str, version: &str| {
            format!(
                "Package: {package}\nStatus: install ok {status}\nArchitecture: {architecture}\nVersion: {version}\nDescription: x\n Version: 0\n"
            )
        };
        let status = [
            entry("dpkg", "installed", "amd64", "1.21"),
            entry("gone", "config-files", "amd64", "1"),
            entry("libc6", "installed", "amd64", "2.36-9"),
            entry("libc6", "installed", "i386", "2.36-8"),
            entry("foreign", "installed", "i386", "1:1"),
            entry("tzdata", "installed", "all", "2026a"),
        ]
        .join("\n");
        let installed = installed(&status);
        let version = |name: &str| installed.get(name).map(String::as_str);
        assert_eq!(version("libc6"), Some("2.36-9"));
        assert_eq!(version("libc6:i386"), Some("2.36-8"));
        assert_eq!(version("tzdata"), Some("2026a"));
        assert_eq!(version("foreign"), None);
        assert_eq!(version("foreign:i386"), Some("1:1"));
        assert_eq!(version("gone"), None);
    }

    #[test]
    fn only_what_is_installed_is_held() {
        let entry = |package: &str, status: &str| {
            format!("Package: {package}\nStatus: {status}\nArchitecture: all\nVersion: 1\n")
        };
        let status = [
            entry("kept", "hold ok installed"),
            entry("free", "install ok installed"),
            entry("gone", "hold ok config-files"),
        ]
        .join("\n");
        assert_eq!(held(&status), BTreeSet::from(["kept".to_owned()]));
        assert!(held("").is_empty());
    }

    #[test]
    fn files_have_both_spellings_and_directories_none() {
        let list = "/.\n/lib\n/lib/systemd\n/lib/systemd/a.service\n/etc\n/etc/a\n/usr\n/usr/bin\n/usr/bin/a\n";
        assert_eq!(
            leaves(list),
            [
                "/lib/systemd/a.service",
                "/usr/lib/systemd/a.service",
                "/etc/a",
                "/usr/bin/a",
                "/bin/a"
            ]
        );
    }
}
