//! `mgmt` itself: which commands there are, and what they are made of.

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{
    ArgMatches, Args, Command as ClapCommand, CommandFactory, FromArgMatches, Parser, Subcommand,
};
use mgmt_compiler::commands::check::Check;
use mgmt_compiler::commands::explain::Explain;
use mgmt_compiler::commands::fmt::Fmt;
use mgmt_compiler::commands::generate::Generate;
use mgmt_compiler::commands::{Console, Status as Verdict};

use super::plan::Plan;
use super::process::{self, terminal};
use super::program::Program;
use super::run::Run;
use super::source::FrontEnds;
use super::status::Status;
use crate::frontend::{Frontend, Lang};
use crate::vocabulary::Vocabulary;

/// Keep machines in the state that a program describes: in parallel, by events and not by polling.
#[derive(Parser)]
#[command(max_term_width = 100)]
struct Cli {
    /// Print the licence.
    #[arg(long)]
    license: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Check(Check),
    Fmt(Fmt),
    Plan(Plan),
    Run(Box<Run>),
    Status(Status),
    Explain(Explain),
    #[command(flatten)]
    Generate(Generate),
}

/// All of `mgmt`, perhaps with more.
///
/// ```no_run
/// use mgmt_runtime::cli::{App, Program};
/// use mgmt_runtime::files::MemoryFiles;
///
/// fn main() -> std::process::ExitCode {
///     let greeter = MemoryFiles::default().with("/main.mcl", "print \"hello\" {}\n");
///     App::new("mgmt", "1.0")
///         .with_program(Program::new("greeter", "1.0", greeter))
///         .main()
/// }
/// ```
pub struct App {
    name: &'static str,
    version: &'static str,
    vocabulary: Option<Vocabulary>,
    front_ends: FrontEnds,
    programs: Vec<Box<dyn EntryPoint>>,
}

/// A program as a command, whatever its arguments are.
trait EntryPoint {
    fn name(&self) -> &'static str;
    fn command(&self) -> Result<ClapCommand, String>;
    fn run(&self, matches: &ArgMatches) -> io::Result<u8>;
}

impl<A: Args> EntryPoint for Program<A> {
    fn name(&self) -> &'static str {
        Program::name(self)
    }

    fn command(&self) -> Result<ClapCommand, String> {
        Program::command(self)
    }

    fn run(&self, matches: &ArgMatches) -> io::Result<u8> {
        Program::run(self, matches)
    }
}

impl App {
    /// The commands of `mgmt`, under this name and version, with all that comes with mgmt.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            vocabulary: None,
            front_ends: FrontEnds::default(),
            programs: Vec::new(),
        }
    }

    /// The same with kinds and functions of your own, also for `check` and `fmt`.
    #[must_use]
    pub fn with_vocabulary(mut self, vocabulary: Vocabulary) -> Self {
        self.vocabulary = Some(vocabulary);
        self
    }

    /// The same with a front end, which `run` and `plan` take by its name. It replaces another of its name, but not `lang`.
    #[must_use]
    pub fn with_frontend(mut self, frontend: impl Frontend + 'static) -> Self {
        self.front_ends.add(Arc::new(frontend));
        self
    }

    /// The same with a program as a further command.
    #[must_use]
    pub fn with_program(mut self, program: Program<impl Args + 'static>) -> Self {
        self.programs.push(Box::new(program));
        self
    }

    /// Does what the command line of this process asks for.
    pub fn main(self) -> ExitCode {
        process::enter();
        process::exit(self.run())
    }

    fn run(self) -> io::Result<u8> {
        let command = self.command().map_err(io::Error::other)?;
        let matches = match command.clone().try_get_matches() {
            Ok(matches) => matches,
            Err(error) => return process::usage(&error),
        };
        if let Some((name, of_program)) = matches.subcommand()
            && let Some(program) = self.programs.iter().find(|program| program.name() == name)
        {
            return program.run(of_program);
        }
        let cli = match Cli::from_arg_matches(&matches) {
            Ok(cli) => cli,
            Err(error) => return process::usage(&error),
        };
        let vocabulary = match self.vocabulary {
            Some(vocabulary) => vocabulary,
            None => Vocabulary::standard().map_err(io::Error::other)?,
        };
        let agent = process::Agent {
            name: self.name,
            version: self.version,
        };
        match cli.command {
            Some(Command::Run(run)) => run.run(agent, &self.front_ends, vocabulary),
            Some(Command::Plan(plan)) => plan.run(agent, &self.front_ends, vocabulary),
            Some(Command::Status(status)) => status.run(agent),
            other_command => other(other_command, cli.license, command, &vocabulary),
        }
    }

    fn command(&self) -> Result<ClapCommand, String> {
        let mut command = Cli::command().name(self.name).version(self.version);
        for program in &self.programs {
            let name = program.name();
            if command.find_subcommand(name).is_some() {
                return Err(format!("there are two commands `{name}`"));
            }
            command = command.subcommand(program.command()?);
        }
        Ok(command)
    }
}

