//! A program that somebody ships: mcl in a binary, with a name and arguments of its own (engine.md §9.1.9).

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use mgmt_compiler::files::MemoryFiles;
use mgmt_stdlib::catalog::Duplicate;

use super::process::{self, Agent};
use super::run::RunOptions;
use crate::runner::{Config, ConfigError, Runner};
use crate::vocabulary::Vocabulary;

/// An mcl program that is part of a binary. It takes all options of `mgmt run`, and arguments of its own.
///
/// ```
/// use clap::Args;
/// use mgmt_runtime::cli::Program;
/// use mgmt_runtime::files::MemoryFiles;
/// use mgmt_runtime::vocabulary::Vocabulary;
/// use mgmt_stdlib::catalog::FunctionDef;
/// use mgmt_stdlib::types::Type;
///
/// #[derive(Args)]
/// struct Greeting {
///     /// Whom to greet.
///     #[arg(long, default_value = "world")]
///     whom: String,
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = "import \"greeter\"\nprint \"greeting\" { msg => \"hello \" + greeter.whom(), }\n";
/// let whom = FunctionDef::option("greeter.whom", Type::Str, "Whom to greet.");
/// let program = Program::new("greeter", "1.0", MemoryFiles::default().with("/main.mcl", text))
///     .with_about("Greets somebody.")
///     .with_vocabulary(Vocabulary::standard()?.with_function(whom)?)
///     .with_args(|args: Greeting, config| {
///         config.give("greeter.whom", args.whom);
///         config.prefix.temporary = true;
///         Ok(())
///     });
/// // `program.main()` is all that is left to do in a binary of its own.
/// let runner = program.parse(["greeter", "--whom", "you", "--noop"])?;
/// # Ok(())
/// # }
/// ```
pub struct Program<A = NoArgs> {
    agent: Agent,
    about: &'static str,
    files: Arc<MemoryFiles>,
    vocabulary: Option<Vocabulary>,
    prepare: Box<Prepare<A>>,
}

/// Rewrites how the program is run.
type Prepare<A> = dyn Fn(A, &mut Config) -> Result<(), Box<dyn Error>>;

/// No arguments but those of `mgmt run`.
#[derive(Args, Clone, Copy, Debug)]
pub struct NoArgs {}

/// A command line did not lead to a run.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ParseError {
    /// The arguments of the program and those of `mgmt run` do not go together.
    #[error("{0}")]
    Command(String),
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The program does not want to run like this.
    #[error("{0}")]
    Refused(Box<dyn Error>),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Vocabulary(#[from] Duplicate),
}

impl Program {
    /// The program whose files these are: with `metadata.yaml` or `main.mcl` at their root. What it imports from
    /// directories is among them; the library of mgmt is there anyway.
    pub fn new(name: &'static str, version: &'static str, files: MemoryFiles) -> Self {
        Self {
            agent: Agent { name, version },
            about: "",
            files: Arc::new(files),
            vocabulary: None,
            prepare: Box::new(|_, _| Ok(())),
        }
    }
}

impl<A: Args> Program<A> {
    /// The same with what it is for, in a sentence.
    #[must_use]
    pub fn with_about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The same with kinds and functions of your own.
    #[must_use]
    pub fn with_vocabulary(mut self, vocabulary: Vocabulary) -> Self {
        self.vocabulary = Some(vocabulary);
        self
    }

    /// The same with arguments of its own. `prepare` is given them, and may change how the program is run. An argument
    /// that is called like one of `mgmt run` takes its name; that of `run` gets `run-` in front.
    #[must_use]
    pub fn with_args<B: Args>(
        self,
        prepare: impl Fn(B, &mut Config) -> Result<(), Box<dyn Error>> + 'static,
    ) -> Program<B> {
        Program {
            agent: self.agent,
            about: self.about,
            files: self.files,
            vocabulary: self.vocabulary,
            prepare: Box::new(prepare),
        }
    }

    /// Does what the command line of this process asks for, until the end of the run. Gives its exit status.
    pub fn main(self) -> ExitCode {
        process::enter();
        let result = match self.command() {
            Ok(command) => match command.try_get_matches() {
                Ok(matches) => self.run(&matches),
                Err(error) => process::usage(&error),
            },
            Err(error) => Err(io::Error::other(error)),
        };
        process::exit(result)
    }

    /// The run that a command line asks for, program name first.
    ///
    /// # Errors
    /// If it asks for none, or for one that can not be.
    pub fn parse<T: Into<OsString> + Clone>(
        &self,
        args: impl IntoIterator<Item = T>,
    ) -> Result<Runner, ParseError> {
        let command = self.command().map_err(ParseError::Command)?;
        let matches = command.try_get_matches_from(args)?;
        let options = RunOptions::from_arg_matches(&matches)?;
        self.runner(&options, A::from_arg_matches(&matches)?)
    }

