//! Packages through apt and dpkg themselves (resources-host.md §5.12).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use mgmt_stdlib::resources::pkg::{Pkg, State};
use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::dpkg;
use super::item::{Change, Found, Item, PkgError};
use crate::process::{Captured, Command, Program, Runner, find_program};
use crate::resource::{ResourceError, Services};

/// Lists that are older are fetched before something is installed.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// How apt is to behave where nobody can answer.
const OPTIONS: [&str; 6] = [
    "-y",
    "-q",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "DPkg::Lock::Timeout=60",
];

/// apt and dpkg on this machine.
#[derive(Clone, Copy)]
pub(super) struct Apt<'a> {
    pub(super) services: &'a Services,
    pub(super) runner: &'a Runner,
    pub(super) cancel: &'a CancellationToken,
}

impl Apt<'_> {
    pub(super) async fn look(&self, items: &[Item<'_>]) -> Result<Vec<Found>, ResourceError> {
        let read = || {
            let path = Path::new(dpkg::STATUS);
            let status = fs::read(path).map_err(ResourceError::path("read", path))?;
            Ok(dpkg::installed(&String::from_utf8_lossy(&status)))
        };
        let installed = self.services.blocking.run(read).await?;
        let newest = items
            .iter()
            .filter(|item| item.params.wanted_state() == State::Newest)
            .map(|item| item.name);
        let candidates = self.candidates(newest).await?;
        Ok(items
            .iter()
            .map(|item| {
                let installed = installed.get(item.name).cloned();
                let candidate = candidates.get(item.name);
                Found {
                    newer: candidate
                        .filter(|version| installed.as_ref() != Some(version))
                        .cloned(),
                    installed,
                }
            })
            .collect())
    }

    pub(super) async fn change(
        &self,
        params: &Pkg,
        due: &[(&Item<'_>, Change)],
    ) -> Result<(), ResourceError> {
        let names = due.iter().map(|(item, _)| item.name);
        if due.iter().all(|(_, change)| *change == Change::Remove) {
            return self.remove(names.map(str::to_owned).collect()).await;
        }
        let stale = self.must_update(names).await? && !self.update().await?;
        let candidates = self
            .candidates(due.iter().map(|(item, _)| item.name))
            .await?;
        let mut words = Vec::new();
        for (item, change) in due {
            if !candidates.contains_key(item.name) {
                let providers = self.providers(item.name).await?;
                return Err(PkgError::not_found(item.name, &providers, stale).into());
            }
            words.push(match change {
                Change::InstallVersion(version) => format!("{}={version}", item.name),
                Change::Install | Change::Upgrade | Change::Remove => item.name.to_owned(),
            });
        }
        self.install(params, words).await
    }

    async fn install(&self, params: &Pkg, words: Vec<String>) -> Result<(), ResourceError> {
        let mut arguments = vec!["install", "--no-remove"];
        if params.allowdowngrade {
            arguments.push("--allow-downgrades");
        }
        if params.allowuntrusted {
            arguments.push("--allow-unauthenticated");
        }
        let operation = format!("install {}", words.join(", "));
        // Only what is interrupted while it fetches leaves everything as it was.
        for stage in [Some("--download-only"), None] {
            let arguments = arguments.iter().copied().chain(stage);
            let arguments = arguments.chain(words.iter().map(String::as_str));
            let fetching = stage.is_some();
            let output = self.apt_get(arguments, fetching).await?;
            if !output.status.success() {
                return Err(self.explain(&output, &operation, &words).into());
            }
        }
        Ok(())
    }

    async fn remove(&self, names: Vec<String>) -> Result<(), ResourceError> {
        let names = || names.iter().map(String::as_str);
        let simulated = self
            .apt_get(["remove", "--simulate"].into_iter().chain(names()), true)
            .await?;
        let along: Vec<_> = text(&simulated.stdout)
            .lines()
            .filter_map(|line| Some(line.strip_prefix("Remv ")?.split(' ').next()?.to_owned()))
            .filter(|removed| names().all(|name| name != removed))
            .collect();
        if !along.is_empty() {
            tracing::info!("what depends on it is removed, too: {}", along.join(", "));
        }
        let output = self
            .apt_get(["remove"].into_iter().chain(names()), false)
            .await?;
        if output.status.success() {
            return Ok(());
        }
        let words: Vec<_> = names().map(str::to_owned).collect();
        let operation = format!("remove {}", words.join(", "));
        Err(self.explain(&output, &operation, &words).into())
    }

    fn explain(&self, output: &Captured, operation: &str, words: &[String]) -> PkgError {
        let stderr = text(&output.stderr);
        if stderr.contains("--allow-downgrades") {
            return PkgError::Downgrade(words.join(", "));
        }
        if stderr.contains("--allow-unauthenticated") || stderr.contains("unauthenticated packages")
        {
            return PkgError::Untrusted(words.join(", "));
        }
        for word in words {
            if let Some((name, version)) = word.split_once('=')
                && stderr.contains(&format!("Version '{version}' for '{name}' was not found"))
            {
                let (name, version) = (name.to_owned(), version.to_owned());
                return PkgError::NoVersion { name, version };
            }
        }
        let stdout = text(&output.stdout);
        let operation = operation.to_owned();
        if stderr.contains("remove is disabled") {
            let others = section(&stdout, "The following packages will be REMOVED:");
            let others = others.join(" ").replace(' ', ", ");
            return PkgError::WouldRemove { operation, others };
        }
        if stderr.contains("--allow-change-held-packages") {
            let held = section(&stdout, "The following held packages will be changed:");
            let packages = held.join(" ");
            return PkgError::Held {
                operation,
                packages,
            };
        }
        PkgError::Failed {
            operation,
            details: complaints(&stdout, &stderr),
        }
    }

    /// Those of the packages that are held back; none on a machine without dpkg.
    pub(super) async fn held<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Vec<&'n str>, ResourceError> {
        let read = || match fs::read(dpkg::STATUS) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
            Err(error) => Err(ResourceError::path("read", Path::new(dpkg::STATUS))(error)),
            Ok(status) => Ok(dpkg::held(&String::from_utf8_lossy(&status))),
        };
        let held = self.services.blocking.run(read).await?;
        let names: BTreeSet<_> = names.filter(|name| held.contains(*name)).collect();
        Ok(names.into_iter().collect())
    }

    /// Completes what dpkg was interrupted at; nothing can be installed before.
    pub(super) async fn complete_interrupted(&self) -> Result<(), ResourceError> {
        let interrupted = self.services.blocking.run(|| Ok(dpkg::is_interrupted()));
        if !interrupted.await? || find_program("dpkg", &self.services.search_path).is_none() {
            return Ok(());
        }
        tracing::warn!("dpkg was interrupted; completing its work");
        let configure = ["--configure", "-a", "--force-confold"].map(str::to_owned);
        let output = self.run("dpkg", &configure, false).await?;
        if !output.status.success() {
            // Somebody else may be at it. If it matters, what comes next fails, too.
            let said = text(&output.stderr);
            tracing::warn!("`dpkg --configure -a` has failed: {}", said.trim());
        }
        Ok(())
    }

    /// The packages that provide a virtual one.
    pub(super) async fn providers(&self, name: &str) -> Result<Vec<String>, ResourceError> {
        if find_program("apt-cache", &self.services.search_path).is_none() {
            return Ok(Vec::new());
        }
        let arguments = ["showpkg".to_owned(), name.to_owned()];
        let output = self.run("apt-cache", &arguments, true).await?;
        Ok(reverse_provides(&text(&output.stdout)))
    }

    /// Whether what apt knows of the repositories is old, or too little.
    async fn must_update(&self, names: impl Iterator<Item = &str>) -> Result<bool, ResourceError> {
        let names: Vec<_> = names.collect();
        let known = self.candidates(names.iter().copied()).await?;
        if names.iter().any(|name| !known.contains_key(*name)) {
            return Ok(true);
        }
        let age = || {
            let fetched = ["/var/lib/apt/lists", "/var/lib/apt/lists/partial"]
                .iter()
                .filter_map(|path| {
                    fs::metadata(path)
                        .and_then(|metadata| metadata.modified())
                        .ok()
                });
            Ok(fetched.max())
        };
        let fetched = self.services.blocking.run(age).await?;
        let age = fetched.and_then(|at| SystemTime::now().duration_since(at).ok());
        Ok(age.is_none_or(|age| age > FRESH))
    }

    /// Fetches the lists of packages; gives whether that went well.
    async fn update(&self) -> Result<bool, ResourceError> {
        let output = self.apt_get(["update"].into_iter(), true).await?;
        let success = output.status.success();
        if !success {
            // A repository that is away is no harm if the others have all that is wanted.
            tracing::warn!(
                "`apt-get update` has failed: {}",
                text(&output.stderr).trim()
            );
        }
        Ok(success)
    }

    /// The version that would be installed, for those packages that some repository has.
    async fn candidates(
        &self,
        names: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, String>, ResourceError> {
        let mut arguments = vec!["policy".to_owned()];
        arguments.extend(names.map(str::to_owned));
        if arguments.len() == 1 {
            return Ok(HashMap::new());
        }
        let output = self.run("apt-cache", &arguments, true).await?;
        Ok(parse_policy(&text(&output.stdout)))
    }

    async fn apt_get<'w>(
        &self,
        words: impl Iterator<Item = &'w str>,
        stoppable: bool,
    ) -> Result<Captured, ResourceError> {
        let arguments: Vec<_> = OPTIONS
            .into_iter()
            .chain(words)
            .map(str::to_owned)
            .collect();
        self.run("apt-get", &arguments, stoppable).await
    }

    /// Runs a program; one that must not be stopped half-way goes on when the check is cancelled.
    async fn run(
        &self,
        program: &str,
        arguments: &[String],
        stoppable: bool,
    ) -> Result<Captured, ResourceError> {
        let search = &self.services.search_path;
        let env = [
            ("PATH", search.to_string_lossy().into_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
            ("APT_LISTCHANGES_FRONTEND", "none".to_owned()),
            ("NEEDRESTART_SUSPEND", "1".to_owned()),
        ];
        let command = Command {
            program: Program::with_args(program, arguments, search),
            env: env
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            directory: None,
            identity: None,
            stop: Signal::SIGTERM,
        };
        let never = CancellationToken::new();
        let cancel = if stoppable { self.cancel } else { &never };
        self.runner.run(&command, cancel).await
    }
}

fn text(bytes: &Option<Vec<u8>>) -> String {
    String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
}

/// The indented lines that follow a headline of apt.
fn section<'t>(text: &'t str, headline: &str) -> Vec<&'t str> {
    let lines = text.lines().skip_while(|line| *line != headline).skip(1);
    lines
        .take_while(|line| line.starts_with(' '))
        .map(str::trim)
        .collect()
}