/// All commands that leave the machine alone.
fn other(
    command: Option<Command>,
    license: bool,
    all: ClapCommand,
    vocabulary: &Vocabulary,
) -> io::Result<u8> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = BufWriter::new(io::stderr().lock());
    let mut console = Console {
        directory: env::current_dir()?,
        stdin: &mut io::stdin().lock(),
        out: &mut out,
        err: &mut err,
        terminal: terminal(),
        catalog: &vocabulary.catalog,
    };
    let status = match command {
        Some(Command::Check(mut check)) => {
            if check.paths.len() > 1 && check.paths[0] == Lang::default().name() {
                check.paths.remove(0);
            }
            check.run(&mut console)?
        }
        Some(Command::Fmt(fmt)) => fmt.run(&mut console)?,
        Some(Command::Explain(explain)) => explain.run(&mut console)?,
        Some(Command::Generate(generate)) => {
            generate.run(all, console.out)?;
            Verdict::Fine
        }
        Some(Command::Run(_) | Command::Plan(_) | Command::Status(_)) | None if license => {
            console.out.write_all(include_bytes!("../../../LICENSE"))?;
            Verdict::Fine
        }
        Some(Command::Run(_) | Command::Plan(_) | Command::Status(_)) | None => {
            write!(console.out, "{}", all.clone().render_help())?;
            Verdict::Fine
        }
    };
    err.flush()?;
    out.flush()?;
    Ok(status as u8)
}

#[cfg(test)]
mod tests {
    use mgmt_compiler::files::MemoryFiles;

    use super::*;

    #[derive(Args)]
    struct Greeting {
        #[arg(long)]
        whom: String,
    }

    #[derive(Args)]
    struct Taken {
        #[arg(long)]
        noop: bool,
    }

    fn program(name: &'static str) -> Program {
        Program::new(name, "1.0", MemoryFiles::default())
    }

    fn command(programs: impl IntoIterator<Item = Program<impl Args + 'static>>) -> ClapCommand {
        let programs = programs.into_iter();
        let app = programs.fold(App::new("mgmt", "1.0"), App::with_program);
        app.command().expect("commands of different names")
    }

    #[test]
    fn a_program_is_a_command_beside_the_others() {
        let greeter = || program("greeter").with_args(|_: Greeting, _| Ok(()));
        let line = ["mgmt", "greeter", "--whom", "you", "--noop"];
        let matches = command([greeter()]).try_get_matches_from(line).unwrap();
        let (name, own) = matches.subcommand().unwrap();
        assert_eq!(name, greeter().name());
        assert_eq!(own.get_one::<String>("whom").unwrap(), "you");
        assert!(own.get_flag("noop"));

        let line = ["mgmt", "run", "--noop", "site.mcl"];
        let matches = command([greeter()]).try_get_matches_from(line).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        assert!(matches!(cli.command, Some(Command::Run(_))));
        command([greeter()]).debug_assert();
    }

    #[test]
    fn commands_have_names_of_their_own() {
        for (names, taken) in [
            (["run", "greeter"], "run"),
            (["greeter", "greeter"], "greeter"),
        ] {
            let mut app = App::new("mgmt", "1.0");
            for name in names {
                app = app.with_program(program(name));
            }
            let error = app.command().unwrap_err();
            assert_eq!(error, format!("there are two commands `{taken}`"));
        }
    }

    #[test]
    fn arguments_have_ids_of_their_own() {
        let greeter = program("greeter").with_args(|args: Taken, config| {
            config.noop = args.noop;
            Ok(())
        });
        let error = App::new("mgmt", "1.0").with_program(greeter).command();
        let error = error.unwrap_err();
        assert!(
            error.starts_with("`noop` is an argument of every program"),
            "{error}"
        );
    }
}