    /// All its arguments.
    ///
    /// # Errors
    /// If there are two under one id, which clap takes from the names of fields.
    pub fn command(&self) -> Result<Command, String> {
        let Agent { name, version } = self.agent;
        let own = A::augment_args(Command::new(name));
        let usual = RunOptions::augment_args(Command::new(name));
        let ids = |command: &Command| -> Vec<_> {
            let of_args = command.get_arguments().map(clap::Arg::get_id);
            let of_groups = command.get_groups().map(clap::ArgGroup::get_id);
            of_args.chain(of_groups).cloned().collect()
        };
        let taken = ids(&usual);
        if let Some(id) = ids(&own).iter().find(|id| taken.contains(id)) {
            return Err(format!(
                "`{id}` is an argument of every program that runs; give that of `{name}` another id, as by \
                 `#[arg(id = \"my_{id}\")]`"
            ));
        }
        let names: Vec<_> = own
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        let usual = usual.mut_args(|arg| match arg.get_long() {
            Some(long) if names.contains(&long) => {
                let long = format!("run-{long}");
                arg.long(long)
            }
            _ => arg,
        });
        Ok(A::augment_args(usual)
            .version(version)
            .about(self.about)
            .long_about(None)
            .max_term_width(100))
    }

    pub(super) fn name(&self) -> &'static str {
        self.agent.name
    }

    /// Runs it with arguments of [`Program::command`].
    pub(super) fn run(&self, matches: &ArgMatches) -> io::Result<u8> {
        let parsed = RunOptions::from_arg_matches(matches)
            .and_then(|options| Ok((options, A::from_arg_matches(matches)?)));
        let (options, own) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return process::usage(&error),
        };
        process::hold(self.agent, &options.log, || Ok(self.runner(&options, own)?))
    }

    fn runner(&self, options: &RunOptions, own: A) -> Result<Runner, ParseError> {
        let mut config = options.config(self.agent);
        (self.prepare)(own, &mut config).map_err(ParseError::Refused)?;
        let vocabulary = match &self.vocabulary {
            Some(vocabulary) => vocabulary.clone(),
            None => Vocabulary::standard()?,
        };
        Ok(Runner::new(config, vocabulary)?.with_program(Arc::clone(&self.files)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Args)]
    struct Own {
        /// Where packages are kept, not what `run` keeps.
        #[arg(long = "prefix")]
        cache: Option<String>,
        /// Whom to greet.
        #[arg(long)]
        whom: Option<String>,
    }

    fn program() -> Program<Own> {
        Program::new("greeter", "1", MemoryFiles::default()).with_args(|own: Own, config| {
            if own.whom.as_deref() == Some("nobody") {
                return Err("there is nobody to greet".into());
            }
            config.noop |= own.cache.is_some();
            Ok(())
        })
    }

    #[test]
    fn arguments_of_both_are_taken() {
        program()
            .command()
            .expect("they go together")
            .debug_assert();
        let runner = program().parse(["greeter", "--sema=2", "--whom=you", "--hostname=h1"]);
        let shown = format!("{:?}", runner.expect("they are right"));
        assert!(shown.contains("sema: Some(2)"), "{shown}");
        assert!(shown.contains("noop: false"), "{shown}");
    }

    #[test]
    fn an_argument_may_have_the_name_of_an_option_of_run() {
        let args = ["greeter", "--prefix=/cache", "--run-prefix=/state"];
        let runner = program().parse(args).expect("they are right");
        let shown = format!("{runner:?}");
        assert!(shown.contains("noop: true"), "{shown}");
        assert!(shown.contains("Some(\"/state\")"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_an_error() {
        let error = |args: &[&str]| program().parse(args).expect_err("it is wrong").to_string();
        assert!(error(&["greeter", "--what"]).contains("--what"));
        let refused = error(&["greeter", "--whom=nobody"]);
        assert_eq!(refused, "there is nobody to greet");
        assert!(error(&["greeter", "--hostname=a b"]).contains("host name"));

        #[derive(Args)]
        struct Same {
            #[arg(long)]
            noop: bool,
        }
        let same =
            Program::new("greeter", "1", MemoryFiles::default()).with_args(|same: Same, config| {
                config.noop = same.noop;
                Ok(())
            });
        let error = same.command().expect_err("there are two");
        assert!(error.contains("`noop`"), "{error}");
        let spaces = Program::new("two words", "1", MemoryFiles::default());
        let error = spaces.parse(["x"]).expect_err("it has a space").to_string();
        assert!(error.contains("spaces"), "{error}");
    }
}
