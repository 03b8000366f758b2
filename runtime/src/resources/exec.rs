//! `exec` is woken by its watch command and by changes of the paths it names. It compares nothing itself:
//! guards, paths and times decide whether the command is run. What it changes is the command's affair;
//! what the command wrote is kept, so that it can be sent after a restart.
//!
//! What the command writes is logged only at the debug level, or if it fails, and then not all of it: it may
//! be secret. The environment is never logged.

mod cache;
mod watch;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use mgmt_stdlib::resource::Params as _;
use mgmt_stdlib::resources::exec as declared;
use mgmt_stdlib::value::Str;
use nix::sys::signal::Signal;

use crate::process::{Captured, Command, Identity, Program, Runner};
use crate::resource::{
    Change, CheckContext, Frequency, InitContext, OFTEN, Outcome, Reach, Resource, ResourceError,
    Scope, Services, WatchContext,
};
use cache::Cache;

/// How much of a failed command's output is logged.
const LOGGED: usize = 4096;

/// See [`declared::Exec`].
pub(super) struct Exec {
    name: String,
    runner: Runner,
    /// A command that is run often may wake itself.
    runs: Frequency,
}

/// One of the five commands as declared.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    args: &'a [String],
    shell: &'a str,
    directory: &'a str,
}

/// Whether the command has to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Run,
    Skip,
}

#[async_trait]
impl Resource for Exec {
    type Params = declared::Exec;

    fn new(name: &str, _params: &declared::Exec) -> Self {
        Self {
            name: name.to_owned(),
            runner: Runner::default(),
            runs: Frequency::new(),
        }
    }

    fn managed_paths(_name: &str, params: &declared::Exec) -> Vec<String> {
        // Whatever the command creates is the command's affair, but purging it would run the command again.
        [&params.creates]
            .into_iter()
            .filter(|path| !path.is_empty())
            .cloned()
            .collect()
    }

    fn reach(_name: &str, params: &declared::Exec) -> Reach {
        let guarded = !params.ifcmd.is_empty() || !params.nifcmd.is_empty();
        let paths = params.mtimes.iter().chain([&params.creates]);
        let paths = paths.filter(|path| !path.is_empty()).cloned().collect();
        Reach {
            reads: if guarded {
                Scope::Anything
            } else {
                Scope::Paths(paths)
            },
            writes: Scope::Anything,
        }
    }

    fn private_params(_params: &declared::Exec) -> Vec<&'static str> {
        // The usual way to hand a password to a program.
        vec!["env"]
    }

    async fn init(
        &self,
        params: &declared::Exec,
        _context: &InitContext,
    ) -> Result<(), ResourceError> {
        for (companion, command) in params.idle_companions() {
            let (kind, name) = (params.kind(), &self.name);
            tracing::warn!(kind, name, "`{companion}` does nothing without `{command}`");
        }
        Ok(())
    }

    async fn watch(
        &self,
        params: &declared::Exec,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        watch::watch(self, params, context).await
    }

    fn must_rewatch(&self, old: &declared::Exec, new: &declared::Exec) -> bool {
        watch::sources(old) != watch::sources(new)
    }

    async fn check_apply(
        &self,
        params: &declared::Exec,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let cache = Cache::new(context.vardir()?);
        let cached = {
            let cache = cache.clone();
            let services = &context.services;
            services.blocking.run(move || cache.read()).await?
        };
        if self.verdict(params, context, &cache).await? == Verdict::Skip {
            context.send(cached.or(params).into_values());
            return Ok(Outcome::Unchanged);
        }
        let command = params.command(&self.name);
        context.report(|| Change::Step(format!("run `{command}`")));
        if !context.apply() {
            context.send(cached.into_values());
            return Ok(Outcome::Changed);
        }
        let captured = self.run_main(params, context).await?;
        let stamp = !params.mtimes.is_empty();
        let kept = cache::Kept::from(captured);
        let write = {
            let (kept, writer) = (kept.clone(), context.services.writer.clone());
            move || cache.write(&writer, &kept, stamp)
        };
        context.services.blocking.run(write).await?;
        context.send(kept.into_values());
        Ok(Outcome::Changed)
    }

    fn interrupt(&self) {
        self.runner.interrupt();
    }
}

impl Exec {
    /// Asks the guards.
    async fn verdict(
        &self,
        params: &declared::Exec,
        context: &CheckContext,
        cache: &Cache,
    ) -> Result<Verdict, ResourceError> {
        if params.refresh_only && !context.refresh() {
            return Ok(Verdict::Skip);
        }
        if !params.mtimes.is_empty() {
            let (paths, stamp) = (params.mtimes.clone(), cache.stamp());
            let newer = move || any_newer(&paths, &stamp);
            if context.services.blocking.run(newer).await? {
                return Ok(Verdict::Run);
            }
        }
        if !params.ifcmd.is_empty() {
            let captured = self.run(params, ifcmd(params), context).await?;
            let equals = |wanted: &Option<Str>, have: &Option<Vec<u8>>| {
                let have = have.as_deref().unwrap_or_default();
                wanted
                    .as_ref()
                    .is_some_and(|wanted| wanted.as_bytes() == have)
            };
            if !captured.status.success()
                || equals(&params.ifequals, &captured.output)
                || equals(&params.ifequals_stdout, &captured.stdout)
            {
                return Ok(Verdict::Skip);
            }
        }
        if !params.nifcmd.is_empty() {
            let captured = self.run(params, nifcmd(params), context).await?;
            if captured.status.success() {
                return Ok(Verdict::Skip);
            }
        }
        if !params.creates.is_empty() {
            let path = PathBuf::from(&params.creates);
            let examine = move || Ok(fs::metadata(path).is_ok());
            if context.services.blocking.run(examine).await? {
                return Ok(Verdict::Skip);
            }
        }
        Ok(Verdict::Run)
    }

