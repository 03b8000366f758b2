//! `exec`: runs a command (resources-host.md §3).

use std::collections::BTreeMap;
use std::str::FromStr;

use nix::sys::signal::Signal;

use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};
use crate::value::Str;

/// Runs a command, if its guards say so, when the graph reaches it and again on each event.
///
/// The name is the command, unless `cmd` is given. Without `watchcmd`, `watchfiles`, `mtimes` or `creates`
/// there are no events but notifications. The environment is exactly `env`: nothing is inherited.
///
/// ```mcl
/// exec "rebuild-index" {
///     cmd => "/usr/local/bin/reindex",
///     args => ["--quiet", "/srv/data"],
///     mtimes => ["/srv/data/catalog.csv"],
///     ifcmd => "/bin/false", # only the mtimes can trigger it
///     user => "indexer",
///     cwd => "/",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(
    kind = "exec",
    refreshable,
    receives,
    edgeable,
    auto_edges = Exec::edges,
    sends(
        /// What the command wrote to both streams, in the order of arrival; undefined if nothing.
        output: Option<Str>,
        /// What the command wrote to its standard output; undefined if nothing.
        stdout: Option<Str>,
        /// What the command wrote to its standard error; undefined if nothing.
        stderr: Option<Str>,
    )
)]
pub struct Exec {
    /// The command; the name of the resource if it is left out.
    ///
    /// Without `shell` it is split at white space, and nothing is quoted.
    pub cmd: String,
    /// The arguments of `cmd`, which then is the program alone.
    pub args: Vec<String>,
    /// The working directory of `cmd`; that of the agent if it is left out.
    pub cwd: String,
    /// The shell that runs `cmd`, as `<shell> -c <cmd>`; none if it is left out.
    pub shell: String,
    /// The whole environment of all commands: nothing is inherited, not even `PATH`.
    pub env: BTreeMap<String, String>,
    /// The signal that stops a running command, such as `SIGINT`; `SIGTERM` if it is left out.
    pub sig: String,
    /// A command that runs all the time; each line of its output is an event.
    pub watchcmd: String,
    /// The working directory of `watchcmd`.
    pub watchcwd: String,
    /// The shell that runs `watchcmd`.
    pub watchshell: String,
    /// Paths whose changes are events; with a trailing slash, whole directory trees.
    pub watchfiles: Vec<String>,
    /// A guard: if this command fails, `cmd` is not run.
    pub ifcmd: String,
    /// The working directory of `ifcmd`.
    pub ifcwd: String,
    /// The shell that runs `ifcmd`.
    pub ifshell: String,
    /// If `ifcmd` writes exactly this, to both streams together, `cmd` is not run.
    pub ifequals: Option<Str>,
    /// If `ifcmd` writes exactly this to its standard output, `cmd` is not run.
    pub ifequals_stdout: Option<Str>,
    /// A guard: if this command succeeds, `cmd` is not run.
    pub nifcmd: String,
    /// The working directory of `nifcmd`.
    pub nifcwd: String,
    /// The shell that runs `nifcmd`.
    pub nifshell: String,
    /// If this path exists, `cmd` is not run; its changes are events.
    pub creates: String,
    /// If one of these paths has changed since the last successful run, `cmd` is run whatever the guards
    /// say; their changes are events.
    pub mtimes: Vec<String>,
    /// A command that is run after each success of `cmd`.
    pub donecmd: String,
    /// The working directory of `donecmd`.
    pub donecwd: String,
    /// The shell that runs `donecmd`.
    pub doneshell: String,
    /// Who runs the commands, by name or number; whoever runs the agent if it is left out.
    pub user: String,
    /// The group that runs the commands, by name or number; the main group of `user` if it is left out.
    pub group: String,
    /// What is sent as `output` if the command was not run and has not been run before.
    pub send_output: Option<Str>,
    /// What is sent as `stdout` if the command was not run and has not been run before.
    pub send_stdout: Option<Str>,
    /// What is sent as `stderr` if the command was not run and has not been run before.
    pub send_stderr: Option<Str>,
    /// Run only when notified; the guards still count.
    pub refresh_only: bool,
}

impl Exec {
    /// The command, which is the name of the resource unless it is given.
    pub fn command<'a>(&'a self, name: &'a str) -> &'a str {
        if self.cmd.is_empty() { name } else { &self.cmd }
    }

