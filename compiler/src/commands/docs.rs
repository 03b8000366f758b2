//! `mgmtc docs`: the reference manual, made from what the library declares.

mod json;
mod markdown;

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Console, Status};

pub use json::catalogue;
pub use markdown::{Page, pages};

/// Print the reference manual: every function, variable and resource kind.
///
/// As Markdown it is one text on standard output, or pages in a directory. As JSON it is one object
/// for programs.
#[derive(Args, Clone, Debug)]
pub struct Docs {
    /// How the manual is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: DocsFormat,

    /// Write a Markdown page for each package and kind into this directory, which is made if need be.
    #[arg(long, value_name = "DIR", conflicts_with = "format")]
    pub output: Option<PathBuf>,
}

/// How the manual is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DocsFormat {
    /// For people.
    #[default]
    Markdown,
    /// For programs.
    Json,
}

impl Docs {
    /// Does it.
    ///
    /// # Errors
    /// If the manual can not be written.
    #[allow(
        clippy::disallowed_methods,
        reason = "commands are where the compiler meets the disk"
    )]
    pub fn run(&self, console: &mut Console<'_>) -> io::Result<Status> {
        if self.format == DocsFormat::Json {
            serde_json::to_writer_pretty(&mut *console.out, &catalogue(console.catalog))?;
            writeln!(console.out)?;
            return Ok(Status::Fine);
        }
        for page in pages(console.catalog) {
            match &self.output {
                Some(directory) => {
                    let path = console.directory.join(directory).join(&page.path);
                    if let Some(parent) = path.parent() {
                        std::fs::create_dir_all(parent)?;
                    }
                    std::fs::write(path, page.text)?;
                }
                None => writeln!(console.out, "{}", page.text)?,
            }
        }
        Ok(Status::Fine)
    }
}