    /// The command itself, and what is to be done after it.
    async fn run_main(
        &self,
        params: &declared::Exec,
        context: &CheckContext,
    ) -> Result<Captured, ResourceError> {
        self.warn_if_busy(params);
        let captured = self.run(params, self.main(params), context).await?;
        expect_success(&captured, "the command")?;
        if captured.truncated {
            tracing::warn!("the command wrote more than is kept; the rest is lost");
        }
        tracing::info!("ran the command");
        if !params.donecmd.is_empty() {
            let done = self.run(params, donecmd(params), context).await?;
            expect_success(&done, "`donecmd`")?;
        }
        Ok(captured)
    }

    async fn run(
        &self,
        params: &declared::Exec,
        part: Part<'_>,
        context: &CheckContext,
    ) -> Result<Captured, ResourceError> {
        let command = command(params, part, &context.services).await?;
        let captured = self.runner.run(&command, context.token()).await?;
        let output = captured.output.as_deref().unwrap_or_default();
        let end = &output[output.len().saturating_sub(LOGGED)..];
        tracing::debug!(
            "{} ended: {}; output: {}",
            command.program,
            captured.status,
            String::from_utf8_lossy(end).trim_end()
        );
        Ok(captured)
    }

    fn main<'a>(&'a self, params: &'a declared::Exec) -> Part<'a> {
        Part {
            text: params.command(&self.name),
            args: &params.args,
            shell: &params.shell,
            directory: &params.cwd,
        }
    }

    fn warn_if_busy(&self, params: &declared::Exec) {
        if !watch::sources(params).is_empty() && self.runs.is_often() {
            tracing::warn!(
                "the command ran more than {OFTEN} times in a minute: does it change what it watches?"
            );
        }
    }
}

fn ifcmd(params: &declared::Exec) -> Part<'_> {
    part(&params.ifcmd, &params.ifshell, &params.ifcwd)
}

fn nifcmd(params: &declared::Exec) -> Part<'_> {
    part(&params.nifcmd, &params.nifshell, &params.nifcwd)
}

fn donecmd(params: &declared::Exec) -> Part<'_> {
    part(&params.donecmd, &params.doneshell, &params.donecwd)
}

fn part<'a>(text: &'a str, shell: &'a str, directory: &'a str) -> Part<'a> {
    Part {
        text,
        args: &[],
        shell,
        directory,
    }
}

/// A command, ready to run.
async fn command(
    params: &declared::Exec,
    part: Part<'_>,
    services: &Services,
) -> Result<Command, ResourceError> {
    let identity = if params.user.is_empty() && params.group.is_empty() {
        None
    } else {
        let (user, group) = (params.user.clone(), params.group.clone());
        let look_up = move || Identity::new(&user, &group);
        services.blocking.run(look_up).await?
    };
    Ok(Command {
        program: program(part, &services.search_path),
        env: params.env.clone(),
        directory: (!part.directory.is_empty()).then(|| PathBuf::from(part.directory)),
        identity,
        stop: Signal::from_str(&params.sig).unwrap_or(Signal::SIGTERM),
    })
}

fn program(part: Part<'_>, search: &Arc<OsStr>) -> Program {
    if part.args.is_empty() {
        Program::text(part.text, part.shell, search)
    } else {
        Program::with_args(part.text, part.args, search)
    }
}

fn expect_success(captured: &Captured, what: &str) -> Result<(), ResourceError> {
    if captured.status.success() {
        return Ok(());
    }
    log_output(what, captured.output.as_deref().unwrap_or_default());
    Err(ResourceError::message(format!(
        "{what} failed with {}",
        describe(captured.status)
    )))
}

/// Logs the end of what a command wrote before it failed.
fn log_output(what: &str, output: &[u8]) {
    if !output.is_empty() {
        let end = &output[output.len().saturating_sub(LOGGED)..];
        tracing::warn!(
            "output of {what}: {}",
            String::from_utf8_lossy(end).trim_end()
        );
    }
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    }
}

/// Whether one of the paths has changed since the file `stamp` was written. All must be there.
fn any_newer(paths: &[String], stamp: &Path) -> Result<bool, ResourceError> {
    let changed = |path: &Path| -> io::Result<SystemTime> { fs::metadata(path)?.modified() };
    let last_run = match changed(stamp) {
        Ok(time) => Some(time),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(ResourceError::path("examine", stamp)(error)),
    };
    let mut newer = false;
    for path in paths {
        let path = Path::new(path);
        let time = changed(path).map_err(ResourceError::path("examine", path))?;
        newer |= last_run.is_none_or(|last_run| time > last_run);
    }
    Ok(newer)
}

#[cfg(test)]
mod tests;