    /// The companions that do nothing, since the command that they belong to is not given; for a warning.
    pub fn idle_companions(&self) -> Vec<(&'static str, &'static str)> {
        let defined = |text: &str| !text.is_empty();
        [
            (
                "watchcwd",
                defined(&self.watchcwd),
                "watchcmd",
                &self.watchcmd,
            ),
            (
                "watchshell",
                defined(&self.watchshell),
                "watchcmd",
                &self.watchcmd,
            ),
            ("ifcwd", defined(&self.ifcwd), "ifcmd", &self.ifcmd),
            ("ifshell", defined(&self.ifshell), "ifcmd", &self.ifcmd),
            ("ifequals", self.ifequals.is_some(), "ifcmd", &self.ifcmd),
            (
                "ifequals_stdout",
                self.ifequals_stdout.is_some(),
                "ifcmd",
                &self.ifcmd,
            ),
            ("nifcwd", defined(&self.nifcwd), "nifcmd", &self.nifcmd),
            ("nifshell", defined(&self.nifshell), "nifcmd", &self.nifcmd),
            ("donecwd", defined(&self.donecwd), "donecmd", &self.donecmd),
            (
                "doneshell",
                defined(&self.doneshell),
                "donecmd",
                &self.donecmd,
            ),
        ]
        .into_iter()
        .filter(|(_, given, _, command)| *given && command.is_empty())
        .map(|(companion, _, command, _)| (companion, command))
        .collect()
    }

    fn directories(&self) -> [(&'static str, &str); 5] {
        [
            ("cwd", &self.cwd),
            ("watchcwd", &self.watchcwd),
            ("ifcwd", &self.ifcwd),
            ("nifcwd", &self.nifcwd),
            ("donecwd", &self.donecwd),
        ]
    }

    fn watched(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let watchfiles = self.watchfiles.iter().map(|path| ("watchfiles", path));
        let mtimes = self.mtimes.iter().map(|path| ("mtimes", path));
        let creates = (!self.creates.is_empty()).then_some(("creates", &self.creates));
        watchfiles.chain(mtimes).chain(creates)
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let single = [
            ("cmd", &self.cmd),
            ("shell", &self.shell),
            ("watchcmd", &self.watchcmd),
            ("watchshell", &self.watchshell),
            ("ifcmd", &self.ifcmd),
            ("ifshell", &self.ifshell),
            ("nifcmd", &self.nifcmd),
            ("nifshell", &self.nifshell),
            ("donecmd", &self.donecmd),
            ("doneshell", &self.doneshell),
            ("user", &self.user),
            ("group", &self.group),
        ]
        .map(|(param, text)| (param, text.as_str()));
        let args = self.args.iter().map(|arg| ("args", arg.as_str()));
        let env = self.env.values().map(|value| ("env", value.as_str()));
        let watched = self.watched().map(|(param, path)| (param, path.as_str()));
        single
            .into_iter()
            .chain(self.directories())
            .chain(args)
            .chain(env)
            .chain(watched)
    }

    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        let programs = [
            (self.command(name), self.shell.as_str()),
            (&self.watchcmd, &self.watchshell),
            (&self.ifcmd, &self.ifshell),
            (&self.nifcmd, &self.nifshell),
            (&self.donecmd, &self.doneshell),
        ]
        .into_iter()
        .filter(|(command, _)| !command.is_empty())
        .filter_map(|(command, shell)| {
            let program = if shell.is_empty() { command } else { shell };
            program.split_whitespace().next()
        })
        // What is looked for in `PATH` could be anywhere.
        .filter(|program| program.starts_with('/'));
        let user = (!self.user.is_empty()).then(|| Subject::owner(&self.user));
        let group = (!self.group.is_empty()).then(|| Subject::owning_group(&self.group));
        AutoEdges::default()
            .after_each(
                programs.flat_map(|path| [Subject::packaged_file(path), Subject::file(path)]),
            )
            .after_each(user)
            .after_each(group)
    }
}

impl Validate for Exec {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let command = self.command(name);
        if command.trim().is_empty() {
            return Err(Invalid::param("cmd", "must not be empty"));
        }
        if !self.args.is_empty() && !self.shell.is_empty() {
            return Err(Invalid::param("args", "can not be used with `shell`")
                .help("write the arguments into `cmd`, where the shell reads them"));
        }
        if !self.args.is_empty() && command.split_whitespace().count() > 1 {
            return Err(Invalid::param(
                "args",
                format!("can not be used with a command of several words: `{command}`"),
            )
            .help("put all words but the first into `args`"));
        }
        if let Some(name) = self.env.keys().find(|name| !is_variable_name(name)) {
            return Err(
                Invalid::param("env", format!("has a name that is none: `{name}`"))
                    .help("use letters, digits and underscores, and no digit in front"),
            );
        }
        validate_signal(&self.sig)?;
        for (param, path) in self.watched() {
            if !path.starts_with('/') {
                return Err(Invalid::param(
                    param,
                    format!("must be absolute: `{path}` does not begin with `/`"),
                ));
            }
        }
        if command.contains('\0') {
            return Err(Invalid::param("cmd", "contains a NUL byte"));
        }
        if let Some((param, _)) = self.texts().find(|(_, text)| text.contains('\0')) {
            return Err(Invalid::param(param, "contains a NUL byte"));
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        for (param, directory) in self.directories() {
            if !directory.is_empty() && !directory.starts_with('/') {
                return Err(Invalid::param(
                    param,
                    format!("must be absolute: `{directory}` does not begin with `/`"),
                ));
            }
        }
        Ok(())
    }
}

fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn validate_signal(sig: &str) -> Result<(), Invalid> {
    if sig.is_empty() || Signal::from_str(sig).is_ok() {
        return Ok(());
    }
    let invalid = Invalid::param("sig", format!("must be the name of a signal, not `{sig}`"));
    let upper = sig.to_ascii_uppercase();
    let meant = [upper.clone(), format!("SIG{upper}")]
        .into_iter()
        .find(|name| Signal::from_str(name).is_ok());
    Err(match meant {
        Some(meant) => invalid.help(format!("write `{meant}`")),
        None => invalid.help("names look like `SIGTERM`; numbers are not accepted"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Declare;
    use crate::value::Value;

    fn exec(change: impl FnOnce(&mut Exec)) -> Result<(), Invalid> {
        let mut exec = Exec::default();
        change(&mut exec);
        exec.validate_all("/bin/true", &Meta::default())
    }

    fn refused(change: impl FnOnce(&mut Exec)) -> &'static str {
        exec(change)
            .expect_err("is refused")
            .param
            .expect("names the parameter")
    }

    #[test]
    fn sends_what_was_written_and_can_be_notified() {
        let def = Exec::declare();
        assert_eq!(def.sends.len(), 3);
        assert!(def.traits.refreshable);
        assert!(def.param("ifequals_stdout").is_some());
    }

    #[test]
    fn the_name_is_a_command() {
        assert_eq!(exec(|_| ()), Ok(()));
        assert_eq!(
            Exec::default()
                .validate_all(" ", &Meta::default())
                .unwrap_err()
                .param,
            Some("cmd")
        );
    }

    #[test]
    fn args_go_with_a_lone_program() {
        let args = || vec!["-v".to_owned()];
        assert_eq!(exec(|exec| exec.args = args()), Ok(()));
        let with_words = |exec: &mut Exec| {
            exec.args = args();
            exec.cmd = "ls -l".to_owned();
        };
        assert_eq!(refused(with_words), "args");
        let with_shell = |exec: &mut Exec| {
            exec.args = args();
            exec.shell = "/bin/sh".to_owned();
        };
        assert_eq!(refused(with_shell), "args");
    }

    #[test]
    fn environment_names_are_checked() {
        let env = |name: &str| {
            let name = name.to_owned();
            move |exec: &mut Exec| {
                exec.env.insert(name, String::new());
            }
        };
        assert_eq!(exec(env("_A1")), Ok(()));
        for name in ["", "1A", "A-B", "é"] {
            assert_eq!(refused(env(name)), "env", "{name}");
        }
    }

    #[test]
    fn signals_are_named_exactly() {
        let sig = |name: &str| {
            let name = name.to_owned();
            exec(move |exec| exec.sig = name)
        };
        assert_eq!(sig("SIGINT"), Ok(()));
        assert_eq!(
            sig("hup").unwrap_err().help.as_deref(),
            Some("write `SIGHUP`")
        );
        assert_eq!(
            sig("sigint").unwrap_err().help.as_deref(),
            Some("write `SIGINT`")
        );
        assert!(sig("9").is_err());
    }

    #[test]
    fn paths_are_absolute() {
        assert_eq!(refused(|exec| exec.creates = "a".to_owned()), "creates");
        assert_eq!(refused(|exec| exec.mtimes = vec!["a".to_owned()]), "mtimes");
        assert_eq!(
            refused(|exec| exec.watchfiles = vec!["a".to_owned()]),
            "watchfiles"
        );
        assert_eq!(refused(|exec| exec.ifcwd = "a".to_owned()), "ifcwd");
    }

    #[test]
    fn nul_bytes_are_refused() {
        assert_eq!(refused(|exec| exec.args = vec!["\0".to_owned()]), "args");
        assert_eq!(refused(|exec| exec.donecmd = "a\0".to_owned()), "donecmd");
        assert!(
            Exec::default()
                .validate_all("a\0", &Meta::default())
                .is_err()
        );
    }

    #[test]
    fn companions_without_their_command_are_told() {
        let exec = Exec {
            ifequals: Some(Str::default()),
            doneshell: "/bin/sh".to_owned(),
            donecmd: "true".to_owned(),
            ..Exec::default()
        };
        assert_eq!(exec.idle_companions(), [("ifequals", "ifcmd")]);
    }

    #[test]
    fn an_empty_comparison_text_is_defined() {
        let mut exec = Exec::default();
        exec.set("ifequals", &Value::from("")).unwrap();
        assert_eq!(
            exec.differs(&Exec::default()).as_deref(),
            Some("the Ifequals differs")
        );
    }
}