/// What apt and dpkg complain of; where they tell a reason, without the consequences.
fn complaints(stdout: &str, stderr: &str) -> String {
    let unmet = section(stdout, "The following packages have unmet dependencies:");
    if !unmet.is_empty() {
        return unmet.join("; ");
    }
    // apt gives dpkg a terminal for both streams.
    let mut lines = stdout.lines().chain(stderr.lines());
    let mut failed = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(package) = line.strip_prefix("dpkg: error processing ") {
            let reason = lines.next().unwrap_or_default();
            failed.push(format!("{package} {}", reason.trim()));
        }
    }
    if !failed.is_empty() {
        return format!("{}; see `/var/log/apt/term.log`", failed.join("; "));
    }
    let errors: Vec<_> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("E: "))
        .collect();
    if errors.is_empty() {
        stderr.trim().to_owned()
    } else {
        errors.join("; ")
    }
}

/// What `apt-cache showpkg` says at its end: a name and a version on each line.
fn reverse_provides(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Reverse Provides:"))
        .skip(1);
    let names = lines.filter_map(|line| line.split(' ').next());
    let names: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// What `apt-cache policy` says: a block for each package, whose name stands alone.
fn parse_policy(text: &str) -> HashMap<String, String> {
    let mut candidates = HashMap::new();
    let mut name = "";
    for line in text.lines() {
        if let Some(version) = line.trim_start().strip_prefix("Candidate: ") {
            if version != "(none)" {
                candidates.insert(name.to_owned(), version.to_owned());
            }
        } else if !line.starts_with(' ') {
            name = line.trim_end_matches(':');
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_told_rather_than_its_consequences() {
        let stdout = "Reading package lists...\nThe following packages have unmet dependencies:\n a : Depends: b but it is not installable\n     Depends: c (>= 2)\nE: x\n";
        let stderr = "E: Unable to correct problems, you have held broken packages.\n";
        assert_eq!(
            complaints(stdout, stderr),
            "a : Depends: b but it is not installable; Depends: c (>= 2)"
        );
        let stderr = "oops\ndpkg: error processing package a (--configure):\n installed a package post-installation script subprocess returned error exit status 3\nErrors were encountered while processing:\n a\n";
        assert_eq!(
            complaints(
                stderr,
                "E: Sub-process /usr/bin/dpkg returned an error code (1)\n"
            ),
            "package a (--configure): installed a package post-installation script subprocess returned error exit status 3; see `/var/log/apt/term.log`"
        );
        assert_eq!(complaints("", "W: w\nE: e\n"), "e");
        assert_eq!(complaints("", "strange\n"), "strange");
    }

    #[test]
    fn providers_stand_at_the_end() {
        let text = "Package: virt\nVersions: \n\nReverse Depends: \n  x,virt\nDependencies: \nProvides: \nReverse Provides: \nb 2 (= )\na 1 (= )\na 1 (= )\n";
        assert_eq!(reverse_provides(text), ["a", "b"]);
    }

    #[test]
    fn policies_have_candidates() {
        let text = "a:\n  Installed: 1.0\n  Candidate: 1:1.1-2\n  Version table:\n     1:1.1-2 500\n\
                    virtual:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n\
                    b:i386:\n  Installed: (none)\n  Candidate: 2\n";
        let expected = [("a", "1:1.1-2"), ("b:i386", "2")];
        let expected = expected.map(|(name, version)| (name.to_owned(), version.to_owned()));
        assert_eq!(parse_policy(text), HashMap::from(expected));
    }
}
