//! A program of your own: mcl in a binary, with arguments, a resource kind and functions of its own.
//!
//!     cargo run -p mgmt-runtime --example custom -- --tmp-prefix --whom you /tmp/greeting
//!     cargo run -p mgmt-runtime --example custom -- --help
//!
//! It takes all options of `mgmt run` as well. With `App::new("mgmt", "1.0").with_program(program()?)` in place of
//! `program()?` it is the command `greeter` of a whole `mgmt`.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use async_trait::async_trait;
use clap::Args;
use include_dir::include_dir;
use mgmt_runtime::cli::Program;
use mgmt_runtime::files::MemoryFiles;
use mgmt_runtime::resource::{CheckContext, Outcome, Resource, ResourceError, WatchContext};
use mgmt_runtime::vocabulary::Vocabulary;
use mgmt_stdlib::catalog::{CallError, FunctionDef};
use mgmt_stdlib::resource::{Invalid, Params, Validate};
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;

/// What the command line has besides the options of `mgmt run`.
#[derive(Args)]
pub struct Greeting {
    /// Whom to greet.
    #[arg(long, value_name = "NAME", default_value = "world")]
    whom: String,

    /// The file with the greeting.
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

/// Holds a file with a text; the name is its path.
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "banner")]
pub struct Banner {
    /// The text.
    pub text: String,
    /// What stands below it.
    pub footer: String,
}

impl Validate for Banner {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        match name.starts_with('/') {
            true => Ok(()),
            false => Err(Invalid::resource("the name must be an absolute path")),
        }
    }
}

/// What a [`Banner`] does. `runtime/tests/adding_a_resource.rs` explains each step.
struct BannerFile(PathBuf);

#[async_trait]
impl Resource for BannerFile {
    type Params = Banner;

    fn new(name: &str, _params: &Banner) -> Self {
        Self(name.into())
    }

    async fn watch(&self, _params: &Banner, context: &WatchContext) -> Result<(), ResourceError> {
        let mut path = context.services.paths.watch(&self.0, false).await?;
        loop {
            context.event().await?;
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = path.changed() => changed?,
            }
        }
    }

    async fn check_apply(
        &self,
        params: &Banner,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let (path, apply) = (self.0.clone(), context.apply());
        let text = format!("{}\n{}", params.text, params.footer);
        let work = move || {
            if fs::read_to_string(&path).is_ok_and(|found| found == text) {
                return Ok(Outcome::Unchanged);
            }
            if apply {
                fs::write(&path, text).map_err(ResourceError::path("write", &path))?;
            }
            Ok(Outcome::Changed)
        };
        context.services.blocking.run(work).await
    }
}

fn shout(args: &[Value]) -> Result<Value, CallError> {
    match args {
        [Value::Str(text)] => Ok(text.to_string_lossy().to_uppercase().into()),
        _ => Err(CallError::fatal("expected a str")),
    }
}

/// The program.
///
/// # Errors
/// If names are taken, or a signature is none.
pub fn program() -> Result<Program<Greeting>, Box<dyn Error>> {
    let text = "The text in capital letters.";
    let vocabulary = Vocabulary::standard()?
        .with_kind::<BannerFile>()?
        .with_function(FunctionDef::pure(
            "greeter.shout",
            "func(text str) str",
            text,
            shout,
        )?)?
        .with_function(FunctionDef::option(
            "greeter.whom",
            Type::Str,
            "Whom to greet.",
        ))?
        .with_function(FunctionDef::option("greeter.path", Type::Str, "The file."))?;
    let files = MemoryFiles::from(&include_dir!("$CARGO_MANIFEST_DIR/examples/custom"));
    let program = Program::new("greeter", env!("CARGO_PKG_VERSION"), files)
        .with_about("Keep a greeting in a file.")
        .with_vocabulary(vocabulary)
        .with_args(|args: Greeting, config| {
            let path = std::path::absolute(&args.path)?;
            config.give("greeter.whom", args.whom);
            config.give("greeter.path", path.display().to_string());
            Ok(())
        });
    Ok(program)
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    Ok(program()?.main())
}
